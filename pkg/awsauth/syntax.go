package awsauth

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

// SyntaxError says why a text does not parse and where the trouble shows.
type SyntaxError struct {
	// Message is the YAML library's, without its prefix and line.
	Message string
	// Offset is the first byte of the trouble, as near as is known.
	Offset int
	// line is the one that the YAML library names, 0 where it names none.
	line int
}

// Error gives the message; the offset means nothing without the text.
func (e *SyntaxError) Error() string { return e.Message }

// syntaxError works out the place of an error.
func (s *Section) syntaxError(err error) *SyntaxError {
	msg, line := yamlpos.ErrorLine(err)
	if at, ok := namedTrouble(s.Text, msg); ok {
		return &SyntaxError{Message: tidy(msg), Offset: at}
	}
	return &SyntaxError{Message: tidy(msg), Offset: s.troubleOffset(line), line: line}
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

// troubleOffset looks around the line that the library names, 0 where it names none.
func (s *Section) troubleOffset(line int) int {
	return yamlpos.BrokenLine(s.Text, line-2, max(line+3, 4), line, func(text string) bool {
		// A tree that parses but can't be turned into JSON: only unquoted templates and odd scalars do that, and the rules
		// find those.
		return s.source().Err != nil && yamlpos.Parse(text).Err != nil
	})
}

// arnField finds the ARN of an entry in a text that may not parse.
var arnField = regexp.MustCompile(`(?i)\b(?:rolearn|userarn)["']?[ \t]*:[ \t]*["']?([^\s"',}\]]+)`)

// Mention is an ARN that stands in a text as the value of rolearn or userarn, whether the text parses or not.
type Mention struct {
	ARN  string
	Span Span
}

// Mentions are the ARNs that a text names, comments left out: what can still be read from a text that does not parse, or of
// what follows its first document.
func (s *Section) Mentions() []Mention {
	var found []Mention
	starts := yamlpos.LineStarts(s.Text)
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
