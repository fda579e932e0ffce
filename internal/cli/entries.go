package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/edit"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// entryManager is how add, set and remove name themselves to the API server. The guard treats kubectl-* as a person.
const entryManager = "kubectl-aws-auth"

// dryRunClient shows what would be written, and asks nobody.
const dryRunClient = "client"

// maxConflicts is how often an edit is worked out again because somebody else was quicker.
const maxConflicts = 5

// operation is one edit of a map.
type operation func(*awsauth.Document) (*edit.Result, error)

// plan says which edits a command makes of a map. It is asked again where the map has changed meanwhile.
type plan func(*awsauth.Document) ([]operation, error)

// entryFlags are those of the commands that edit entries.
type entryFlags struct {
	checkFlags
	cluster  *clusterFlags
	file     string
	output   string
	dryRun   string
	yes      bool
	override string
	color    string
}

func newEntryFlags() *entryFlags { return &entryFlags{cluster: newClusterFlags()} }

func (f *entryFlags) register(c *cobra.Command) {
	c.Flags().StringVarP(&f.file, "file", "f", "", "edit this `file` instead of the live map, and ask only on a terminal; - reads standard input and prints the result")
	registerChoice(c, &f.output, "output", "o", "", "yaml or json: print the map, or with -f the file, as it would be, and write nothing",
		formatYAML, formatJSON)
	registerChoice(c, &f.dryRun, "dry-run", "", dryRunNone, "client: show the edit, and write nothing; server: let the cluster and the guard judge it too; none: write it",
		dryRunNone, dryRunClient, dryRunServer)
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	c.Flags().StringVar(&f.override, "override", "", "let these `rules` of the guard pass, on record: \"RULE[,RULE]: REASON\"")
	registerProfile(c, &f.profile, "for files, how strict to be")
	c.Flags().StringVar(&f.policy, "policy", "", "for files, a GuardPolicy `file`; its writers do not count there, because nobody knows who applies the file")
	c.Flags().BoolVar(&f.noConfig, "no-config", false, "for files, do not look for "+configName)
	f.failOn = string(validate.Error)
	completeFlagBy(c, "override", completeOverride)
	registerColor(c, &f.color)
	f.cluster.register(c)
}

func (f *entryFlags) check(s Streams) error {
	switch {
	case f.file != "" && f.dryRun == dryRunServer:
		return errors.New("--dry-run=server is for the live map: a file has no server; write --dry-run=client")
	case f.file != "" && f.output == formatJSON:
		return errors.New("-o json is for the live map: of a file, -o yaml prints the text as it would be")
	case f.file != "" && f.override != "":
		return errors.New("--override is for the live map: an override of a file belongs in its annotations")
	case f.writes() && f.file == "" && !f.yes && !isTerminal(s.In):
		return errors.New("standard input is not a terminal, so nobody can be asked: give --yes to write, or --dry-run=client to look")
	}
	if f.override != "" {
		if _, err := policy.ParseOverride(f.override); err != nil {
			return fmt.Errorf("--override: %w", err)
		}
	}
	return nil
}

// writes reports whether anything is stored.
func (f *entryFlags) writes() bool { return f.output == "" && f.dryRun == dryRunNone }

// edit makes the edits where the flags say.
func (f *entryFlags) edit(c *cobra.Command, s Streams, p plan) error {
	if err := f.check(s); err != nil {
		return usage(err)
	}
	e := &editing{entryFlags: f, out: bare(s.Out), command: f.commandLine(c)}
	e.name, _, _ = strings.Cut(e.command, " ")
	if f.output != "" || f.file == "-" {
		s.Out = s.Err // Standard output is for the map.
	}
	e.Streams = s.painted(f.color, true, unified, gains)
	if f.file != "" {
		return e.file(c, p)
	}
	return e.live(c.Context(), p)
}

// commandLine is the command with what says which edit it makes, for messages that say how to go on.
func (f *entryFlags) commandLine(c *cobra.Command) string {
	var b strings.Builder
	b.WriteString(strings.TrimPrefix(c.CommandPath(), c.Root().CommandPath()+" "))
	for _, arg := range c.Flags().Args() {
		b.WriteString(" " + shellQuoted(text.Visible(arg)))
	}
	return b.String() + given(c, func(flag *pflag.Flag) bool { return flag.Annotations[ofEdit] != nil })
}

// ofEdit marks the flags that say which edit is made.
const ofEdit = "edit"

// marksEdit marks flags so.
func marksEdit(c *cobra.Command, names ...string) {
	for _, name := range names {
		_ = c.Flags().SetAnnotation(name, ofEdit, []string{"true"}) // It fails for a flag that is not there.
	}
}

// editing is one run of a command that edits entries.
type editing struct {
	*entryFlags
	Streams
	// out is standard output, for a map.
	out io.Writer
	// command is the command line without the flags that choose the cluster, name its first word.
	command, name string
}

// made is a map with all edits of a plan made.
type made struct {
	old, doc *awsauth.Document
	results  []*edit.Result
}

func (p plan) make(doc *awsauth.Document) (*made, error) {
	operations, err := p(doc)
	if err != nil {
		return nil, err
	}
	m := &made{old: doc, doc: doc}
	for _, o := range operations {
		r, err := o(m.doc)
		if err != nil {
			return nil, err
		}
		if r.Changed() {
			m.results, m.doc = append(m.results, r), r.Doc
		}
	}
	return m, nil
}

// preview is what the edit gives and takes, and what changes in the text.
func (m *made) preview() string {
	var b strings.Builder
	b.WriteString(access.Text(access.Diff(m.old, m.doc)))
	for _, k := range awsauth.Keys() {
		before, after := m.old.Section(k).Text, m.doc.Section(k).Text
		if before != after {
			b.WriteByte('\n')
			b.Write(diff.Diff(string(k), []byte(before), string(k)+" (new)", []byte(after)))
		}
	}
	return b.String()
}

// advise says the way on where an edit leaves the map empty, before anybody is asked and whether the guard runs or not.
func (m *made) advise(w io.Writer) {
	emptied := validate.Guarding(validate.Gone).Name
	if !slices.ContainsFunc(validate.CheckEdit(m.old, m.doc, validate.Options{}), func(f validate.Finding) bool { return f.Rule == emptied && f.Touched }) {
		return
	}
	fmt.Fprintln(w, `this leaves no role in the map: every node and every person whom no access entry lets in is locked out.
Add the entry that is to stay first. Where access entries let everybody in, which `+"`"+plugin+` access-entries verify`+"`"+` says,
switch the cluster to the authentication mode API first: then nobody reads the map, and its entries may go.`)
}

// nothingToDo says so.
func nothingToDo(w io.Writer) error {
	_, err := fmt.Fprintln(w, "nothing to do: the map says this already")
	return err
}
