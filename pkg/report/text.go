package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// On a terminal lines of source are cut to about this many bytes, with so many before what is marked.
const (
	terminalWidth = 160
	terminalLead  = 60
)

// Text writes the report for people: each finding with its source line, carets under what it is about, and the
// corrected line where there is a fix.
func Text(w io.Writer, r *Report) error {
	var b strings.Builder
	for i := range r.Findings {
		r.Findings[i].text(&b)
	}
	fmt.Fprintf(&b, "%s checked: %s, %s\n", plural(r.Files, "file"),
		plural(r.Count(validate.Error), "error"), plural(r.Count(validate.Warning), "warning"))
	_, err := io.WriteString(w, b.String())
	return err
}

// Heading is the finding in one line: file:line:column: level: message [rule].
func (f *Finding) Heading() string {
	return fmt.Sprintf("%s: %s: %s [%s]", f.Place(), f.Level, visible(f.Message), f.Rule)
}

// Place is file:line:column.
func (f *Finding) Place() string {
	return fmt.Sprintf("%s:%d:%d", visible(f.File), f.Start.Line, f.Start.Column)
}

func (f *Finding) text(b *strings.Builder) {
	source := f.Excerpt.cut(terminalWidth, terminalLead)
	fmt.Fprintln(b, f.Heading())
	gutter(b, fmt.Sprint(f.Start.Line), visible(source.Text))
	gutter(b, "", source.carets())
	if f.Fix != nil {
		label := "fix:"
		if f.Fix.Applicability == validate.Suggested {
			label = "suggested:"
		}
		for _, line := range f.Fix.After.lines() {
			gutter(b, label, visible(line.cut(terminalWidth, terminalLead).Text))
			label = ""
		}
	}
	b.WriteByte('\n')
}

func gutter(b *strings.Builder, label, text string) {
	fmt.Fprintf(b, "%10s |%s\n", label, strings.TrimRight(" "+text, " "))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
