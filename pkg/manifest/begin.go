package manifest

import (
	"errors"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// errNoPlace says that a data key can't be put into a file.
var errNoPlace = errors.New("the file does not have this data key, and is no plain ConfigMap that one can be added to: add it by hand")

// shift is how far lines are indented below a key, in a file that does not show it.
const shift = "  "

// Begins reports whether a data key is missing, or has no text in which an entry could be put beside others: null, an empty text,
// or an empty list between quotes.
func (d *Document) Begins(key string) bool {
	text, there := d.Data[key]
	v, inYAML := d.values[key].(*value)
	switch strings.TrimSpace(text) {
	case "":
		return !there || inYAML
	case "[]":
		return inYAML && v.style&yaml.LiteralStyle == 0
	}
	return false
}

// Begin puts a text under a data key for which Begins is true: as a literal block, or in quotes where the file is JSON. A key that is
// missing comes before those that are there. It fails where the file does not read as exactly that afterwards.
func (f *File) Begin(d *Document, key, text string) (*File, error) {
	var edits func(block bool) []Edit
	want := map[*Document]map[string]string{d: {key: text}}
	span, named := d.keys[key]
	v, _ := d.values[key].(*value)
	switch {
	case v != nil:
		at, ok := f.afterColon(span.End)
		if !ok || v.scalar == nil {
			return nil, errNoPlace
		}
		// The line feed that kubectl adds to the last line lies outside the file.
		old := Span{Start: min(v.base+v.scalar.Start, len(f.Text)), End: min(v.base+v.scalar.End, len(f.Text))}
		if old.Start < at || old.Start == old.End { // Nothing stands there.
			old = Span{Start: at, End: at}
		}
		edits = func(block bool) []Edit { return f.inPlace(d, span.Start, old, text, block) }
	case named || !d.Whole || len(f.Problems) > 0:
		return nil, errNoPlace
	case len(d.Data) > 0:
		edits = func(block bool) []Edit { return f.beforeOthers(d, key, text, block) }
	case d.section.key.End > d.section.key.Start:
		edits = func(block bool) []Edit { return f.inSection(d, key, text, block) }
	default:
		edits = func(block bool) []Edit { return f.withSection(d, key, text, block) }
	}
	if edited, err := f.Apply(edits(true), want); err == nil {
		return edited, nil
	}
	inBraces := edits(false)
	if len(inBraces) == 0 {
		return nil, errNoPlace
	}
	return f.Apply(inBraces, want)
}

// blockHeader is the header of a block scalar.
var blockHeader = regexp.MustCompile(`^[|>][-+0-9]*`)

// inPlace writes a text where a value holds nothing, after the key that begins at an offset.
func (f *File) inPlace(d *Document, key int, old Span, text string, block bool) []Edit {
	blank := ""
	if old.Start == old.End {
		blank = " "
	}
	if !block {
		return []Edit{{Start: old.Start, End: old.End, New: blank + doubleQuoted(text)}}
	}
	if header := blockHeader.FindString(f.Text[old.Start:old.End]); header != "" {
		old.End = old.Start + len(header)
	}
	end := f.endOfLine(old.End)
	indent := f.indentOf(key)
	return []Edit{
		{Start: old.Start, End: old.End, New: blank + header(text)},
		{Start: end, End: end, New: f.literal(indent+f.deeper(indent, d.shift(f), end), text)},
	}
}

// beforeOthers writes a key and its text before the keys that are there.
func (f *File) beforeOthers(d *Document, key, text string, block bool) []Edit {
	first, end := len(f.Text), 0
	for name, span := range d.keys {
		if _, isData := d.Data[name]; isData && span.Start < first {
			first, end = span.Start, span.End
		}
	}
	start := f.lineStart(first)
	indent := f.Text[start:first]
	if strings.TrimSpace(indent) != "" {
		return f.onLineOf(first, end, key, text)
	}
	if !block {
		return []Edit{{Start: first, End: first, New: `"` + key + `": ` + doubleQuoted(text) + "," + f.lineBreak() + indent}}
	}
	at := f.aboveComments(start, indent) + len(indent)
	return []Edit{{Start: at, End: at, New: key + ": " + header(text) + f.literal(indent+d.shift(f), text) + f.lineBreak() + indent}}
}

// onLineOf writes a key and its text into braces, before a key that does not begin its line and ends at an offset.
func (f *File) onLineOf(first, end int, key, text string) []Edit {
	if before := strings.TrimRight(f.Text[:first], " \t\r\n"); !strings.HasSuffix(before, "{") && !strings.HasSuffix(before, ",") {
		return nil
	}
	blank := ""
	if at, ok := f.afterColon(end); ok && strings.HasPrefix(f.Text[at:], " ") {
		blank = " "
	}
	return []Edit{{Start: first, End: first, New: `"` + key + `":` + blank + doubleQuoted(text) + "," + blank}}
}

// inSection writes a key and its text into data, which is null or has no keys.
func (f *File) inSection(d *Document, key, text string, block bool) []Edit {
	at, ok := f.afterColon(d.section.key.End)
	if !ok {
		return nil
	}
	old := d.section.value
	if old.Start < at || old.Start == old.End {
		old = Span{Start: at, End: at}
	}
	if !block {
		return []Edit{{Start: old.Start, End: old.End, New: f.flowSection(f.indentOf(d.section.key.Start), key, text, f.Text[:old.Start])}}
	}
	end := f.endOfLine(old.End)
	indent := f.indentOf(d.section.key.Start)
	inner := indent + f.deeper(indent, shift, end)
	return []Edit{
		{Start: at, End: old.End},
		{Start: end, End: end, New: f.lineBreak() + inner + key + ": " + header(text) + f.literal(inner+shift, text)},
	}
}

// withSection writes data with a key and its text into a ConfigMap without data.
func (f *File) withSection(d *Document, key, text string, block bool) []Edit {
	if strings.HasPrefix(f.Text[d.at.Start:], "{") {
		after := f.Text[d.at.Start+1:]
		blanks := after[:len(after)-len(strings.TrimLeft(after, " \t\r\n"))]
		indent := blanks[strings.LastIndexByte(blanks, '\n')+1:]
		at := d.at.Start + 1
		return []Edit{{Start: at, End: at, New: blanks + `"data": ` + f.flowSection(indent, key, text, f.Text[:at]+blanks) + ","}}
	}
	if !block {
		return nil
	}
	end := f.endOfLine(d.at.Start + len(strings.TrimRight(f.Text[d.at.Start:d.at.End], " \t\r\n")))
	br := f.lineBreak()
	return []Edit{{Start: end, End: end, New: br + "data:" + br + shift + key + ": " + header(text) + f.literal(shift+shift, text)}}
}

// flowSection is data in braces: over lines where its key begins a line that is indented.
func (f *File) flowSection(indent, key, text, before string) string {
	field := `"` + key + `": ` + doubleQuoted(text)
	line := before[strings.LastIndexByte(before, '\n')+1:]
	if indent == "" || !strings.HasPrefix(strings.TrimLeft(line, " \t"), `"data"`) && strings.TrimSpace(line) != "" {
		return "{" + field + "}"
	}
	return "{" + f.lineBreak() + indent + indent + field + f.lineBreak() + indent + "}"
}

// header is that of a literal block with a text.
func header(text string) string {
	if strings.HasSuffix(text, "\n") {
		return "|"
	}
	return "|-"
}

// literal are the lines of a literal block, each with the line break before it.
func (f *File) literal(indent, text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(f.lineBreak())
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			b.WriteString(indent + line)
		}
	}
	return b.String()
}

