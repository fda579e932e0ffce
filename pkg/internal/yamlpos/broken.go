package yamlpos

import (
	"regexp"
	"strconv"
	"strings"
)

var errorLine = regexp.MustCompile(`^line (\d+): `)

// ErrorLine takes apart what a YAML library says of a text that does not parse: the message, and the line that it names, 0
// where it names none.
func ErrorLine(err error) (message string, line int) {
	message = strings.TrimPrefix(strings.TrimPrefix(err.Error(), "error converting YAML to JSON: "), "yaml: ")
	message = strings.TrimPrefix(message, "yaml: ")
	if m := errorLine.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = message[len(m[0]):]
	}
	return message, line
}

// BrokenLine finds the place of an error: the first line, from one to another, with which the text does not parse when it
// is cut after it. The libraries count the lines of some errors wrong, so the caller says how far around the named line to
// look, and which line it is where the text parses with all of them. The place is that of the first character that is no
// blank.
func BrokenLine(text string, from, to, otherwise int, broken func(string) bool) int {
	lines := newEditorLines(text)
	for line := max(from, 1); line <= min(to, len(lines.starts)); line++ {
		if broken(text[:lines.end(line-1)]) {
			return lines.ink(line)
		}
	}
	return lines.ink(min(max(otherwise, 1), len(lines.starts)))
}

// ink is where the first character of a line stands that is no blank.
func (l *lineIndex) ink(line int) int {
	at := l.starts[line-1]
	return len(l.text) - len(strings.TrimLeft(l.text[at:], " \t"))
}

// LineStarts are the offsets at which the lines of a text begin, as editors count them.
func LineStarts(text string) []int { return newEditorLines(text).starts }
