package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/internal/audit"
	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/accessmap"
	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

type auditFlags struct {
	checkFlags
	output  string
	color   string
	doors   doorFlags
	cluster *clusterFlags
}

func newAudit(s Streams) *cobra.Command {
	flags := auditFlags{cluster: newClusterFlags()}
	c := &cobra.Command{
		Use:   "audit",
		Short: "Audit the live cluster: the map, who gets in with which rights, who may edit it, the guard",
		Long: `Audit the live cluster, without writing to it:

- what is wrong with the map, as lint reports it for a file;
- who gets in by which door, the map or an access entry, as whom, and what RBAC lets them do; groups without a binding; bindings that match nobody in the map;
- whose nodes can't join: node classes of Karpenter and EKS Auto Mode whose role nothing lets in; node mappings that nothing uses;
- who may edit the map;
- whether the guard is installed and works, and how an edit could get past it.

Lines and columns are those of ` + "`kubectl get configmap aws-auth -n kube-system -o yaml`" + `. The report lists what you may
not read under "not read", and shows the rest.

Text and JSON show all of that. The other formats are those of lint and show only what is wrong with the map, which they
call ` + liveName + `; HTML also shows whom it lets in. They read only the map, and write nothing if they can't read it.

The access entries are those of the snapshot in the ConfigMap ` + accessmap.Name + `, or in --access-snapshot. Without one,
audit knows the map alone.

Exit codes: 0 clean, 1 findings in the map, 2 wrong usage, 3 a map that can't be read.`,
		Example: `  kubectl aws-auth audit
  kubectl aws-auth audit --context production --fail-on warning
  kubectl aws-auth audit -o json | jq '.access[] | select(.admin)'
  kubectl aws-auth audit -o html > audit.html`,
		SuggestFor:        []string{"report", "status", "inspect"},
		ValidArgsFunction: cobra.NoFileCompletions,
		Args: instead(func(_ *cobra.Command, args []string) string {
			if isFile(args[0]) {
				return "lint " + words(args)
			}
			return "audit --context " + shellQuoted(args[0])
		}),
		RunE: func(c *cobra.Command, _ []string) error {
			if formats[flags.output] == nil {
				return usage(fmt.Errorf("-o %q: write %s", flags.output, formatNames()))
			}
			checker, err := flags.checker(c)
			if err != nil {
				return err
			}
			s, err := s.painted(flags.color, flags.output == formatText, levels, titles)
			if err != nil {
				return err
			}
			if write := auditFormats[flags.output]; write != nil {
				return auditCluster(c.Context(), &flags, s, checker, write)
			}
			return auditMap(c.Context(), &flags, s, checker)
		},
	}
	flags.register(c)
	c.Flags().StringVarP(&flags.output, "output", "o", formatText, "output format: "+formatNames())
	completeFlag(c, "output", slices.Sorted(maps.Keys(formats))...)
	registerColor(c, &flags.color)
	flags.doors.register(c)
	flags.doors.registerNamespace(c)
	flags.cluster.register(c)
	return c
}

func auditCluster(ctx context.Context, flags *auditFlags, s Streams, c *checker, write func(io.Writer, *audit.Cluster) error) error {
	p := newProgress(s.Err)
	defer p.done()
	r, config, err := flags.cluster.reader(p)
	if err != nil {
		return unreadable(err)
	}
	var wrong error
	a, failed := audit.Read(ctx, r, config.Host, c.Checker, func() (*snapshot.View, []live.Gap) {
		var known trace.Doors
		if known, wrong = flags.doors.read(ctx, s, r, config, c.Policy); !known.Unread {
			return known.View, nil
		}
		return nil, []live.Gap{{What: "the access entries", Why: known.Unknown}}
	})
	p.done()
	switch {
	case a == nil:
		return unreadable(failed)
	case wrong != nil:
		return wrong
	}
	if a.Lint != nil {
		a.Lint.Rename(s.program().say)
	}
	if err := write(s.Out, a); err != nil {
		return unreadable(fmt.Errorf("writing the report: %w", err))
	}
	if flags.output == formatText && a.Lint != nil && len(a.Lint.Findings) > 0 {
		fmt.Fprintln(s.Out)
		get := "kubectl get configmap " + awsauth.Name + " -n " + awsauth.Namespace + " -o yaml" + flags.cluster.again() + " | " + plugin + " fix"
		nextSteps(s.prose(), a.Lint, get+" - > aws-auth.yaml", get+" --suggested --diff -")
	}
	if failed != nil {
		return unreadable(failed)
	}
	return c.verdict(a.Lint)
}

// auditMap reports on the live map as lint does on a file.
func auditMap(ctx context.Context, flags *auditFlags, s Streams, c *checker) error {
	p := newProgress(s.Err)
	defer p.done()
	reader, config, err := flags.cluster.reader(p)
	if err != nil {
		return unreadable(err)
	}
	f, _, _, err := reader.File(ctx)
	if err != nil {
		return unreadable(err)
	}
	known, err := flags.doors.read(ctx, s, reader, config, c.Policy)
	p.done()
	if err != nil {
		return err
	}
	c.Entries = known.View
	if known.Unread {
		fmt.Fprintf(s.Err, "access entries are not known: %s\n", text.Visible(known.Unknown))
	}
	b := &report.Builder{Action: c.Policy.Action, Maps: flags.output == formatHTML}
	c.Add(b, f)
	r := b.Report()
	r.Cluster = config.Host
	if err := c.deliver(r, s, formats[flags.output]); err != nil {
		return err
	}
	return c.verdict(r)
}

// auditFormats hold all that is seen of a cluster.
var auditFormats = map[string]func(io.Writer, *audit.Cluster) error{
	formatText: people(audit.Text),
	formatJSON: audit.JSON,
}
