package report

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Excerpts are cut where they are longer than maxExcerpt bytes; excerptLead bytes stay before what is marked. A map
// written as JSON is one line of any length.
const (
	maxExcerpt  = 2000
	excerptLead = 200
	ellipsis    = "…"
)

func excerpt(line string, from, to int) Excerpt {
	return Excerpt{Text: line, Marked: manifest.Span{Start: from, End: max(from, to)}}.cut(maxExcerpt, excerptLead)
}

// cut leaves at most about limit bytes of a long text, lead of them before the marked range.
func (e Excerpt) cut(limit, lead int) Excerpt {
	if len(e.Text) <= limit {
		return e
	}
	start := text.Boundary(e.Text, max(0, min(e.Marked.Start-lead, len(e.Text)-limit)))
	end := text.Boundary(e.Text, min(start+limit, len(e.Text)))
	shown, shift := e.Text[start:end], start
	if start > 0 {
		shown, shift = ellipsis+shown, start-len(ellipsis)
	}
	if end < len(e.Text) {
		shown += ellipsis
	}
	return Excerpt{Text: shown, Marked: manifest.Span{
		Start: e.Marked.Start - shift,
		End:   max(e.Marked.Start, min(e.Marked.End, end)) - shift,
	}}
}

// lines takes the excerpt apart into its lines without their breaks, each with its share of what is marked.
func (e Excerpt) lines() []Excerpt {
	var lines []Excerpt
	at := 0
	for line := range strings.Lines(e.Text) {
		bare := strings.TrimRight(line, "\r\n")
		lines = append(lines, Excerpt{Text: bare, Marked: manifest.Span{
			Start: min(max(e.Marked.Start-at, 0), len(bare)),
			End:   min(max(e.Marked.End-at, 0), len(bare)),
		}})
		at += len(line)
	}
	return lines
}

// cells is the width of a visible code point on a terminal, a tab aside.
func cells(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// carets is the line that goes below a source line: blank up to the marked range, with tabs where the source has
// some, and carets under the range, one at least.
func (e Excerpt) carets() string {
	var b strings.Builder
	for _, r := range text.Source(e.Text[:e.Marked.Start]) {
		if r == '\t' {
			b.WriteByte('\t')
			continue
		}
		b.WriteString(strings.Repeat(" ", cells(r)))
	}
	n := 0
	for _, r := range text.Source(e.Text[e.Marked.Start:e.Marked.End]) {
		n += cells(r)
	}
	b.WriteString(strings.Repeat("^", max(n, 1)))
	return b.String()
}
