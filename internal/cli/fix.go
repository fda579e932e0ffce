package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/mutate"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

type fixFlags struct {
	checkFlags
	diff      bool
	suggested bool
	color     string
}

func newFix(s Streams) *cobra.Command {
	var flags fixFlags
	c := &cobra.Command{
		Use:   "fix FILE…|-",
		Short: "Repair manifests in place",
		Long: `Repair manifests in place, or from standard input (-) to standard output.

It changes only what it can prove safe: paths in role ARNs, SSO role ARNs and templates without quotes. If you also pass
files with RoleBindings or ClusterRoleBindings, it changes upper case in usernames that none of them names in either case.
Another text among the files that has the name may be a binding too: then the repair waits for your review. Every other byte
of the file stays: comments, order, quoting, line endings. So do its owner and mode; fix does not change a file where it
can't keep them, or one with other hard links. Standard error lists what changed and what is left.
With --suggested it also makes repairs that need a review: see them with --diff first. With --iam these are also the ARNs that
IAM has now.`,
		Example: `  kubectl aws-auth fix --diff aws-auth.yaml
  kubectl aws-auth fix aws-auth.yaml
  kubectl aws-auth fix aws-auth.yaml rbac/
  kubectl get configmap aws-auth -n kube-system -o yaml | kubectl aws-auth fix - > repaired.yaml`,
		SuggestFor:        []string{"repair", "format", "fmt", "autofix"},
		Args:              files,
		ValidArgsFunction: completeFiles,
		RunE: func(c *cobra.Command, args []string) error {
			checker, err := flags.checker(c)
			if err != nil {
				return err
			}
			if checker.IAM, err = flags.iam.read(args, s.In); err != nil {
				return err
			}
			s := s.painted(flags.color, true, unified, levels)
			return fix(c, args, s, checker, &flags)
		},
	}
	flags.register(c)
	flags.registerInputs(c)
	flags.iam.register(c)
	c.Flags().BoolVar(&flags.diff, "diff", false, "show what would change as a diff, and change nothing")
	c.Flags().BoolVar(&flags.suggested, "suggested", false, "make suggested repairs too")
	registerColor(c, &flags.color)
	return c
}

func fix(command *cobra.Command, args []string, s Streams, c *checker, flags *fixFlags) error {
	ctx, made := command.Context(), 0
	left := &report.Builder{Action: c.Policy.Action, Ignores: !flags.noIgnores}
	verb := "fixed"
	if flags.diff {
		verb = "to fix"
	}
	c.learn(args, &s)
	failed := load(args, c.exclude, s, left.Note, func(in manifest.Input, f *manifest.File) error {
		c, err := c.at(in)
		if err != nil {
			return err
		}
		repaired, done := c.repair(f, flags)
		if err := deliver(ctx, in, f, repaired, s.Out, flags.diff); err != nil {
			return err
		}
		made += len(done)
		for _, r := range done {
			fmt.Fprintf(s.Err, "%s: %s: %s [%s]\n", text.Visible(r.place), verb, text.Visible(r.what), r.rule)
		}
		c.Add(left, repaired)
		c.noteIAM(left, repaired)
		return nil
	})
	r := left.Report()
	tellNotes(s.Err, r)
	c.tellConfig(s.Err)
	for i := range r.Findings {
		fmt.Fprintf(s.Err, "left: %s\n", r.Findings[i].Heading())
	}
	flags.summary(s.Err, r, made, again(command, args))
	if failed != nil {
		return failed
	}
	return c.verdict(r)
}

// summary says in one line what was done and what is left, and what to do next.
func (f *fixFlags) summary(w io.Writer, r *report.Report, made int, rest string) {
	verb, suggested := "fixed", ""
	if f.diff {
		verb = "to fix"
	}
	if f.suggested {
		suggested = " --suggested"
	}
	if made > 0 || len(r.Findings) > 0 {
		fmt.Fprintf(w, "%d %s, %d left\n", made, verb, len(r.Findings))
	} else {
		fmt.Fprintf(w, "nothing to fix: %s\n", r.Summary())
	}
	if f.diff && made > 0 {
		fmt.Fprintf(w, "make these repairs: %s fix%s%s\n", plugin, suggested, rest)
	}
	nextSteps(w, r, plugin+" fix"+rest, plugin+" fix --suggested --diff"+rest)
}

