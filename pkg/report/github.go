package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// What workflow commands can't hold as it is, in their text and in their properties.
// Source: github.com/actions/toolkit, packages/core/src/command.ts.
var (
	commandText     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	commandProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// GitHub writes the report as workflow commands: GitHub Actions shows them beside the lines of a pull request.
func GitHub(w io.Writer, r *Report) error {
	var b strings.Builder
	for i := range r.Findings {
		f := &r.Findings[i]
		paragraphs := []string{text.Visible(f.Message)}
		if f.Fix != nil && f.Fix.After.Text != "" {
			paragraphs = append(paragraphs, "write:\n"+strings.Join(f.Fix.lines(), "\n"))
		}
		paragraphs = append(paragraphs, f.Docs)
		start, end := f.Start, f.End
		if start == (manifest.Position{}) {
			start, end = firstLine, firstLine
		}
		annotate(&b, r, string(f.Level), f.File, start, end, f.Rule, strings.Join(paragraphs, "\n\n"))
	}
	for i := range r.Ignored {
		f := &r.Ignored[i]
		annotate(&b, r, "notice", f.File, f.Start, f.End, f.Rule+" ignored", text.Visible(f.Reason))
	}
	for _, n := range r.Notes {
		// About a file as a whole it stands at its first line.
		at := manifest.Position{Line: max(n.Start.Line, 1), Column: max(n.Start.Column, 1)}
		annotate(&b, r, "notice", n.File, at, at, "not checked", text.Visible(n.Message))
	}
	if r.Audit != nil {
		r.Audit.github(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func annotate(b *strings.Builder, r *Report, command, file string, start, end manifest.Position, title, message string) {
	path, _ := relative(r.Root, file)
	fmt.Fprintf(b, "::%s file=%s,line=%d,endLine=%d,col=%d,title=%s::%s\n", command, commandProperty.Replace(text.Visible(path)),
		start.Line, end.Line, start.Column, commandProperty.Replace("aws-auth: "+title), commandText.Replace(message))
}
