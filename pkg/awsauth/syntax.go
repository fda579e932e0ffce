package awsauth

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws-auth-guard/aws-auth-guard/internal/yamlpos"
)

// SyntaxError says why a text does not parse and where the trouble shows.
type SyntaxError struct {
	// Message is the YAML library's, without its prefix and line.
	Message string
	// Offset is the first byte of the trouble, as near as it can be told.
	Offset int
}

// Error gives the message; the offset means nothing without the text.
func (e *SyntaxError) Error() string { return e.Message }

var yamlErrorLine = regexp.MustCompile(`^line (\d+): `)

// syntaxError works out the place of an error. The library counts the line of some errors from the wrong end,
// so the place is where the text, cut behind a line, first stops to parse.
func (s *Section) syntaxError(err error) *SyntaxError {
	msg := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "error converting YAML to JSON: "), "yaml: ")
	msg = strings.TrimPrefix(msg, "yaml: ")
	line := 0
	if m := yamlErrorLine.FindStringSubmatch(msg); m != nil {
		line, _ = strconv.Atoi(m[1])
		msg = strings.TrimPrefix(msg, m[0])
	}
	if at, ok := namedTrouble(s.Text, msg); ok {
		return &SyntaxError{Message: tidy(msg), Offset: at}
	}
	return &SyntaxError{Message: tidy(msg), Offset: s.troubleOffset(line)}
}

// tidy replaces messages that show Go values.
func tidy(msg string) string {
	switch {
	case strings.HasPrefix(msg, "unsupported map key"), strings.HasPrefix(msg, "invalid map key"):
		return "a key is not a text"
	case strings.HasPrefix(msg, "json: unsupported value"):
		return "a number is infinite or not a number"
	}
	return strings.TrimPrefix(msg, "json: ")
}

var (
	errorAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
	errorCycle  = regexp.MustCompile(`^anchor '(.*)' value contains itself$`)
	errorTag    = regexp.MustCompile(` as a (!!\w+)$`)
	infinity    = regexp.MustCompile(`(?i)[+-]?\.(?:inf|nan)\b`)
)

// namedTrouble finds the place of an error that names what it is about, but not where that stands.
func namedTrouble(text, msg string) (int, bool) {
	at := -1
	switch {
	case msg == "control characters are not allowed":
		at = strings.IndexFunc(text, isForbidden)
	case strings.Contains(msg, "UTF-8"):
		at = firstInvalid(text)
	case msg == "found unknown escape character":
		at = strings.Index(text, `\/`)
	case strings.HasPrefix(msg, "json: unsupported value"):
		if m := infinity.FindStringIndex(text); m != nil {
			at = m[0]
		}
	}
	for re, mark := range map[*regexp.Regexp]string{errorAnchor: "*", errorCycle: "&", errorTag: ""} {
		if m := re.FindStringSubmatch(msg); m != nil {
			at = strings.Index(text, mark+m[1])
		}
	}
	return at, at >= 0
}

// isForbidden reports the characters that YAML 1.1 does not allow.
func isForbidden(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0 && r != 0x85 || r >= 0xd800 && r < 0xe000 || r == 0xfffe || r == 0xffff
}

func firstInvalid(text string) int {
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
			return i
		}
	}
	return -1
}

// troubleOffset looks around the line that the library names (0 where it names none) for the first line that
// the text does not parse with, and gives the offset of that line's first character that is not blank.
func (s *Section) troubleOffset(line int) int {
	starts := lineStarts(s.Text)
	if s.source().Err == nil {
		// The tree parses but can't be turned into JSON; only unquoted templates and odd scalars do that, and
		// the rules find those.
		return firstInk(s.Text, starts[min(max(line-1, 0), len(starts)-1)])
	}
	from, to := max(line-3, 0), min(line+2, len(starts)-1)
	if line == 0 {
		from, to = 0, min(3, len(starts)-1)
	}
	for i := from; i <= to; i++ {
		end := len(s.Text)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		if yamlpos.Parse(s.Text[:end]).Err != nil {
			return firstInk(s.Text, starts[i])
		}
	}
	return firstInk(s.Text, starts[min(max(line-1, 0), len(starts)-1)])
}

func lineStarts(text string) []int {
	starts := []int{0}
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\r':
			if i+1 < len(text) && text[i+1] == '\n' {
				i++
			}
		case '\n':
		default:
			continue
		}
		starts = append(starts, i+1)
	}
	return starts
}

func firstInk(text string, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\t') {
		at++
	}
	return at
}

// arnField finds the ARN of an entry in a text that may not parse.
var arnField = regexp.MustCompile(`(?i)\b(?:rolearn|userarn)["']?[ \t]*:[ \t]*["']?([^\s"',}\]]+)`)

// Mention is an ARN that stands in a text as the value of rolearn or userarn, whether the text parses or not.
type Mention struct {
	ARN  string
	Span Span
}

// Mentions are the ARNs that a text names, comments left out: what can still be told of a text that does not parse, or of
// what follows its first document.
func (s *Section) Mentions() []Mention {
	var found []Mention
	starts := lineStarts(s.Text)
	for i, start := range starts {
		end := len(s.Text)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		line := s.Text[start:end]
		for _, m := range arnField.FindAllStringSubmatchIndex(line[:commentStart(line)], -1) {
			found = append(found, Mention{ARN: line[m[2]:m[3]], Span: Span{Start: start + m[2], End: start + m[3]}})
		}
	}
	return found
}

// commentStart is where the comment of a line begins, or its end.
func commentStart(line string) int {
	for i := range len(line) {
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			return i
		}
	}
	return len(line)
}
