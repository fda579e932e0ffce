package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/internal/aws"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/accessentry"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

type applyFlags struct {
	awsFlags
	file, color string
	yes, dryRun bool
}

func newApply(s Streams) *cobra.Command {
	flags := applyFlags{awsFlags: newAWSFlags()}
	c := &cobra.Command{
		Use:   "apply --cluster NAME [-f MAP]",
		Short: "Make the access entries that are missing, then verify",
		Long: `Make the access entries of the plan that are missing, with their access policies. Apply first shows what it would do and
asks; --yes skips the question, --dry-run ends there. It never changes or deletes an access entry: where one is there
that gives less than the mapping, it says what to do. To run it again does no harm: it makes what is still missing.

For its principal an access entry wins over the mapping from the moment on that it is there. Apply associates its access
policy right after it, and stops at the first one that it can't associate.

Then it waits until EKS uses the new entries, a minute, and verifies, as access-entries verify does.

The map is the live one, or the one in -f. It asks AWS with the credentials of your machine: besides what snapshot needs,
eks:CreateAccessEntry and eks:AssociateAccessPolicy, and iam:PassRole for node roles.

Exit codes: 0 all is made and it is safe to switch to API, 1 not yet, or declined, 2 wrong usage, 3 something that can't be
read.`,
		Example: `  kubectl aws-auth access-entries apply --cluster production --dry-run
  kubectl aws-auth access-entries apply --cluster production
  kubectl aws-auth access-entries apply --cluster production -f aws-auth.yaml --yes`,
		SuggestFor:        []string{"create", "make", "migrate"},
		Args:              instead(func(_ *cobra.Command, args []string) string { return "access-entries apply -f " + words(args[:1]) }),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := flags.check(); err != nil {
				return usage(err)
			}
			if !flags.yes && !flags.dryRun && !isTerminal(s.In) {
				return usage(errors.New("standard input is not a terminal, so apply can't ask: give --yes to make them, or --dry-run to look"))
			}
			s := s.painted(flags.color, true, verdicts)
			return flags.apply(c.Context(), s)
		},
	}
	flags.awsFlags.register(c)
	c.Flags().StringVarP(&flags.file, "file", "f", "", "the `file` with the map, instead of the live one: a manifest or a bare data section")
	c.Flags().BoolVarP(&flags.yes, "yes", "y", false, "do not ask")
	registerColor(c, &flags.color)
	c.Flags().BoolVar(&flags.dryRun, "dry-run", false, "show what would be made, and make nothing")
	flags.live.register(c)
	return c
}

// move is a map on its way to the access entries.
type move struct {
	cluster string
	mapping *aMap
	plan    *accessentry.Plan
	aws     *aws.Applier
	streams Streams
}

func (f *applyFlags) apply(ctx context.Context, s Streams) error {
	p := newProgress(s.Err)
	defer p.done()
	reading, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	m, taken, err := f.begin(reading, s, p)
	if err != nil {
		return unreadable(f.late(reading, err))
	}
	steps := m.plan.Steps(m.mapping.Document, taken.At(time.Now(), inTime))
	p.done()
	makes, decide := 0, 0
	for i := range steps {
		if _, err := fmt.Fprint(s.prose(), text.Lines(steps[i].Explain())); err != nil {
			return unreadable(err)
		}
		switch {
		case steps[i].Makes():
			makes++
		case steps[i].Action == accessentry.Decide:
			decide++
		}
	}
	fmt.Fprintf(s.prose(), "\n%d to make, %d for you to decide\n\n", makes, decide)
	if f.dryRun || makes == 0 {
		return deliverVerification(s, m.mapping.against(taken.At(time.Now(), inTime)), verifyFormats[formatText])
	}
	if !f.yes {
		if yes, err := confirm(s, fmt.Sprintf("Make %s of the cluster %s? [y/N] ", text.Count(makes, "access entry"), f.cluster)); !yes {
			return &exitError{exitFindings, errors.Join(err, errors.New("nothing was made"))}
		}
	}
	return f.carryOut(ctx, m, steps)
}

