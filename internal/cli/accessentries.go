package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/accessentry"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// newAccessEntries is the group of commands for the move to access entries. By itself it is plan, as it was before there were
// others.
func newAccessEntries(s Streams) *cobra.Command {
	c := newPlan(s)
	c.Use = "access-entries"
	c.Short = "Move from aws-auth to EKS access entries, without anybody losing access"
	c.Long = `Move from aws-auth to EKS access entries, without anybody losing access. In this order:

- plan says which access entry has the same effect as each mapping;
- apply makes those that are missing;
- snapshot reads the access entries from EKS, for the guard and for verify;
- verify says which mappings their access entries cover, and whether it is safe to stop reading the map.

No command here deletes anything. The whole way: https://github.com/aws-auth-guard/aws-auth-guard/blob/main/docs/access-entries.md

` + "`kubectl aws-auth access-entries FILE` prints the plan, as plan does."
	c.Example = `  kubectl aws-auth access-entries plan aws-auth.yaml --cluster production
  kubectl aws-auth access-entries apply --cluster production
  kubectl aws-auth access-entries snapshot --cluster production --write
  kubectl aws-auth access-entries verify`
	c.SuggestFor = []string{"migrate", "entries", "accessentries", "plan"}
	c.Flags().VisitAll(func(f *pflag.Flag) { f.Hidden = !isOfKubernetes(f) })
	c.AddCommand(newPlan(s), newApply(s), newSnapshot(s), newVerify(s))
	c.ValidArgsFunction = cobra.NoFileCompletions // Its commands are offered; plan completes files.
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 || args[0] == "-" || isFile(args[0]) {
			return nil
		}
		c.SuggestionsMinimumDistance = distance(args[0])
		if found := c.SuggestionsFor(args[0]); len(found) > 0 || commandWord.MatchString(args[0]) {
			return didYouMean(fmt.Sprintf("unknown command %q", args[0]), found, ", and no file either; write plan, apply, snapshot or verify")
		}
		return nil // What can't be read is reported below.
	}
	return c
}

// commandWord is what is meant for a command rather than for a file.
var commandWord = regexp.MustCompile(`^[a-z]+(?:-[a-z]+)*$`)

type planFlags struct {
	cluster, region, ssoRegion, output string
	color                              string
	live                               *clusterFlags
}

// accessEntryForms write a plan, by the name of the form.
var accessEntryForms = map[string]func(*accessentry.Plan, io.Writer) error{
	"text":           func(p *accessentry.Plan, w io.Writer) error { return p.Text(text.Writer{Writer: w}) },
	"cli":            (*accessentry.Plan).Shell,
	"cloudformation": (*accessentry.Plan).CloudFormation,
	formTerraform:    (*accessentry.Plan).Terraform,
	formEksctl:       (*accessentry.Plan).Eksctl,
	"json":           (*accessentry.Plan).JSON,
}

const (
	formEksctl    = "eksctl"
	formTerraform = "terraform"
)

func newPlan(s Streams) *cobra.Command {
	// --cluster is the name that EKS knows.
	flags := planFlags{live: newClusterFlags(func(f *genericclioptions.ConfigFlags) { f.ClusterName = nil })}
	c := &cobra.Command{
		Use:   "plan [FILE…|-]",
		Short: "Plan the move from aws-auth to EKS access entries",
		Long: `Plan the move from aws-auth to EKS access entries: for each mapping the access entry that has the same effect, as AWS
CLI commands, a CloudFormation template, Terraform or an eksctl ClusterConfig, with the steps before and after.

The plan covers every mapping. It explains what access entries can't do (groups of Kubernetes other than system:masters,
reserved usernames, whole accounts) and what would let in somebody who does not get in today, and says what to do; such
access entries are comments. Nothing is sent to AWS.

Without a file it reads the live map, from the cluster of the kubeconfig.

Exit codes: 0 all mappings have an access entry or need none, 1 some need attention, 2 wrong usage, 3 a map that can't
be read.`,
		Example: `  kubectl aws-auth access-entries plan --context production --cluster production
  kubectl aws-auth access-entries plan aws-auth.yaml --cluster production -o cli > move.sh
  kubectl aws-auth access-entries plan aws-auth.yaml --cluster production -o terraform > access.tf`,
		ValidArgsFunction: completeFiles,
		RunE: func(c *cobra.Command, args []string) error {
			write := accessEntryForms[flags.output]
			if len(args) == 0 {
				flags.signIn()
			}
			if err := flags.check(); err != nil {
				return usage(err)
			}
			if err := once(args); err != nil {
				return err
			}
			plan, whole, err := planAccessEntries(c.Context(), args, s, &flags)
			if err != nil {
				return err
			}
			out := s.painted(flags.color, flags.output == formatText, plans)
			if err := write(plan, out.prose()); err != nil {
				return unreadable(fmt.Errorf("writing the plan: %w", err))
			}
			if flags.output == formatText && plan.Count(accessentry.Ready) > 0 {
				fmt.Fprintf(out.prose(), "the commands that make them: %s access-entries plan%s -o cli\n", plugin, strings.TrimRight(again(c, args), " "))
			}
			switch flags.output {
			case formEksctl:
				plan = plan.ForEksctl()
			case formTerraform:
				plan = plan.ForTerraform()
			}
			if !whole || plan.Count(accessentry.Attention) > 0 {
				return &exitError{code: exitFindings}
			}
			return nil
		},
	}
	c.Flags().StringVar(&flags.cluster, "cluster", "", "the `name` of the EKS cluster (required)")
	c.Flags().StringVar(&flags.region, "region", "", "the cluster's `region`, by default that of the AWS configuration")
	c.Flags().StringVar(&flags.ssoRegion, "sso-region", "", "the `region` of IAM Identity Center: it completes the ARNs of its roles, which aws-auth has without their path")
	registerOutput(c, &flags.output, accessEntryForms)
	registerColor(c, &flags.color)
	for _, name := range []string{"cluster", "region", "sso-region"} {
		completeFlagBy(c, name, cobra.NoFileCompletions)
	}
	flags.live.register(c)
	return c
}

