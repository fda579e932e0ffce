package manifest

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/splice"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

// value is the place of a data value in the file.
type value struct {
	file  *File
	base  int
	start int // of the node in the file
	style yaml.Style
	// scalar is nil where the value can't be located byte by byte.
	scalar *yamlpos.Scalar
}

func (r *reader) value(n *yaml.Node) locator {
	if f := r.texts[n]; f != nil {
		return f
	}
	v := &value{file: r.file, base: r.base, start: r.span(n).Start, style: n.Style}
	if s, ok := r.yaml.Scalar(n); ok {
		v.scalar = s
	}
	return v
}

// span maps a range of the value to the file, or to the nearest place.
func (v *value) span(in Span) Span {
	s := v.place(in)
	// The line feed that kubectl adds to the last line lies outside the file.
	return Span{Start: min(s.Start, len(v.file.Text)), End: min(s.End, len(v.file.Text))}
}

func (v *value) place(in Span) Span {
	if v.scalar == nil {
		return Span{Start: v.start, End: v.start}
	}
	start := v.base + v.scalar.Source(in.Start)
	end := start
	switch r, ok := v.scalar.Range(in.End-1, in.End); {
	case in.End <= in.Start:
	case ok:
		end = v.base + r.End
	case in.End >= len(v.scalar.Value) && v.quoted():
		end = v.base + v.scalar.End - 1
	default:
		end = v.base + v.scalar.Source(in.End)
	}
	return Span{Start: start, End: max(start, end)}
}

func (v *value) quoted() bool {
	return v.style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0
}

// Edit replaces the bytes [Start, End) of a text.
type Edit = splice.Edit

// Edits turns edits of a data value into edits of the file. It refuses what can't be placed exactly, what can't be
// written in the style that the value has in the file, and what moves a part that kustomize replaces.
func (d *Document) Edits(key string, edits []Edit) ([]Edit, error) {
	v := d.values[key]
	if v == nil {
		return nil, fmt.Errorf("%s has no value in this file", key)
	}
	mapped := make([]Edit, 0, len(edits))
	for _, e := range edits {
		m, err := v.edit(e)
		if err != nil {
			return nil, err
		}
		mapped = append(mapped, m)
	}
	return mapped, d.keepsParts(key, edits)
}

func (v *value) edit(e Edit) (Edit, error) {
	if v.scalar == nil {
		return Edit{}, errors.New("this file does not hold the value byte by byte")
	}
	if e.Start < 0 || e.Start > e.End || e.End > len(v.scalar.Value) {
		return Edit{}, errors.New("the edit lies outside the value")
	}
	var span Span
	if e.Start < e.End {
		r, ok := v.scalar.Range(e.Start, e.End)
		if !ok || v.style&yaml.LiteralStyle != 0 && strings.Contains(v.scalar.Value[e.Start:e.End], "\n") {
			r, ok = v.across(e.Start, e.End)
		}
		if !ok {
			return Edit{}, errors.New("the text to change is escaped or folded in this file, so that it can't be edited in place")
		}
		span = r
	} else {
		at := v.scalar.Source(e.Start)
		if exact, ok := v.exact(e.Start); ok && v.style&yaml.DoubleQuotedStyle != 0 {
			at = exact
		}
		if e.Start == len(v.scalar.Value) && v.quoted() {
			at = v.scalar.End - 1
		}
		span = Span{Start: at, End: at}
	}
	text, err := v.encode(e.New, v.base+span.Start)
	if err != nil {
		return Edit{}, err
	}
	if v.base+span.End > len(v.file.Text) {
		return Edit{}, errors.New("the last line of the file, where the text is to change, does not end in a line feed")
	}
	return Edit{Start: v.base + span.Start, End: v.base + span.End, New: text}, nil
}

// across maps a range of the value to a range of the source that is not the same text: lines of a literal block, which are
// indented there, or a double-quoted text with escapes. It reports false where it can't place an end of the range.
func (v *value) across(from, to int) (Span, bool) {
	if v.style&(yaml.LiteralStyle|yaml.DoubleQuotedStyle) == 0 {
		return Span{}, false
	}
	start, ok := v.exact(from)
	end, alsoOK := v.exact(to)
	return Span{Start: start, End: end}, ok && alsoOK && start <= end
}

// exact is the offset in the source of a byte of the value, also right after escapes.
func (v *value) exact(at int) (int, bool) {
	source, short := v.scalar.Locate(at)
	for short > 0 && v.style&yaml.DoubleQuotedStyle != 0 {
		escape, value := yamlEscape(v.file.Text[v.base+source:])
		if len(value) == 0 || len(value) > short {
			return 0, false
		}
		source, short = source+len(escape), short-len(value)
	}
	return source, short == 0
}

// yamlEscape is the escape of a double-quoted scalar that a source begins with, and what it stands for.
func yamlEscape(source string) (escape, value string) {
	if len(source) < 2 || source[0] != '\\' {
		return "", ""
	}
	length := map[byte]int{'x': 4, 'u': 6, 'U': 10}[source[1]]
	if length == 0 {
		length = 2
	}
	if length > len(source) || yaml.Unmarshal([]byte(`"`+source[:length]+`"`), &value) != nil {
		return "", ""
	}
	return source[:length], value
}

// encode writes a text as it must be in the source of the value, at an offset of the file.
func (v *value) encode(text string, at int) (string, error) {
	switch {
	case v.style&yaml.DoubleQuotedStyle != 0:
		return escaper.Replace(text), nil
	case !strings.ContainsAny(text, "\r\n"):
		if v.style&yaml.SingleQuotedStyle != 0 {
			return strings.ReplaceAll(text, "'", "''"), nil
		}
		return text, nil
	case v.style&yaml.LiteralStyle != 0:
		return strings.ReplaceAll(text, "\n", v.lineBreak(at)), nil
	}
	return "", errors.New("a new line can't be put into a folded or quoted value safely")
}

// escaper writes what neither JSON nor a double-quoted YAML scalar may hold as it is.
var escaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

// lineBreak is the break and indentation by which a line of a literal block is followed by another.
func (v *value) lineBreak(at int) string {
	text := v.file.Text
	line := v.file.Line(v.file.Position(at).Line)
	lineBreak := "\n"
	if strings.HasPrefix(text[line.End:], "\r\n") || line.End == len(text) && strings.Contains(text, "\r\n") {
		lineBreak = "\r\n"
	}
	// The indentation of the block is where the first line of the value begins.
	first := v.base + v.scalar.Source(len(v.scalar.Value)-len(strings.TrimLeft(v.scalar.Value, "\n")))
	begin := v.file.Line(v.file.Position(first).Line).Start
	return lineBreak + text[begin:first]
}