// deliver puts a repaired file where it belongs.
func deliver(ctx context.Context, in manifest.Input, before, after *manifest.File, out io.Writer, asDiff bool) error {
	var err error
	switch {
	case asDiff:
		name := text.Visible(filepath.ToSlash(before.Name))
		_, err = text.Writer{Writer: out}.Write(diff.Diff("a/"+name, []byte(before.Text), "b/"+name, []byte(after.Text)))
	case in.Stdin():
		_, err = io.WriteString(bare(out), after.Text)
	case before.Text != after.Text:
		return replaceUndisturbed(ctx, in.Path, before.Text, after.Text)
	}
	if err != nil {
		return fmt.Errorf("writing to standard output: %w", err)
	}
	return nil
}

// replaceUndisturbed is replace, of which a signal leaves nothing half done: it ends the command before the file is replaced,
// or after it.
func replaceUndisturbed(ctx context.Context, path, before, after string) error {
	// What the caller has this program ignore, as nohup does, stays ignored.
	ends := slices.DeleteFunc([]os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}, signal.Ignored)
	if len(ends) > 0 { // None at all would mean every signal.
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, ends...)
		defer stop()
	}
	err := replace(ctx, path, before, after)
	if err == nil && ctx.Err() != nil {
		return fmt.Errorf("%s: fixed, then %w: the files after it stay as they were", text.Visible(path), errInterrupted)
	}
	return err
}

// repaired is one repair that was made.
type repaired struct {
	start int
	place string
	rule  string
	what  string
}

// maxRounds bounds the repairs that bring others to light: a text that did not parse is read, and then more is seen.
const maxRounds = 5

// repair makes all repairs that hold, and says which. Places are those in the file as it was at that moment.
func (c *checker) repair(f *manifest.File, flags *fixFlags) (*manifest.File, []repaired) {
	var done []repaired
	for range maxRounds {
		next, made := c.round(f, flags)
		if len(made) == 0 {
			break
		}
		f, done = next, append(done, made...)
	}
	return f, done
}

func (c *checker) round(f *manifest.File, flags *fixFlags) (*manifest.File, []repaired) {
	var made []repaired
	var changes []manifest.Change
	var ignores []manifest.Ignore
	if !flags.noIgnores {
		ignores = f.Ignores()
	}
	for _, d := range f.Documents {
		chosen := c.choose(d, ignores, flags.suggested)
		wanted := report.Changes(d, chosen)
		for i, proof := range f.Prove(wanted) {
			if proof.Err != nil {
				continue
			}
			changes = append(changes, wanted[i])
			start := d.Span(wanted[i].Key, chosen[i].Span).Start
			at := f.Position(start)
			made = append(made, repaired{
				start: start, place: fmt.Sprintf("%s:%d:%d", f.Name, at.Line, at.Column), rule: chosen[i].Rule, what: chosen[i].Fix.Summary,
			})
		}
	}
	next, err := f.Make(changes)
	if err != nil {
		return f, nil
	}
	slices.SortStableFunc(made, func(a, b repaired) int { return a.start - b.start })
	return next, made
}

// choose returns the findings of a document whose repairs can be made together.
func (c *checker) choose(d *manifest.Document, ignores []manifest.Ignore, suggested bool) []validate.Finding {
	doc, findings := c.Check(d)
	findings = slices.DeleteFunc(findings, func(f validate.Finding) bool {
		at := report.Span(d, &f).Start
		return slices.ContainsFunc(ignores, func(i manifest.Ignore) bool { return i.Covers(f.Rule, at) })
	})
	return mutate.Choose(doc, findings, func(f *validate.Finding) bool {
		return suggested || f.Fix.Applicability == validate.Safe
	}, c.Options)
}
