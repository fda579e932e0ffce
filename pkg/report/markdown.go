package report

import (
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Markdown writes the report as a comment for a pull request: a table of all findings, and each with its source line and
// repair to unfold.
func Markdown(w io.Writer, r *Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## aws-auth: %s\n\n", r.verdict())
	if r.Audit != nil {
		r.Audit.markdownHead(&b)
	}
	if len(r.Findings) > 0 {
		b.WriteString("| | place | what | rule |\n|---|---|---|---|\n")
		for i := range r.Findings {
			f := &r.Findings[i]
			fmt.Fprintf(&b, "| %s | %s | %s | [%s](%s) |\n", f.Level, cell(codeSpan(f.Place())), cell(prose(text.Visible(f.Message))), f.Rule, f.Docs)
		}
		b.WriteByte('\n')
	}
	for i := range r.Findings {
		r.Findings[i].markdown(&b)
	}
	for i := range r.Ignored {
		f := &r.Ignored[i]
		fmt.Fprintf(&b, "> %s: %s ignored: %s\n\n", codeSpan(f.Place()), f.Rule, prose(text.Visible(f.Reason)))
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "> %s: %s\n\n", codeSpan(n.Place()), prose(text.Visible(n.Message)))
	}
	b.WriteString(r.Summary() + "\n")
	if r.Audit != nil {
		b.WriteByte('\n')
		r.Audit.markdown(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (f *Finding) markdown(b *strings.Builder) {
	if f.Start == (manifest.Position{}) {
		return // The table has said it.
	}
	source := f.Excerpt.cut(terminalWidth, terminalLead)
	// Markdown is not read inside of <summary>, HTML is.
	fmt.Fprintf(b, "<details><summary>%s %s: %s</summary>\n\n", f.Level, html.EscapeString(f.Place()), f.Rule)
	fence(b, "text", text.Source(source.Text)+"\n"+strings.TrimRight(source.carets(), " "))
	if f.Fix != nil && f.Fix.After.Text != "" {
		fmt.Fprintf(b, "%s repair: %s\n\n", f.Fix.Applicability, prose(text.Visible(f.Fix.Summary)))
		fence(b, "yaml", strings.Join(f.Fix.lines(), "\n"))
	}
	b.WriteString("</details>\n\n")
}

// fence writes a code block whose fence is longer than any in its text.
func fence(b *strings.Builder, language, text string) {
	marks := strings.Repeat("`", max(3, longestRun(text, '`')+1))
	fmt.Fprintf(b, "%s%s\n%s\n%s\n\n", marks, language, text, marks)
}

// codeSpan writes a text in backticks, more of them than it holds in a row.
func codeSpan(text string) string {
	marks := strings.Repeat("`", longestRun(text, '`')+1)
	if len(marks) > 1 {
		return marks + " " + text + " " + marks
	}
	return marks + text + marks
}

func longestRun(text string, of rune) int {
	longest, run := 0, 0
	for _, r := range text {
		if r != of {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// markup is what Markdown and HTML would make something of. Mentions (@name) and references (#1) are broken up, so that
// no text of a map calls people.
var markup = strings.NewReplacer(
	`\`, `\\`, "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;",
	"~", `\~`, "$", `\$`, "@", "@\u2060", "#", "#\u2060", "://", ":\u2060//",
)

// prose writes a text so that it reads as it is. What stands in backticks in our messages stays code.
func prose(text string) string {
	parts := strings.Split(text, "`")
	if len(parts)%2 == 0 {
		return strings.ReplaceAll(markup.Replace(text), "`", "\\`")
	}
	var b strings.Builder
	for i, part := range parts {
		if i%2 == 0 {
			b.WriteString(markup.Replace(part))
		} else {
			b.WriteString("`" + part + "`")
		}
	}
	return b.String()
}

// cell keeps a text inside its cell of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "|", `\|`), "\n", " ")
}