// begin reads the map and the access entries, and completes the plan with what IAM knows.
func (f *applyFlags) begin(ctx context.Context, s Streams, p *progress) (*move, *snapshot.Snapshot, error) {
	m := &move{cluster: f.cluster, streams: s}
	var err error
	if m.aws, err = f.reader(ctx, p); err != nil {
		return nil, nil, err
	}
	taken, notes, err := m.aws.Snapshot(ctx, f.cluster)
	if err != nil {
		return nil, nil, err
	}
	if err := f.readMap(ctx, m, p, taken); err != nil {
		return nil, nil, err
	}
	switch mode := taken.Cluster.AuthenticationMode; mode {
	case snapshot.ConfigMap:
		return nil, nil, fmt.Errorf("the cluster is in mode %s, which has no access entries. Switch it, there is no way back: "+
			"aws eks update-cluster-config --name %s --access-config authenticationMode=%s", mode, f.cluster, snapshot.Both)
	case snapshot.API:
		return nil, nil, fmt.Errorf("the cluster is in mode %s: nobody reads the map, and access entries for it would let in who does not get in today", mode)
	}
	more := []string{}
	if m.plan, more, err = m.aws.Resolve(ctx, m.plan, taken.Cluster.Account()); err != nil {
		return nil, nil, err
	}
	for _, n := range append(notes, more...) {
		fmt.Fprintf(s.Err, "note: %s\n", text.Visible(n))
	}
	return m, taken, nil
}

// readMap reads the map of a file, or the live one, which has to be of the cluster that AWS tells of.
func (f *applyFlags) readMap(ctx context.Context, m *move, p *progress, taken *snapshot.Snapshot) error {
	var file *manifest.File
	var d *manifest.Document
	if f.file != "" {
		var err error
		if file, d, err = loadMap(f.file, m.streams); err != nil {
			return err
		}
	} else {
		r, config, err := f.live.reader(p)
		if err != nil {
			return err
		}
		if file, d, _, err = r.File(ctx); err != nil {
			return err
		}
		if err := isOf(ctx, r.Client, config, taken); err != nil {
			return err
		}
	}
	m.mapping = newMap(file, d)
	m.plan = planDocument(file, d, &planFlags{cluster: f.cluster, region: f.region})
	return nil
}

// carryOut makes what is missing, waits until EKS uses it, and verifies.
func (f *applyFlags) carryOut(ctx context.Context, m *move, steps []accessentry.Step) error {
	ctx, cancel := context.WithTimeout(ctx, f.timeout+snapshot.Settle) // The person has taken their time.
	defer cancel()
	made, failed := 0, 0
	for i := range steps {
		step := &steps[i]
		if !step.Makes() {
			continue
		}
		err := m.aws.Do(ctx, f.cluster, step)
		if err == nil {
			made++
			fmt.Fprintf(m.streams.prose(), "made       %s: %s\n", text.Name(step.Item.ARN), step.Item.Entry)
			continue
		}
		failed++
		fmt.Fprintf(m.streams.prose(), "not made   %s: %s\n", text.Name(step.Item.ARN), text.Visible(err.Error()))
		if errors.Is(err, aws.ErrStop) {
			return &exitError{exitFindings, fmt.Errorf("%d made; run this again when that is solved", made)}
		}
	}
	p := newProgress(m.streams.Err)
	defer p.done()
	m.aws.Progress = p.step
	taken, _, err := m.aws.Snapshot(ctx, f.cluster)
	if err == nil {
		err = settle(ctx, p, taken, steps)
	}
	if err != nil {
		return unreadable(f.late(ctx, err))
	}
	p.done()
	fmt.Fprintf(m.streams.prose(), "\n%d made, %d not made\n\n", made, failed)
	return deliverVerification(m.streams, m.mapping.against(taken.At(time.Now(), inTime)), verifyFormats[formatText])
}

// settle waits until EKS uses the entries of the steps.
func settle(ctx context.Context, p *progress, taken *snapshot.Snapshot, steps []accessentry.Step) error {
	var newest time.Time
	for i := range steps {
		for j := range taken.Entries {
			e := &taken.Entries[j]
			if steps[i].Makes() && e.PrincipalARN == steps[i].Item.Entry.PrincipalARN && e.CreatedAt.After(newest) {
				newest = e.CreatedAt
			}
		}
	}
	left := time.Until(newest.Add(snapshot.Settle + time.Second))
	if left <= 0 {
		return nil
	}
	p.step(fmt.Sprintf("nothing: EKS needs up to %s until it uses the new access entries", snapshot.Age(left)))
	return wait(ctx, left)
}
