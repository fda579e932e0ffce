package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/internal/audit"
	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/accessmap"
	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
	"github.com/aws-auth-guard/aws-auth-guard/internal/version"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

type auditFlags struct {
	checkFlags
	output   string
	color    string
	doors    doorFlags
	contexts contextFlags
	cluster  *clusterFlags
}

func newAudit(s Streams) *cobra.Command {
	flags := auditFlags{cluster: newClusterFlags(), checkFlags: checkFlags{iam: iamFlags{mayAsk: true}}}
	c := &cobra.Command{
		Use:   "audit",
		Short: "Audit the live cluster: the map, who gets in with which rights, who may edit it, the guard",
		Long: `Audit the live cluster, without writing to it:

- what is wrong with the map, as lint reports it for a file;
- who is an administrator: by system:masters, by a binding to cluster-admin or to another role with * on *, by an access policy;
- who gets in by which door, the map or an access entry, as whom, and what RBAC lets them do; groups without a binding; bindings that match nobody in the map;
- whose nodes can't join: node classes of Karpenter and EKS Auto Mode whose role nothing lets in; node mappings that nothing uses;
- who may edit the map;
- whether the guard is installed and works, how an edit could get past it, and who may turn it off;
- with --iam, roles that IAM does not have or that nobody uses, new roles of permission sets, other accounts that may come in;
- what that says of the controls of the CIS EKS benchmark and of NSA and CISA, with a place to sign each.

Lines and columns are those of ` + "`kubectl get configmap aws-auth -n kube-system -o yaml`" + `. What you may not read is
listed under "not read", and is never taken for nothing: the report says "not known", JSON null. All formats show all of it.

The access entries are those of the snapshot in the ConfigMap ` + accessmap.Name + `, or in --access-snapshot. Without one,
audit knows the map alone. What IAM says is in the files that "aws iam get-account-authorization-details --filter Role User" prints.
--iam live asks IAM itself, with the AWS credentials of your machine and about the map's roles and users of their account alone:
sts:GetCallerIdentity, iam:GetRole, iam:GetUser, and iam:ListRoles where a role of a permission set is gone.

With --contexts or --all-contexts audit asks several clusters, at most eight at once and each for a minute at most, and shows one
matrix of who may do what where; who may do more or less in one of them than elsewhere; how each guard is; and the oldest snapshot. A
cluster that can't be read is "not known", and the others are shown all the same. Formats are text, html, json and markdown.

Findings about the cluster around the map have rules too, and the policy says how grave they are (explain lists them).

Exit codes: 0 clean, 1 findings, 2 wrong usage, 3 a map that can't be read (of several clusters: one of them).`,
		Example: `  kubectl aws-auth audit
  kubectl aws-auth audit --context production --fail-on warning
  kubectl aws-auth audit -o json | jq '.admins'
  kubectl aws-auth audit -o html > audit.html
  kubectl aws-auth audit --iam live
  kubectl aws-auth audit --iam prod.json --iam tools.json
  kubectl aws-auth audit --contexts staging,production`,
		SuggestFor:        []string{"report", "status", "inspect"},
		ValidArgsFunction: cobra.NoFileCompletions,
		Args: instead(func(_ *cobra.Command, args []string) string {
			if isFile(args[0]) {
				return "lint " + words(args)
			}
			return "audit --context " + shellQuoted(args[0])
		}),
		RunE: func(c *cobra.Command, _ []string) error {
			checker, err := flags.checker(c)
			if err != nil {
				return err
			}
			if checker.IAM, err = flags.iam.read([]string{flags.doors.file}, s.In); err != nil {
				return err
			}
			s := s.painted(flags.color, flags.output == formatText, levels, titles)
			if flags.contexts.several(c) {
				if err := flags.checkContexts(); err != nil {
					return err
				}
				return auditContexts(c.Context(), &flags, s, checker)
			}
			return auditCluster(c.Context(), &flags, s, checker, auditFormat(flags.output))
		},
	}
	flags.register(c)
	flags.iam.register(c)
	registerOutput(c, &flags.output, formats)
	registerColor(c, &flags.color)
	flags.contexts.register(c)
	flags.doors.register(c)
	flags.doors.registerNamespace(c)
	flags.cluster.register(c)
	flags.contexts.complete(c, flags.cluster)
	return c
}

func auditCluster(ctx context.Context, flags *auditFlags, s Streams, c *checker, write func(io.Writer, *audit.Cluster) error) error {
	p := newProgress(s.Err)
	defer p.done()
	r, config, err := flags.cluster.reader(p)
	if err != nil {
		return unreadable(err)
	}
	var wrong, unasked error
	a, failed := audit.Read(ctx, r, &audit.Question{
		Target: audit.Target{Context: flags.cluster.context(), Server: config.Host},
		Policy: c.Policy, PolicyFile: c.policyFile, Now: time.Now(),
		Entries: func() audit.Entries {
			var known trace.Doors
			known, wrong = flags.doors.read(ctx, s, r, config, c.Policy)
			return audit.Entries{View: known.View, Why: known.Unknown, Unread: known.Unread}
		},
		IAM: flags.asksIAM(ctx, c, r, p, &unasked),
	})
	p.done()
	switch {
	case a == nil:
		return unreadable(failed)
	case wrong != nil:
		return wrong
	}
	a.Lint.Version = version.String()
	a.Lint.Rename(s.program().say)
	if err := write(s.Out, a); err != nil {
		return unreadable(fmt.Errorf("writing the report: %w", err))
	}
	if flags.output == formatText && len(a.Lint.Findings) > 0 {
		fmt.Fprintln(s.Out)
		get := "kubectl get configmap " + awsauth.Name + " -n " + awsauth.Namespace + " -o yaml" + flags.cluster.again() + " | " + plugin + " fix"
		nextSteps(s.prose(), a.Lint, get+" - > aws-auth.yaml", get+" --suggested --diff"+flags.iam.again()+" -")
	}
	if failed = cmp.Or(failed, unasked); failed != nil {
		return unreadable(failed)
	}
	if c.failOn != never && a.Fails(validate.Level(c.failOn)) {
		return &exitError{code: exitFindings}
	}
	return nil
}

// auditFormat writes all that is seen of a cluster in one of the formats.
func auditFormat(name string) func(io.Writer, *audit.Cluster) error {
	if name == formatJSON {
		return audit.JSON
	}
	write := formats[name]
	if name == formatText {
		write = people(write)
	}
	return func(w io.Writer, a *audit.Cluster) error { return write(w, a.Written()) }
}
