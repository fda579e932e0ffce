package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history/restore"
	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/lint"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// The values of --dry-run, as kubectl has them.
const (
	dryRunNone   = "none"
	dryRunServer = "server"
)

type undoFlags struct {
	historyFlags
	to       int64
	yes      bool
	dryRun   string
	override string
	color    string
	doors    doorFlags
}

func newUndo(s Streams) *cobra.Command {
	flags := undoFlags{historyFlags: historyFlags{cluster: newClusterFlags()}}
	c := &cobra.Command{
		Use:   "undo [--to REVISION]",
		Short: "Put an earlier state of the map back",
		Long: `Put an earlier state of the map back: the last good one of ` + "`kubectl aws-auth history`" + ` that differs from the live map, or
the one given with --to. With --from-audit-log it takes the states that ` + "`kubectl aws-auth history --from-audit-log`" + ` lists.

It first shows who gains or loses access and what is wrong with the text, and asks for confirmation; --yes skips the
question. It writes the map like any edit: the guard, if it runs, may repair or refuse it, and --override records why the
guard should let it pass. Labels and annotations stay. If somebody changes the map meanwhile, undo writes nothing. It
creates a deleted map again.

It needs only the cluster's API, not the guard's pods. You need access to the cluster; if the map locks everybody out,
the cluster's creator and access entries still get in: ` + unauthorizedPage + `

Exit codes: 0 put back, or nothing to do; 1 refused by the guard, declined, or changed meanwhile; 2 wrong usage; 3 no
history, or a cluster that can't be read or written.`,
		Example: `  kubectl aws-auth undo
  kubectl aws-auth undo --to 7 --dry-run=server
  kubectl aws-auth undo --from-audit-log audit.log --to 7
  kubectl aws-auth undo --to 7 --yes --override "` + validate.Guarding(validate.NodesOut).Name + `: the node group blue is gone"`,
		SuggestFor:        []string{"rollback", "restore", "revert", "back"},
		ValidArgsFunction: cobra.NoFileCompletions,
		Args: instead(func(_ *cobra.Command, args []string) string {
			if numbers := revisionsIn(args); len(numbers) == 1 {
				return "undo --to " + numbers[0]
			}
			return ""
		}),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := flags.check(s); err != nil {
				return usage(err)
			}
			s := s.painted(flags.color, true, states, gains, levels)
			return undo(c.Context(), &flags, s)
		},
	}
	c.Flags().Int64Var(&flags.to, "to", 0, "the `revision` to put back, instead of the last good one")
	c.Flags().BoolVarP(&flags.yes, "yes", "y", false, "do not ask")
	registerChoice(c, &flags.dryRun, "dry-run", "", dryRunNone, "server: let the cluster and the guard judge, and store nothing; none: store it",
		dryRunNone, dryRunServer)
	c.Flags().StringVar(&flags.override, "override", "", "let these `rules` of the guard pass, on record: \"RULE[,RULE]: REASON\"")
	completeFlagBy(c, "to", flags.completeRevision)
	completeFlagBy(c, "override", completeOverride)
	registerColor(c, &flags.color)
	flags.doors.register(c)
	flags.registerLog(c)
	flags.register(c)
	return c
}

func (f *undoFlags) check(s Streams) error {
	if !f.yes && f.dryRun == dryRunNone && !isTerminal(s.In) {
		return errors.New("standard input is not a terminal, so undo can't ask: give --yes to write, or --dry-run=server to try")
	}
	if f.override != "" {
		if _, err := policy.ParseOverride(f.override); err != nil {
			return fmt.Errorf("--override: %w", err)
		}
	}
	return nil
}

func isTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// target is what is to be put back.
type target struct {
	*history.Revision
	content history.Content
	// lacks are the protected principals that it does not let in because an edit outside the guard took them away.
	lacks []string
}

func undo(ctx context.Context, flags *undoFlags, s Streams) error {
	p := newProgress(s.Err)
	defer p.done()
	r, config, err := flags.cluster.reader(p)
	if err != nil {
		return unreadable(err)
	}
	_, _, cm, err := r.File(ctx)
	if err != nil && !errors.Is(err, live.ErrNoMap) {
		return unreadable(err)
	}
	if len(flags.logs) > 0 {
		p.done()
	}
	to, err := flags.target(ctx, r, cm, s)
	p.done()
	switch {
	case err != nil:
		return asExit(err)
	case to.Name == history.ContentOf(cm).Name():
		fmt.Fprintf(s.Out, "revision %d is the live map already: nothing to do\n", to.Number)
		return nil
	case flags.override != "" && cm != nil && policy.SameOverride(cm.Annotations[policy.OverrideAnnotation], flags.override):
		return usage(errors.New("--override: the map already has this override, and an old one has no effect; word the reason differently"))
	}
	flags.doors.namespace = flags.namespace
	known, err := flags.doors.read(ctx, s, r, config, policy.Default())
	if err != nil {
		return err
	}
	cluster := flags.cluster.name(config.Host)
	if err := preview(s.Out, cluster, to, cm, known); err != nil {
		return unreadable(err)
	}
	if !flags.yes && flags.dryRun == dryRunNone {
		if yes, err := confirm(s, fmt.Sprintf("Put revision %d back in %s? [y/N] ", to.Number, cluster)); !yes {
			return &exitError{exitFindings, errors.Join(err, errors.New("nothing was written"))}
		}
	}
	return flags.put(ctx, config, s, to, cm)
}

