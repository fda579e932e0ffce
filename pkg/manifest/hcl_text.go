package manifest

import (
	"errors"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// pieces adds the text of a literal, line by line, so that all that stands in the file as it is has its place there.
func (h *hclNodes) pieces(f *fragments, lit *hclsyntax.LiteralValueExpr, isQuoted bool) {
	source, value := string(lit.SrcRange.SliceBytes(h.src)), lit.Val.AsString()
	add := func(text string, start, end int) {
		at := Span{Start: lit.SrcRange.Start.Byte + start, End: lit.SrcRange.Start.Byte + end}
		var exact locator
		if source[start:end] == text {
			exact = hclText{part{h.at, at.Start}, isQuoted}
		}
		f.addLiteral(text, h.at.span(at), exact)
	}
	if isQuoted {
		h.unescape(source, value, add)
		return
	}
	// A heredoc may be indented.
	lines, written := strings.SplitAfter(value, "\n"), strings.SplitAfter(source, "\n")
	if len(lines) != len(written) {
		add(value, 0, len(source))
		return
	}
	at := 0
	for i, line := range lines {
		start := at
		if strings.HasSuffix(written[i], line) {
			start = at + len(written[i]) - len(line)
		}
		if line != "" {
			add(line, start, at+len(written[i]))
		}
		at += len(written[i])
	}
}

// unescape adds the text of a quoted literal: what is between its escapes, and they themselves.
func (h *hclNodes) unescape(source, value string, add func(text string, start, end int)) {
	at, done := 0, 0
	for done < len(value) {
		size := strings.IndexAny(source[at:], `\$%`)
		if size < 0 {
			size = len(source) - at
		}
		if at == len(source) {
			break
		}
		if size == 0 {
			size = 1 // alone, or the beginning of an escape
		}
		if size > 1 || source[at] != '\\' && strings.HasPrefix(value[done:], source[at:at+1]) && !strings.HasPrefix(source[at:], "$${") && !strings.HasPrefix(source[at:], "%%{") {
			size = min(size, len(value)-done)
			add(value[done:done+size], at, at+size)
			at, done = at+size, done+size
			continue
		}
		length, width := escapeAt(source[at:], value[done:])
		if length == 0 {
			break
		}
		add(value[done:done+width], at, at+length)
		at, done = at+length, done+width
	}
	if done < len(value) {
		add(value[done:], min(at, len(source)), len(source))
	}
}

// escapeAt is how long an escape is in the source, and its text in the value.
func escapeAt(source, value string) (length, width int) {
	switch {
	case strings.HasPrefix(source, "$${"), strings.HasPrefix(source, "%%{"):
		length, width = 3, 2
	case strings.HasPrefix(source, `\u`):
		length, width = 6, len(string([]rune(value)[:1]))
	case strings.HasPrefix(source, `\U`):
		length, width = 10, len(string([]rune(value)[:1]))
	case strings.HasPrefix(source, `\`):
		length, width = 2, 1
	}
	if length > len(source) || width > len(value) {
		return 0, 0
	}
	return length, width
}

// hclText is a text that stands in Terraform source as it is.
type hclText struct {
	part
	quoted bool
}

func (t hclText) edit(e Edit) (Edit, error) {
	if strings.ContainsAny(e.New, "\r\n") || strings.Contains(e.New, "${") || strings.Contains(e.New, "%{") || t.quoted && strings.ContainsAny(e.New, `"\`) {
		return Edit{}, errors.New("the new text can't stand here in Terraform source as it is; change it by hand")
	}
	return t.part.edit(e)
}
