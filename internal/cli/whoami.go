package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
)

func newWhoami(s Streams) *cobra.Command {
	var file, output string
	c := &cobra.Command{
		Use:   "whoami ARN|-",
		Short: "Trace a caller through the map",
		Long: `Trace a caller through the map: who it becomes and by which entry, or why nothing matches and what comes near.

Give the ARN that AWS knows the caller by, or - and on standard input the ARN or what
` + "`aws sts get-caller-identity`" + ` prints. Exit code 0 means mapped, 1 not mapped.`,
		Example: `  kubectl aws-auth whoami arn:aws:iam::111122223333:user/alice --file aws-auth.yaml
  aws sts get-caller-identity | kubectl aws-auth whoami - --file aws-auth.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(errors.New("name one ARN, or - to read it from standard input"))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			write := traceFormats[output]
			switch {
			case write == nil:
				return usage(fmt.Errorf("-o %q: write text or json", output))
			case file == "":
				return usage(errors.New("give the map with --file FILE"))
			}
			if err := once([]string{args[0], file}); err != nil {
				return err
			}
			return whoami(args[0], file, s, write)
		},
	}
	c.Flags().StringVarP(&file, "file", "f", "", "the `file` with the map: a manifest or a bare data section")
	c.Flags().StringVarP(&output, "output", "o", "text", "how to write the answer: text or json")
	return c
}

func whoami(arg, file string, s Streams, write func(io.Writer, *trace) error) error {
	who, err := readCaller(arg, s.In)
	if err != nil {
		return err
	}
	f, d, err := loadMap(file, s)
	if err != nil {
		return unreadable(err)
	}
	t := newTrace(who, f, d)
	if err := write(s.Out, t); err != nil {
		return unreadable(fmt.Errorf("writing the answer: %w", err))
	}
	if !t.Mapped {
		return &exitError{code: exitFindings}
	}
	return nil
}

// loadMap reads the one aws-auth document of a file.
func loadMap(path string, s Streams) (*manifest.File, *manifest.Document, error) {
	f, err := manifest.Input{Path: path}.Load(s.In)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range f.Problems {
		at := f.Position(p.Span.Start)
		fmt.Fprintf(s.Err, "%s:%d:%d: %s [%s]\n", f.Name, at.Line, at.Column, p.Message, p.Rule)
	}
	switch len(f.Documents) {
	case 0:
		return nil, nil, fmt.Errorf("%s: no ConfigMap aws-auth in it", f.Name)
	case 1:
		return f, f.Documents[0], nil
	}
	lines := make([]string, 0, len(f.Documents))
	for _, d := range f.Documents {
		lines = append(lines, fmt.Sprint(f.Position(d.Start()).Line))
	}
	return nil, nil, fmt.Errorf("%s: %d maps in it (lines %s): give one by itself", f.Name, len(f.Documents), strings.Join(lines, ", "))
}

// trace is the answer. Its JSON shape is a contract: all keys are always there.
type trace struct {
	Mapped   bool     `json:"mapped"`
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
	Section  string   `json:"section"`
	// Entry is null where nothing matched.
	Entry   *int   `json:"entry"`
	Reason  string `json:"reason"`
	Nearest []near `json:"nearest"`

	caller caller
	// place of the entry that matched, and of others that match as well.
	place  string
	others []string
}

type near struct {
	Section string `json:"section"`
	// Entry is null where the whole section is lost.
	Entry *int   `json:"entry"`
	ARN   string `json:"arn"`
	Why   string `json:"why"`
}

func newTrace(who caller, f *manifest.File, d *manifest.Document) *trace {
	doc := awsauth.ReadAll(d.Data, d.BinaryData)
	r := doc.Resolve(awsauth.Caller{ARN: who.arn})
	t := &trace{
		Mapped: r.Mapped, Username: r.Username, Groups: append([]string{}, r.Groups...),
		Section: string(r.Section), Entry: index(r.Entry), Reason: r.Reason, Nearest: []near{}, caller: who,
	}
	t.Reason = report.FileLines(t.Reason, f, d, r.Section)
	for _, m := range r.Nearest {
		why := report.FileLines(m.Why, f, d, m.Section)
		t.Nearest = append(t.Nearest, near{Section: string(m.Section), Entry: index(m.Entry), ARN: m.ARN, Why: why})
	}
	at := func(key awsauth.Key, span awsauth.Span) string {
		p := f.Position(d.Span(string(key), span).Start)
		return fmt.Sprintf("%s:%d:%d", f.Name, p.Line, p.Column)
	}
	switch {
	case r.Match != nil:
		t.place = at(r.Section, r.Match.Span())
	case r.Entry >= 0:
		t.place = at(r.Section, doc.Accounts.Accounts[r.Entry].Span())
	}
	for _, o := range r.Others {
		t.others = append(t.others, fmt.Sprintf("%s[%d] (%s)", o.Section.Key, o.Index, at(o.Section.Key, o.Span())))
	}
	return t
}

func index(i int) *int {
	if i < 0 {
		return nil
	}
	return &i
}

var traceFormats = map[string]func(io.Writer, *trace) error{"text": traceText, "json": traceJSON}

func traceJSON(w io.Writer, t *trace) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(t)
}

func traceText(w io.Writer, t *trace) error {
	var b strings.Builder
	fmt.Fprintf(&b, "caller:    %s\n", t.caller.arn)
	if t.caller.note != "" {
		fmt.Fprintf(&b, "note:      %s\n", t.caller.note)
	}
	if t.Entry != nil {
		fmt.Fprintf(&b, "matches:   %s[%d] (%s)\n", t.Section, *t.Entry, t.place)
	}
	for _, o := range t.others {
		fmt.Fprintf(&b, "but also:  %s: the ARNs differ in case alone, and EKS takes one of them at random each time\n", o)
	}
	if t.Mapped {
		fmt.Fprintf(&b, "username:  %s\n", quotedIfOdd(t.Username))
		groups := make([]string, 0, len(t.Groups))
		for _, g := range t.Groups {
			groups = append(groups, quotedIfOdd(g))
		}
		if len(groups) == 0 {
			groups = []string{"none"}
		}
		fmt.Fprintf(&b, "groups:    %s\n", strings.Join(groups, ", "))
	} else {
		fmt.Fprintf(&b, "not let in: %s\n", t.Reason)
		for _, n := range t.Nearest {
			fmt.Fprintf(&b, "near:      %s\n           %s\n", quotedIfOdd(n.ARN), n.Why)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// quotedIfOdd writes a name so that blanks, controls and nothing at all can be seen.
func quotedIfOdd(s string) string {
	if q := fmt.Sprintf("%+q", s); s == "" || q != `"`+s+`"` || strings.ContainsAny(s, " ,") {
		return q
	}
	return s
}