// signIn takes the names that were not given from how the kubeconfig signs in.
func (f *planFlags) signIn() {
	l, err := loginOf(f.live)
	if err != nil {
		return
	}
	f.cluster, f.region = cmp.Or(f.cluster, l.Cluster), cmp.Or(f.region, l.Region)
}

func (f *planFlags) check() error {
	switch {
	case f.cluster == "":
		return errors.New("give the name of the EKS cluster with --cluster")
	case !accessentry.IsClusterName(f.cluster):
		return fmt.Errorf("--cluster %q: EKS allows letters, digits, - and _, 100 at most", f.cluster)
	case f.region != "" && !accessentry.IsRegion(f.region):
		return fmt.Errorf("--region %q is no AWS region, such as eu-west-1", f.region)
	case f.ssoRegion != "" && !accessentry.IsRegion(f.ssoRegion):
		return fmt.Errorf("--sso-region %q is no AWS region, such as eu-west-1", f.ssoRegion)
	}
	return nil
}

// planLive plans for the map of the cluster.
func planLive(ctx context.Context, s Streams, flags *planFlags) (*accessentry.Plan, error) {
	progress := newProgress(s.Err)
	defer progress.done()
	r, _, err := flags.live.reader(progress)
	if err != nil {
		return nil, unreadable(err)
	}
	f, d, _, err := r.File(ctx)
	if err != nil {
		return nil, unreadable(err)
	}
	progress.done()
	if err := notRead(s.Err, awsauth.ReadAll(d.Data, d.BinaryData), f, d); err != nil {
		return nil, unreadable(err)
	}
	return planDocument(f, d, flags), nil
}

// planAccessEntries plans for the one map in the files, or for the live one where none are named. It is not the whole map where something of the files could not be
// read as a map, which is reported.
func planAccessEntries(ctx context.Context, args []string, s Streams, flags *planFlags) (plan *accessentry.Plan, whole bool, err error) {
	if len(args) == 0 {
		plan, err := planLive(ctx, s, flags)
		return plan, err == nil, err
	}
	var places []string
	var wishes []wishIn
	var doc *awsauth.Document
	whole = true
	unread := func(n report.Note) {
		fmt.Fprintln(s.Err, n)
		whole = false
	}
	err = load(args, nil, s, unread, func(_ manifest.Input, f *manifest.File) error {
		for _, p := range f.Problems {
			at := f.Position(p.Span.Start)
			fmt.Fprintf(s.Err, "%s:%d:%d: %s [%s]\n", text.Visible(f.Name), at.Line, at.Column, text.Visible(p.Message()), p.Rule)
		}
		for _, n := range f.Notes {
			at := f.Position(n.Span.Start)
			fmt.Fprintf(s.Err, "%s:%d:%d: %s\n", text.Visible(f.Name), at.Line, at.Column, text.Visible(n.Message))
		}
		whole = whole && len(f.Problems)+len(f.Notes) == 0
		wishes = append(wishes, wishesIn(f)...)
		for _, d := range f.Documents {
			places = append(places, fmt.Sprintf("%s:%d", text.Visible(f.Name), f.Position(d.Start()).Line))
			doc, plan = awsauth.ReadAll(d.Data, d.BinaryData), planDocument(f, d, flags)
			if err := notRead(s.Err, doc, f, d); err != nil {
				return unreadable(err)
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, false, err
	case len(places) == 0:
		return nil, false, unreadable(fmt.Errorf("no ConfigMap aws-auth in %s", text.Visible(strings.Join(args, ", "))))
	case len(places) > 1:
		return nil, false, unreadable(fmt.Errorf("%d maps (%s), and a plan is for one cluster: give one by itself", len(places), strings.Join(places, ", ")))
	}
	tellWishes(s.Err, places[0], doc, wishes)
	return plan, whole, nil
}

func planDocument(f *manifest.File, d *manifest.Document, flags *planFlags) *accessentry.Plan {
	plan := accessentry.Make(awsauth.ReadAll(d.Data, d.BinaryData), accessentry.Options{
		Cluster: flags.cluster, Region: flags.region, SSORegion: flags.ssoRegion, Unrendered: d.Unrendered,
	})
	for i := range plan.Items {
		it := &plan.Items[i]
		at := f.Position(d.Span(string(it.Section), it.Span).Start)
		it.File, it.Line, it.Column = f.Name, at.Line, at.Column
	}
	return plan
}