func doubleQuoted(text string) string { return `"` + escaper.Replace(text) + `"` }

// lineBreak is that of the file.
func (f *File) lineBreak() string {
	if strings.Contains(f.Text, "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// afterColon is the offset after the colon of a key that ends at an offset; false where none follows on its line.
func (f *File) afterColon(end int) (int, bool) {
	rest := f.Text[end:]
	blanks := len(rest) - len(strings.TrimLeft(rest, " \t"))
	return end + blanks + 1, strings.HasPrefix(rest[blanks:], ":")
}

// endOfLine is the offset of the break that ends the line of an offset.
func (f *File) endOfLine(at int) int {
	return at + len(strings.TrimRight(f.Text[at:lineEnd(f.Text, at)], "\r\n"))
}

// indentOf are as many blanks as stand before an offset on its line.
func (f *File) indentOf(at int) string {
	return strings.Repeat(" ", at-f.lineStart(at))
}

// lineStart is where the line of an offset begins, after a byte order mark.
func (f *File) lineStart(at int) int {
	start := strings.LastIndexByte(f.Text[:at], '\n') + 1
	if start == 0 && strings.HasPrefix(f.Text[:at], bom) {
		return len(bom)
	}
	return start
}

// deeper is a shift that keeps the comments after a line out of a block that begins there: the least that is further right than they.
func (f *File) deeper(indent, shift string, end int) string {
	for at := lineEnd(f.Text, end); at < len(f.Text); at = lineEnd(f.Text, at) {
		line := strings.TrimRight(f.Text[at:lineEnd(f.Text, at)], " \r\n")
		ink := strings.TrimLeft(line, " ")
		if ink != "" && !strings.HasPrefix(ink, "#") {
			break
		}
		if comment := len(line) - len(ink); ink != "" && comment >= len(indent)+len(shift) {
			shift = strings.Repeat(" ", comment-len(indent)+1)
		}
	}
	return shift
}

// shift is how far the texts of a document are indented below their keys.
func (d *Document) shift(f *File) string {
	for _, key := range awsauth.Keys() {
		v, _ := d.values[string(key)].(*value)
		if v == nil || v.scalar == nil || v.style&yaml.LiteralStyle == 0 || strings.TrimSpace(v.scalar.Value) == "" {
			continue
		}
		first := v.base + v.scalar.Source(len(v.scalar.Value)-len(strings.TrimLeft(v.scalar.Value, "\n")))
		if n := len(f.indentOf(first)) - len(f.indentOf(d.keys[string(key)].Start)); n > 0 {
			return strings.Repeat(" ", n)
		}
	}
	return shift
}

// aboveComments is the start of the lines with comments of one indentation that stand right above a line: they belong to it.
func (f *File) aboveComments(line int, indent string) int {
	for line > len(bom) {
		above := f.lineStart(line - 1)
		if !strings.HasPrefix(f.Text[above:line], indent+"#") {
			break
		}
		line = above
	}
	return line
}