// target finds the revision to put back.
func (f *undoFlags) target(ctx context.Context, r *live.Reader, cm *corev1.ConfigMap, s Streams) (*target, error) {
	if len(f.logs) > 0 {
		l, err := readAuditLog(f.logs, s)
		if err == nil {
			err = l.empty()
		}
		if err != nil {
			return nil, err
		}
		io.WriteString(s.Err, lostOf(&l.Counts)) //nolint:errcheck // A warning: undo goes on without it.
		return l.target(f.to, history.ContentOf(cm).Name())
	}
	store, _, _, err := f.read(ctx, r)
	if err != nil {
		return nil, err
	}
	to := &target{}
	if f.to > 0 {
		if to.Revision, to.content, err = revision(ctx, store, f.to); err != nil {
			return nil, err
		}
		if to.Deleted {
			return nil, usage(fmt.Errorf("in revision %d there was no map; undo restores maps and never deletes one", f.to))
		}
		return to, nil
	}
	all, err := store.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the history: %w", err)
	}
	return lastGood(all, history.ContentOf(cm), func(r *history.Revision) (history.Content, error) { return store.Content(ctx, r) })
}

// preview says what is put back, what that gives and takes, and what is wrong with it.
func preview(w io.Writer, cluster string, to *target, cm *corev1.ConfigMap, known trace.Doors) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nrevision %d, %s, written by %s", cluster, to.Number, to.Time.UTC().Format(time.RFC3339), text.Visible(to.Writer()))
	if !to.Good {
		fmt.Fprintf(&b, ", NOT GOOD: %s", text.Visible(strings.Join(to.Problems, "; ")))
	}
	if len(to.lacks) > 0 {
		fmt.Fprintf(&b, "\nit lacks what the policy protected and an edit outside the guard took away: %s; add that after it", namesOf(to.lacks))
	}
	changes := access.Diff(history.ContentOf(cm).Document(), to.content.Document())
	access.Hold(changes, known.View)
	b.WriteString("\n\n")
	tellDoors(&b, &known, changes)
	fmt.Fprintf(&b, "%s\n", access.Text(changes))
	name := fmt.Sprintf("revision-%d", to.Number)
	f, _, err := live.AsFile(name, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: awsauth.Namespace, Name: awsauth.Name}, Data: to.content.Data, BinaryData: to.content.BinaryData,
	})
	if err != nil {
		return err
	}
	standard := policy.Default()
	c := &checker{Checker: lint.New(standard), failOn: string(validate.Error)}
	findings := &report.Builder{Action: standard.Action}
	c.Add(findings, f)
	if r := findings.Report(); len(r.Findings) > 0 {
		if err := report.Text(&b, r); err != nil {
			return err
		}
		b.WriteByte('\n')
	}
	_, err = io.WriteString(text.Writer{Writer: w}, b.String())
	return err
}

// confirm asks a person. No answer is a no.
func confirm(s Streams, question string) (bool, error) {
	if _, err := io.WriteString(s.Out, question); err != nil {
		return false, err
	}
	line, err := bufio.NewReader(s.In).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes", nil
}

// undoManager is how undo names itself: as kubectl does, so the guard treats it as a person's edit.
const undoManager = "kubectl-aws_auth"

// put writes the state and says what became of it.
func (f *undoFlags) put(ctx context.Context, config *rest.Config, s Streams, to *target, cm *corev1.ConfigMap) error {
	spoken := rest.CopyConfig(config)
	spoken.WarningHandler = rest.NewWarningWriter(s.Err, rest.WarningWriterOptions{})
	client, err := kubernetes.NewForConfig(spoken)
	if err != nil {
		return unreadable(err)
	}
	put := &restore.Put{
		// Once a person writes the map, it is not what auto-restore made of it any more.
		Live: cm, Content: to.content, Annotations: map[string]string{restore.RestoredFrom: ""},
		FieldManager: undoManager, DryRun: f.dryRun == dryRunServer,
	}
	if f.override != "" {
		put.Annotations[policy.OverrideAnnotation] = f.override
	}
	stored, err := put.Do(ctx, client)
	if err != nil {
		return f.notPut(err, to.Number)
	}
	repaired := ""
	if history.ContentOf(stored).Name() != to.Name {
		repaired = ", as the guard repaired it"
	}
	if put.DryRun {
		fmt.Fprintf(s.Out, "revision %d would be put back%s (server dry run)\n", to.Number, repaired)
		return nil
	}
	fmt.Fprintf(s.Out, "revision %d is the live map again%s\n", to.Number, repaired)
	return nil
}
