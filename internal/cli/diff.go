package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

type diffFlags struct {
	file, old, output string
	cluster           *clusterFlags
}

func newDiff(s Streams) *cobra.Command {
	flags := diffFlags{cluster: newClusterFlags()}
	c := &cobra.Command{
		Use:   "diff -f FILE [--old FILE]",
		Short: "Say who would gain and lose what",
		Long: `Say who would gain and lose what if the map became the one in FILE: against the live map, or against another file
with --old. What counts is what EKS does with the two texts, not how they are written: reordering is no change, and a
text that does not parse takes everybody's access.

Exit codes: 0 nobody gains or loses, 1 somebody does, 2 wrong usage, 3 a map that can't be read.`,
		Example: `  kubectl aws-auth diff -f aws-auth.yaml
  kubectl aws-auth diff -f aws-auth.yaml --context production -o json
  git show main:aws-auth.yaml | kubectl aws-auth diff --old - -f aws-auth.yaml`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			write := diffFormats[flags.output]
			switch {
			case write == nil:
				return usage(fmt.Errorf("-o %q: write text or json", flags.output))
			case flags.file == "":
				return usage(errors.New("give the new map with -f FILE"))
			}
			if err := once([]string{flags.file, flags.old}); err != nil {
				return err
			}
			return diffMaps(c, &flags, s, write)
		},
	}
	c.Flags().StringVarP(&flags.file, "file", "f", "", "the `file` with the new map: a manifest or a bare data section, - for standard input")
	c.Flags().StringVar(&flags.old, "old", "", "the `file` with the old map, instead of the live one; - for standard input")
	c.Flags().StringVarP(&flags.output, "output", "o", "text", "how to write the answer: text or json")
	completeFlag(c, "output", "text", "json")
	flags.cluster.register(c)
	return c
}

func diffMaps(c *cobra.Command, flags *diffFlags, s Streams, write func(io.Writer, []access.Change) error) error {
	_, d, err := loadMap(flags.file, s)
	if err != nil {
		return unreadable(err)
	}
	now := awsauth.ReadAll(d.Data, d.BinaryData)
	old, err := oldMap(c, flags, s)
	if err != nil {
		return unreadable(err)
	}
	for _, section := range now.Sections() {
		if section.Lost() {
			fmt.Fprintf(s.Err, "%s: %s can't be read by EKS, so all of it is lost: run `kubectl aws-auth lint`\n", flags.file, section.Key)
		}
	}
	changes := access.Diff(old, now)
	if err := write(s.Out, changes); err != nil {
		return unreadable(fmt.Errorf("writing the answer: %w", err))
	}
	if len(changes) > 0 {
		return &exitError{code: exitFindings}
	}
	return nil
}

// oldMap is nil where the cluster has no map yet.
func oldMap(c *cobra.Command, flags *diffFlags, s Streams) (*awsauth.Document, error) {
	if flags.old != "" {
		_, d, err := loadMap(flags.old, s)
		if err != nil {
			return nil, err
		}
		return awsauth.ReadAll(d.Data, d.BinaryData), nil
	}
	p := newProgress(s.Err)
	defer p.done()
	r, _, err := flags.cluster.reader(p)
	if err != nil {
		return nil, err
	}
	_, d, _, err := liveMap(c.Context(), r)
	switch {
	case errors.Is(err, errNoMap):
		p.done()
		fmt.Fprintln(s.Err, "the cluster has no ConfigMap "+liveName+" yet")
		return nil, nil
	case err != nil:
		return nil, err
	}
	return awsauth.ReadAll(d.Data, d.BinaryData), nil
}

var diffFormats = map[string]func(io.Writer, []access.Change) error{
	"text": func(w io.Writer, changes []access.Change) error {
		_, err := io.WriteString(w, access.Text(changes))
		return err
	},
	"json": func(w io.Writer, changes []access.Change) error {
		return writeJSON(w, map[string]any{"changes": append([]access.Change{}, changes...)})
	},
}

// writeJSON writes a value for programs, and for people to look at.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
