package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/aws-auth-guard/aws-auth-guard/internal/audit"
	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/version"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/iam"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Bounds of a look at several clusters: how many at once, and how long each may take.
const (
	clustersAtOnce = 8
	clusterTime    = time.Minute
)

// contextFlags choose several clusters.
type contextFlags struct {
	names []string
	all   bool
}

func (f *contextFlags) register(c *cobra.Command) {
	c.Flags().StringSliceVar(&f.names, "contexts", nil, "audit the clusters of these `contexts` of the kubeconfig, separated by commas, and show one matrix of them")
	c.Flags().BoolVar(&f.all, "all-contexts", false, "likewise, of all contexts of the kubeconfig")
}

// complete offers the contexts that are not in the list yet.
func (f *contextFlags) complete(c *cobra.Command, config *clusterFlags) {
	completeFlagBy(c, "contexts", func(_ *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		const more = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		raw, err := config.config.ToRawKubeConfigLoader().RawConfig()
		if err != nil {
			return nil, more
		}
		given := begun[:strings.LastIndex(begun, ",")+1]
		var list []cobra.Completion
		for _, name := range slices.Sorted(maps.Keys(raw.Contexts)) {
			if !slices.Contains(strings.Split(given, ","), name) {
				list = append(list, given+name)
			}
		}
		return list, more
	})
}

// several reports whether more than the current cluster is asked for.
func (f *contextFlags) several(c *cobra.Command) bool { return f.all || c.Flags().Changed("contexts") }

// matrixFormats are those that have room for a table.
var matrixFormats = map[string]func(io.Writer, *report.Report) error{
	formatText: people(report.Text), formatHTML: report.HTML, "markdown": report.Markdown,
}

// checkContexts refuses what is for one cluster alone.
func (f *auditFlags) checkContexts() error {
	if f.output != formatJSON && matrixFormats[f.output] == nil {
		return usage(fmt.Errorf("-o %q: of several clusters write text, html, json or markdown", f.output))
	}
	if f.contexts.all && len(f.contexts.names) > 0 {
		return usage(errors.New("write --contexts or --all-contexts, not both"))
	}
	var wrong []string
	f.cluster.flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Changed && flag.Name != "kubeconfig" && flag.Name != "request-timeout" {
			wrong = append(wrong, "--"+flag.Name)
		}
	})
	if f.iam.live() {
		wrong = append(wrong, "--iam "+iam.Live)
	}
	if f.doors.file != "" {
		wrong = append(wrong, "--access-snapshot")
	}
	if len(wrong) > 0 {
		return usage(fmt.Errorf("%s: for one cluster, not with --contexts or --all-contexts", strings.Join(wrong, ", ")))
	}
	return nil
}

// chosen are the contexts in their order, each once.
func (f *contextFlags) chosen(raw *api.Config) ([]string, error) {
	if f.all {
		names := slices.Sorted(maps.Keys(raw.Contexts))
		if len(names) == 0 {
			return nil, unreadable(errors.New("the kubeconfig has no context; `aws eks update-kubeconfig --name CLUSTER` writes one"))
		}
		return names, nil
	}
	var names []string
	for _, name := range f.names {
		if raw.Contexts[name] == nil {
			return nil, usage(fmt.Errorf("--contexts: the kubeconfig has no context %s; `kubectl config get-contexts` lists them", text.Name(name)))
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, usage(errors.New("--contexts: name at least one context"))
	}
	return names, nil
}

// auditContexts looks at several clusters. One that can't be read is a row, and not the end.
func auditContexts(ctx context.Context, flags *auditFlags, s Streams, c *checker) error {
	raw, err := flags.cluster.config.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return unreadable(kubeconfigError(err))
	}
	names, err := flags.contexts.chosen(&raw)
	if err != nil {
		return err
	}
	p := newProgress(s.Err)
	defer p.done()
	now := time.Now()
	looks := make([]audit.Look, len(names))
	var group errgroup.Group
	group.SetLimit(clustersAtOnce)
	var done atomic.Int32
	for i, name := range names {
		group.Go(func() error {
			looks[i] = withinTime(ctx, name, clusterTime, func(ctx context.Context) audit.Look { return flags.look(ctx, s, c, &raw, name, now) })
			p.step(fmt.Sprintf("clusters (%d of %d)", done.Add(1), len(names)))
			return nil
		})
	}
	_ = group.Wait() // What goes wrong is in the looks.
	p.done()
	for i := range looks {
		if looks[i].Cluster != nil {
			looks[i].Cluster.Lint.Rename(s.program().say)
		}
	}
	m := audit.NewMatrix(now, audit.PolicyUsed{Profile: c.Policy.Profile, File: c.policyFile}, looks)
	if flags.output == formatJSON {
		err = m.JSON(s.Out)
	} else {
		r := m.Written()
		r.Version = version.String()
		err = matrixFormats[flags.output](s.Out, r)
	}
	if err != nil {
		return unreadable(fmt.Errorf("writing the report: %w", err))
	}
	if unread := m.Unread(); len(unread) > 0 {
		return unreadable(fmt.Errorf("not read: %s", strings.Join(unread, ", ")))
	}
	if c.failOn != never && m.Fails(func(a *audit.Cluster) bool { return a.Fails(validate.Level(c.failOn)) }) {
		return &exitError{code: exitFindings}
	}
	return nil
}

// withinTime gives up on a cluster after a time, also where what it waits for does not: a command that makes a token.
func withinTime(ctx context.Context, name string, limit time.Duration, look func(context.Context) audit.Look) audit.Look {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answer := make(chan audit.Look, 1)
	go func() { answer <- look(ctx) }()
	select {
	case l := <-answer:
		return l
	case <-ctx.Done():
	}
	// What was seen by then counts, if it comes at once.
	select {
	case l := <-answer:
		return l
	case <-time.After(moment):
		return audit.Look{Context: name, Err: fmt.Errorf("%w within %s", live.ErrNoAnswer, limit)}
	}
}

// look audits the cluster of one context.
func (f *auditFlags) look(ctx context.Context, s Streams, c *checker, raw *api.Config, name string, now time.Time) audit.Look {
	out := audit.Look{Context: name}
	overrides := &clientcmd.ConfigOverrides{Timeout: *f.cluster.config.Timeout}
	config, err := clientcmd.NewNonInteractiveClientConfig(*raw, name, overrides, nil).ClientConfig()
	if err != nil {
		out.Err = kubeconfigError(err)
		return out
	}
	if config.ExecProvider != nil {
		config.ExecProvider.StdinUnavailable, config.ExecProvider.StdinUnavailableMessage = true, "several clusters are asked at once"
	}
	r, err := readerOf(config)
	if err != nil {
		out.Err = err
		return out
	}
	out.Cluster, out.Err = audit.Read(ctx, r, &audit.Question{
		Target: audit.Target{Context: name, Server: config.Host}, Policy: c.Policy, PolicyFile: c.policyFile, Now: now,
		Entries: func() audit.Entries {
			// The error is about a file, and there is none.
			known, err := f.doors.read(ctx, s, r, config, c.Policy)
			if err != nil {
				return audit.Entries{Why: err.Error(), Unread: true}
			}
			return audit.Entries{View: known.View, Why: known.Unknown, Unread: known.Unread}
		},
		IAM: f.saysIAM(ctx, c, r),
	})
	return out
}
