package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

type diffFlags struct {
	historyFlags
	file, old, output string
	from, to          int64
	color             string
	doors             doorFlags
}

func newDiff(s Streams) *cobra.Command {
	flags := diffFlags{historyFlags: historyFlags{cluster: newClusterFlags()}}
	c := &cobra.Command{
		Use:   "diff {-f FILE [--old FILE] | --revision N [--to M]}",
		Short: "Show who gains or loses access",
		Long: `Show who gains or loses access if the map becomes the one in FILE: against the live map, or against another file
with --old. It compares what EKS does with the two texts, not how they are written: reordering is not a change, and
with a text that does not parse everybody loses access.

With --revision it shows who has gained and lost what since that revision of ` + "`kubectl aws-auth history`" + `, up to the live map
or to the revision given with --to.

Where a snapshot of the access entries is known (--access-snapshot, or the cluster's own), it says which losses an access
entry covers, and which not.

Exit codes: 0 nobody gains or loses, 1 somebody does, 2 wrong usage, 3 a map that can't be read.`,
		Example: `  kubectl aws-auth diff -f aws-auth.yaml
  kubectl aws-auth diff -f aws-auth.yaml --context production -o json
  git show main:aws-auth.yaml | kubectl aws-auth diff --old - -f aws-auth.yaml
  kubectl aws-auth diff --revision 7
  kubectl aws-auth diff --revision 7 --to 9`,
		SuggestFor:        []string{"compare", "changes", "preview"},
		ValidArgsFunction: cobra.NoFileCompletions,
		Args:              instead(diffForm),
		RunE: func(c *cobra.Command, _ []string) error {
			write := diffFormats[flags.output]
			s := s.painted(flags.color, flags.output == formatText, gains)
			switch {
			case c.Flags().Changed("to") && !c.Flags().Changed("revision"):
				return usage(fmt.Errorf("give the revision to begin with: %s diff --revision N --to %d", plugin, flags.to))
			case flags.from != 0 || c.Flags().Changed("revision"):
				return diffRevisions(c, &flags, s, write)
			case flags.file == "":
				return usage(errors.New("give the new map with -f FILE, or a revision of the history with --revision N"))
			}
			if err := once([]string{flags.file, flags.old, flags.doors.file}); err != nil {
				return err
			}
			return diffMaps(c, &flags, s, write)
		},
	}
	c.Flags().StringVarP(&flags.file, "file", "f", "", "the `file` with the new map: a manifest or a bare data section, - for standard input")
	c.Flags().StringVar(&flags.old, "old", "", "the `file` with the old map, instead of the live one; - for standard input")
	c.Flags().Int64Var(&flags.from, "revision", 0, "the `revision` of the history to begin with")
	c.Flags().Int64Var(&flags.to, "to", 0, "the `revision` to end with, instead of the live map")
	registerOutput(c, &flags.output, diffFormats)
	completeFlagBy(c, "revision", flags.completeRevision)
	completeFlagBy(c, "to", flags.completeRevision)
	registerColor(c, &flags.color)
	flags.doors.register(c)
	flags.register(c)
	return c
}

// diffForm is what arguments of diff were to say: revisions, or files, the old one first as in diff(1).
func diffForm(c *cobra.Command, args []string) string {
	given := func(flag string) string {
		if f := c.Flags().Lookup(flag); f.Changed {
			return f.Value.String()
		}
		return ""
	}
	from, file, old := given("revision"), given("file"), given("old")
	numbers := revisionsIn(args)
	switch {
	case len(numbers) == len(args) && from != "":
		numbers = append([]string{from}, numbers...)
	case len(numbers) == len(args):
	case file != "" && old == "" && len(args) == 1:
		return fmt.Sprintf("diff --old %s -f %s", shellQuoted(args[0]), shellQuoted(file))
	case old != "" && file == "" && len(args) == 1:
		return fmt.Sprintf("diff --old %s -f %s", shellQuoted(old), shellQuoted(args[0]))
	case len(args) == 2:
		return fmt.Sprintf("diff --old %s -f %s", shellQuoted(args[0]), shellQuoted(args[1]))
	case len(args) == 1:
		return "diff -f " + shellQuoted(args[0])
	}
	switch len(numbers) {
	case 1:
		return "diff --revision " + numbers[0]
	case 2:
		return fmt.Sprintf("diff --revision %s --to %s", numbers[0], numbers[1])
	}
	return ""
}

