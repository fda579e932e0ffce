package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/accessmap"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/internal/version"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/accessentry"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

type verifyFlags struct {
	file, snapshot, namespace, output string
	maxAge                            time.Duration
	color                             string
	cluster                           *clusterFlags
}

// verifyFormats write a verification, by the names of the formats.
var verifyFormats = map[string]func(io.Writer, *accessentry.Verification) error{
	formatText: people(func(w io.Writer, v *accessentry.Verification) error { return v.Text(w) }),
	formatJSON: func(w io.Writer, v *accessentry.Verification) error { return v.JSON(w) },
	formatHTML: func(w io.Writer, v *accessentry.Verification) error { return v.Sheet().HTML(w) },
	"github":   func(w io.Writer, v *accessentry.Verification) error { return report.GitHub(w, findingsOf(v)) },
	"junit":    func(w io.Writer, v *accessentry.Verification) error { return v.Sheet().JUnit(w) },
	"markdown": func(w io.Writer, v *accessentry.Verification) error { return v.Sheet().Markdown(w) },
	"sarif":    func(w io.Writer, v *accessentry.Verification) error { return report.SARIF(w, findingsOf(v)) },
}

// findingsOf is a verification for the formats that know findings alone.
func findingsOf(v *accessentry.Verification) *report.Report {
	here, err := os.Getwd()
	if err != nil {
		here = ""
	}
	return v.Sheet().Findings(here, version.String())
}

func newVerify(s Streams) *cobra.Command {
	flags := verifyFlags{cluster: newClusterFlags()}
	c := &cobra.Command{
		Use:   "verify [-f MAP] [--snapshot FILE]",
		Short: "Say which mappings their access entries cover, and whether EKS may stop reading the map",
		Long: `Hold each mapping of aws-auth against the access entry of the same role or user, and say what would be lost without the
mapping:

  same, stronger  the access entry gives as much: the mapping may go
  weaker          it gives less, and wins over the mapping already
  missing         there is none
  stale           its role is gone or was created again: it lets nobody in, though all seems well while the mapping is there
  unknown         what is known does not tell
  extra           an access entry without a mapping; nothing is wrong with that

Verify ends with two answers: what is safe to remove from the map, and whether it is safe to switch the cluster to the
mode API, in which nobody reads the map and from which there is no way back. What is not known is never taken for good.

The map is the live one, or the one in -f. The access entries are those of the snapshot in the ConfigMap
` + accessmap.Name + ` of the guard's namespace, or of the one in --snapshot: what access-entries snapshot writes.

Exit codes: 0 safe to switch, 1 not safe, 2 wrong usage, 3 a map or a snapshot that can't be read.`,
		Example: `  kubectl aws-auth access-entries verify
  kubectl aws-auth access-entries verify -f aws-auth.yaml --snapshot access.json
  kubectl aws-auth access-entries verify --snapshot access.json -o markdown`,
		SuggestFor:        []string{"check", "compare", "covered"},
		Args:              instead(func(_ *cobra.Command, args []string) string { return "access-entries verify -f " + words(args[:1]) }),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, _ []string) error {
			write := verifyFormats[flags.output]
			if err := once([]string{flags.file, flags.snapshot}); err != nil {
				return err
			}
			s := s.painted(flags.color, flags.output == formatText, verdicts)
			v, err := flags.verify(c.Context(), s)
			if err != nil {
				return unreadable(err)
			}
			return deliverVerification(s, v, write)
		},
	}
	c.Flags().StringVarP(&flags.file, "file", "f", "", "the `file` with the map, instead of the live one: a manifest or a bare data section")
	c.Flags().StringVar(&flags.snapshot, "snapshot", "", "the `file` with the snapshot, instead of the one in the cluster")
	c.Flags().StringVarP(&flags.namespace, "namespace", "n", history.DefaultNamespace, "the `namespace` of the guard, where the snapshot is")
	c.Flags().DurationVar(&flags.maxAge, "max-age", policy.Default().MaxAge, "how old the snapshot may be")
	registerOutput(c, &flags.output, verifyFormats)
	registerColor(c, &flags.color)
	for _, name := range []string{"namespace", "max-age"} {
		completeFlagBy(c, name, cobra.NoFileCompletions)
	}
	flags.cluster.register(c)
	return c
}

// deliverVerification writes the answer and ends the program by it.
func deliverVerification(s Streams, v *accessentry.Verification, write func(io.Writer, *accessentry.Verification) error) error {
	if err := write(s.prose(), v); err != nil {
		return unreadable(fmt.Errorf("writing the answer: %w", err))
	}
	if !v.SafeToSwitch {
		return &exitError{code: exitFindings}
	}
	return nil
}

