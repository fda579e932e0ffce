package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// On a terminal lines of source are cut to about this many bytes, with so many before what is marked.
const (
	terminalWidth = 160
	terminalLead  = 60
)

// Text writes the report for people: each finding with its source line, carets under what it is about, and the
// corrected line where there is a fix.
func Text(w io.Writer, r *Report) error { return writeText(w, r, plain) }

// ColorText is Text with colors for a terminal.
func ColorText(w io.Writer, r *Report) error { return writeText(w, r, colored) }

// paint gives a text a color.
type paint func(color, text string) string

// The colors, as ANSI terminals take them.
const (
	bold   = "1"
	dim    = "2"
	red    = "1;31"
	green  = "32"
	yellow = "1;33"
)

func plain(_, text string) string { return text }

func colored(color, text string) string {
	if text == "" {
		return ""
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

func writeText(w io.Writer, r *Report, p paint) error {
	var b strings.Builder
	if r.Audit != nil {
		r.Audit.head(&b, p)
		if r.Audit.Unread != "" {
			b.WriteString(text.Visible(notKnown(r.Audit.Unread)) + "\n\n")
		}
	}
	for i := range r.Findings {
		r.Findings[i].text(&b, p)
	}
	for i := range r.Ignored {
		fmt.Fprintln(&b, r.Ignored[i].text(p))
	}
	for _, n := range r.Notes {
		fmt.Fprintln(&b, n.text(p))
	}
	b.WriteString(r.Summary() + "\n")
	if r.Audit != nil {
		r.Audit.text(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Heading is the finding in one line: file:line:column: level: message [rule].
func (f *Finding) Heading() string { return f.heading(plain) }

func (f *Finding) heading(p paint) string {
	return fmt.Sprintf("%s: %s %s %s", p(bold, f.Place()), p(levelColor(f.Level), string(f.Level)+":"), text.Visible(f.Message), p(dim, "["+f.Rule+"]"))
}

func levelColor(level validate.Level) string {
	if level == validate.Error {
		return red
	}
	return yellow
}

// String is what was ignored in one line: file:line:column: ignored: reason [rule].
func (i *Ignored) String() string { return i.text(plain) }

func (i *Ignored) text(p paint) string {
	return fmt.Sprintf("%s: %s %s %s", p(bold, i.Place()), p(dim, "ignored:"), text.Visible(i.Reason), p(dim, "["+i.Rule+"]"))
}

// String is the note in one line: file:line:column: note: message.
func (n Note) String() string { return n.text(plain) }

func (n Note) text(p paint) string {
	return fmt.Sprintf("%s: %s %s", p(bold, n.Place()), p(yellow, "note:"), text.Visible(n.Message))
}

// Place is file:line:column, the file alone where the note is about all of it.
func (n Note) Place() string {
	if n.Start == (manifest.Position{}) {
		return text.Visible(n.File)
	}
	return fmt.Sprintf("%s:%d:%d", text.Visible(n.File), n.Start.Line, n.Start.Column)
}

// Place is file:line:column, the file alone where the finding is about no line of it.
func (f *Finding) Place() string {
	if f.Start == (manifest.Position{}) {
		return text.Visible(f.File)
	}
	return fmt.Sprintf("%s:%d:%d", text.Visible(f.File), f.Start.Line, f.Start.Column)
}

func (f *Finding) text(b *strings.Builder, p paint) {
	source := f.Excerpt.cut(terminalWidth, terminalLead)
	fmt.Fprintln(b, f.heading(p))
	if f.Start == (manifest.Position{}) {
		b.WriteByte('\n')
		return
	}
	gutter(b, p, strconv.Itoa(f.Start.Line), text.Source(source.Text), "")
	gutter(b, p, "", source.carets(), levelColor(f.Level))
	if f.Fix != nil {
		label := "fix:"
		if f.Fix.Applicability == validate.Suggested {
			label = "suggested:"
		}
		for _, line := range f.Fix.lines() {
			gutter(b, p, label, line, green)
			label = ""
		}
	}
	b.WriteByte('\n')
}

// lines are the corrected lines as they are shown.
func (f *Fix) lines() []string {
	var lines []string
	for _, line := range f.After.lines() {
		lines = append(lines, text.Source(line.cut(terminalWidth, terminalLead).Text))
	}
	return lines
}

func gutter(b *strings.Builder, p paint, label, text, color string) {
	text = strings.TrimRight(" "+text, " ")
	if color != "" {
		text = p(color, text)
	}
	fmt.Fprintf(b, "%s%s\n", p(dim, fmt.Sprintf("%10s |", label)), text)
}
