package manifest

import (
	"encoding/json"
	"errors"
	"strings"
)

// errNoPlace says that a data key can't be put into a file.
var errNoPlace = errors.New("the file does not have this data key, and is no plain ConfigMap that one can be added to: add it by hand")

// AddKey puts a data key with a text into a document that lacks it, before the keys that it has. It fails where the file does not
// read as exactly that afterwards.
func (f *File) AddKey(d *Document, key, value string) (*File, error) {
	first := -1
	for name, span := range d.keys {
		if _, isData := d.Data[name]; isData && (first < 0 || span.Start < first) {
			first = span.Start
		}
	}
	if _, named := d.keys[key]; named || first < 0 || !d.Whole || len(f.Problems) > 0 {
		return nil, errNoPlace
	}
	lineStart := strings.LastIndexByte(f.Text[:first], '\n') + 1
	indent := f.Text[lineStart:first]
	newline := "\n"
	if strings.Contains(f.Text, "\r\n") {
		newline = "\r\n"
	}
	first = aboveComments(f.Text, lineStart, indent) + len(indent)
	var edit Edit
	switch {
	case strings.TrimSpace(indent) != "":
		return nil, errNoPlace
	case f.Text[first] == '"' && strings.HasPrefix(strings.TrimSpace(f.Text), "{"): // JSON
		quoted, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		edit = Edit{Start: first, End: first, New: `"` + key + `": ` + string(quoted) + "," + newline + indent}
	default:
		var b strings.Builder
		b.WriteString(key + ": |" + newline)
		for line := range strings.Lines(value) {
			b.WriteString(indent + "  " + strings.TrimRight(line, "\r\n") + newline)
		}
		edit = Edit{Start: first, End: first, New: b.String() + indent}
	}
	return f.Apply([]Edit{edit}, map[*Document]map[string]string{d: {key: value}})
}

// aboveComments is the start of the lines with comments of one indentation that stand right above a line: they belong to it.
func aboveComments(text string, line int, indent string) int {
	for line > 0 {
		above := strings.LastIndexByte(text[:line-1], '\n') + 1
		if !strings.HasPrefix(text[above:line], indent+"#") {
			break
		}
		line = above
	}
	return line
}