func diffMaps(c *cobra.Command, flags *diffFlags, s Streams, write func(io.Writer, []access.Change) error) error {
	now, err := mapToCompare(flags.file, s)
	if err != nil {
		return unreadable(err)
	}
	old, known, err := oldMap(c, flags, s)
	if err != nil {
		return asExit(err)
	}
	for _, section := range now.Sections() {
		if section.Discarded() {
			fmt.Fprintf(s.Err, "%s: EKS can't read %s, so all of it is lost: run `kubectl aws-auth lint`\n", text.Visible(flags.file), section.Key)
		}
	}
	return deliverChanges(s, access.Diff(old, now), known, write)
}

// mapToCompare reads the map of a file, and says what EKS does not read of it and what is not known.
func mapToCompare(path string, s Streams) (*awsauth.Document, error) {
	f, d, err := loadMap(path, s)
	if err != nil {
		return nil, err
	}
	doc := awsauth.ReadAll(d.Data, d.BinaryData)
	notRendered(s.Err, doc, f, d)
	return doc, notRead(s.Err, doc, f, d)
}

// deliverChanges writes the answer and ends the program by it.
func deliverChanges(s Streams, changes []access.Change, known trace.Doors, write func(io.Writer, []access.Change) error) error {
	tellDoors(s.Err, &known, changes)
	access.Hold(changes, known.View)
	if err := write(s.Out, changes); err != nil {
		return unreadable(fmt.Errorf("writing the answer: %w", err))
	}
	if len(changes) > 0 {
		return &exitError{code: exitFindings}
	}
	return nil
}

// oldMap gives the map to compare with, nil where the cluster has none yet, and what is known of the access entries.
func oldMap(c *cobra.Command, flags *diffFlags, s Streams) (*awsauth.Document, trace.Doors, error) {
	if flags.old != "" {
		old, err := mapToCompare(flags.old, s)
		if err != nil {
			return nil, trace.Doors{}, err
		}
		known, err := flags.doors.read(c.Context(), s, nil, nil, policy.Default())
		return old, known, err
	}
	p := newProgress(s.Err)
	defer p.done()
	r, config, err := flags.cluster.reader(p)
	if err != nil {
		return nil, trace.Doors{}, err
	}
	_, d, _, err := r.File(c.Context())
	if err != nil && !errors.Is(err, live.ErrNoMap) {
		return nil, trace.Doors{}, err
	}
	flags.doors.namespace = flags.namespace
	known, unread := flags.doors.read(c.Context(), s, r, config, policy.Default())
	if err != nil {
		p.done()
		fmt.Fprintln(s.Err, "the cluster has no ConfigMap "+liveName+" yet")
		return nil, known, unread
	}
	return awsauth.ReadAll(d.Data, d.BinaryData), known, unread
}

var diffFormats = map[string]func(io.Writer, []access.Change) error{
	"text": people(func(w io.Writer, changes []access.Change) error {
		_, err := io.WriteString(w, access.Text(changes))
		return err
	}),
	"json": func(w io.Writer, changes []access.Change) error {
		return text.WriteJSON(w, map[string]any{"changes": append([]access.Change{}, changes...)})
	},
}

// people makes a writer of texts for people, who read them on terminals and in the logs of build servers.
func people[T any](write func(io.Writer, T) error) func(io.Writer, T) error {
	return func(w io.Writer, v T) error { return write(text.Writer{Writer: w}, v) }
}
