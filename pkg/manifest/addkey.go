package manifest

import (
	"encoding/json"
	"errors"
	"strings"
)

// errNoPlace says that a data key can't be put into a file.
var errNoPlace = errors.New("the file has no such data key, and is not written in a way in which one can be put in: add it by hand")

// AddKey puts a data key with a text into a document that lacks it, before the keys that it has. It fails where the file does not
// read as exactly that afterwards.
func (f *File) AddKey(d *Document, key, value string) (*File, error) {
	first := -1
	for name, span := range d.keys {
		if _, isData := d.Data[name]; isData && (first < 0 || span.Start < first) {
			first = span.Start
		}
	}
	if _, there := d.Data[key]; there || first < 0 {
		return nil, errNoPlace
	}
	lineStart := strings.LastIndexByte(f.Text[:first], '\n') + 1
	indent := f.Text[lineStart:first]
	newline := "\n"
	if strings.Contains(f.Text, "\r\n") {
		newline = "\r\n"
	}
	var edit Edit
	switch {
	case strings.TrimSpace(indent) != "":
		return nil, errNoPlace
	case f.Text[first] == '"': // JSON
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