// verify reads what is to be compared. A cluster is asked only for what no file holds; then the snapshot has to be of it.
func (f *verifyFlags) verify(ctx context.Context, s Streams) (*accessentry.Verification, error) {
	p := newProgress(s.Err)
	defer p.done()
	var view *snapshot.View
	var d *aMap
	var err error
	if f.snapshot != "" {
		taken, err := readSnapshot(f.snapshot, s.In)
		if err != nil {
			return nil, err
		}
		view = taken.At(time.Now(), f.maxAge)
	}
	if f.file != "" {
		if d, err = mapOf(f.file, s); err != nil {
			return nil, err
		}
	}
	if d != nil && view != nil {
		return d.against(view), nil
	}
	r, config, err := f.cluster.reader(p)
	if err != nil {
		return nil, err
	}
	if d == nil {
		file, read, _, err := r.File(ctx)
		if err != nil {
			return nil, err
		}
		d = newMap(file, read)
	}
	if view == nil {
		p.step("the snapshot")
		stored := accessmap.Store{Client: r.Client, Namespace: f.namespace}
		taken, err := stored.Read(ctx)
		if err != nil {
			return nil, err
		}
		view = taken.At(time.Now(), f.maxAge)
	}
	hash, err := accessmap.CAHash(ctx, r.Client, config, view.Cluster.CAHash)
	if err != nil {
		return nil, err
	}
	return d.against(view.Of(hash)), nil
}

// aMap is a map, and which of its values are still to be filled in.
type aMap struct {
	*awsauth.Document
	unrendered func(string) bool
	// file holds it, as read.
	file *manifest.File
	read *manifest.Document
}

func newMap(f *manifest.File, d *manifest.Document) *aMap {
	return &aMap{awsauth.ReadAll(d.Data, d.BinaryData), d.Unrendered, f, d}
}

func mapOf(path string, s Streams) (*aMap, error) {
	f, d, err := loadMap(path, s)
	if err != nil {
		return nil, err
	}
	// After a yes there is no way back, so the file must hold all of the map, and nothing that lint can't read.
	if !d.Whole || d.Edit != nil || len(f.Problems) > 0 {
		return nil, fmt.Errorf("%s: verify wants the whole map: give the ConfigMap itself, as `kubectl get configmap aws-auth -n kube-system -o yaml` prints it", text.Visible(path))
	}
	for _, found := range validate.Check(awsauth.ReadAll(d.Data, d.BinaryData), policy.Default().Options()) {
		if found.Section == "" && validate.Lookup(found.Rule).Standard.Level() == validate.Error {
			return nil, fmt.Errorf("%s: %s [%s]", text.Visible(path), text.Visible(found.Sentence().Text), found.Rule)
		}
	}
	whole := newMap(f, d)
	tellWishes(s.Err, f.Name, whole.Document, wishesIn(f))
	return whole, nil
}

func (d *aMap) against(view *snapshot.View) *accessentry.Verification {
	v := accessentry.Verify(d.Document, view, accessentry.Options{Unrendered: d.unrendered})
	v.File, v.At = d.file.Name, d.at
	return v
}

// at is the place of an entry in the file.
func (d *aMap) at(key awsauth.Key, entry int) manifest.Position {
	s := d.Section(key)
	if key == awsauth.MapAccounts {
		return d.file.Position(d.read.Span(string(key), s.Accounts[entry].Span()).Start)
	}
	return d.file.Position(d.read.Span(string(key), s.Entries[entry].Span()).Start)
}

// readSnapshot reads a snapshot from a file or, for -, from standard input.
func readSnapshot(path string, in io.Reader) (*snapshot.Snapshot, error) {
	raw, err := readFile(path, in)
	if err != nil {
		return nil, err
	}
	taken, err := snapshot.Read(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text.Visible(path), err)
	}
	return taken, nil
}

// readFile reads a file, no more of it than a snapshot may have; - is standard input.
func readFile(path string, in io.Reader) ([]byte, error) {
	return readAtMost(path, in, snapshot.MaxSize)
}

// readAtMost reads a file, or standard input for -, of so many bytes; one more shows that there are more.
func readAtMost(path string, in io.Reader, most int64) ([]byte, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, errors.New(strings.TrimPrefix(text.Visible(err.Error()), "open "))
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text.Visible(path), err)
	}
	return raw, nil
}
