package validate

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// templateText is something that looks like a template, known or not.
var templateText = regexp.MustCompile(`^\{\{[ \t]*\w+[ \t]*\}\}`)

// valueStart is what may come before a value on a line in block style: indentation, dashes, a key.
var valueStart = regexp.MustCompile(`^[ \t]*(?:-[ \t]+)*(?:(?:[\w.-]+|"[^"]*"|'[^']*')[ \t]*:[ \t]+)?`)

// quoteTemplates finds the values that need quotes because of an unquoted template and gives the edits that put
// them there. It works on text that does not parse, line by line, and so may be wrong: the caller reads the
// edited text to see whether it is fixed.
func quoteTemplates(text string) []Edit {
	q := &quoter{text: text}
	for q.at < len(text) {
		q.line()
	}
	return q.edits
}

type quoter struct {
	text  string
	at    int
	edits []Edit
}

// line takes one line, or, where a value in flow style begins on it, all of that.
func (q *quoter) line() {
	end := q.lineEnd(q.at)
	rest := q.text[q.at:end]
	start := q.at + len(valueStart.FindString(rest))
	value := q.text[start:end]
	switch {
	case templateText.MatchString(value):
		q.quote(start, start+len(withoutComment(value)))
	case strings.HasPrefix(value, "[") || strings.HasPrefix(value, "{"):
		q.at = start
		q.flow()
		end = q.lineEnd(q.at)
	}
	q.at = min(end+1, len(q.text))
}

func (q *quoter) lineEnd(at int) int {
	if i := strings.IndexAny(q.text[at:], "\n\r"); i >= 0 {
		return at + i
	}
	return len(q.text)
}

// withoutComment cuts a comment and the blanks before it.
func withoutComment(value string) string {
	for i := 1; i < len(value); i++ {
		if value[i] == '#' && (value[i-1] == ' ' || value[i-1] == '\t') {
			value = value[:i]
			break
		}
	}
	return strings.TrimRight(value, " \t")
}

// flow takes a value in flow style up to its closing bracket.
func (q *quoter) flow() {
	depth := 0
	for q.at < len(q.text) {
		switch c := q.text[q.at]; {
		case templateText.MatchString(q.text[q.at:]):
			q.token()
		case c == '[' || c == '{':
			depth++
			q.at++
		case c == ']' || c == '}':
			depth--
			q.at++
			if depth <= 0 {
				return
			}
		case c == '"' || c == '\'':
			q.quoted(c)
		case strings.IndexByte(" \t\r\n,:", c) >= 0:
			q.at++
		case c == '#':
			q.at = q.lineEnd(q.at)
		default:
			q.token()
		}
	}
}

func (q *quoter) quoted(mark byte) {
	for q.at++; q.at < len(q.text) && q.text[q.at] != mark; q.at++ {
		if mark == '"' && q.text[q.at] == '\\' {
			q.at++
		}
	}
	q.at = min(q.at+1, len(q.text))
}

// token takes a plain scalar in flow style, templates in it as a whole.
func (q *quoter) token() {
	start, templated := q.at, false
	for q.at < len(q.text) {
		if t := templateText.FindString(q.text[q.at:]); t != "" {
			templated = true
			q.at += len(t)
			continue
		}
		c, next := q.text[q.at], q.text[min(q.at+1, len(q.text)):]
		if strings.IndexByte(",[]{}\r\n", c) >= 0 || c == ':' && (next == "" || strings.IndexByte(" \t\r\n,[]{}", next[0]) >= 0) && !templateText.MatchString(next) {
			break
		}
		q.at++
	}
	if templated {
		q.quote(start, start+len(strings.TrimRight(q.text[start:q.at], " \t")))
	}
}

func (q *quoter) quote(start, end int) {
	mark := quoteMark(q.text[start:end])
	if mark == "" {
		return
	}
	q.edits = append(q.edits, Edit{Start: start, End: start, New: mark}, Edit{Start: end, End: end, New: mark})
}

// quoteMark is the quotation mark that can stand around a text unchanged, or "".
func quoteMark(s string) string {
	switch {
	case !strings.ContainsAny(s, "\"\\\n\r"):
		return `"`
	case !strings.ContainsAny(s, "'\n\r"):
		return `'`
	}
	return ""
}

// quotesThatFix gives the quoting edits that make a text parse which does not, or nil.
func quotesThatFix(s *awsauth.Section) []Edit {
	if s.Err == nil || !strings.Contains(s.Text, "{{") {
		return nil
	}
	edits := quoteTemplates(s.Text)
	if len(edits) == 0 {
		return nil
	}
	repaired := awsauth.Read(map[string]string{string(s.Key): Splice(s.Text, edits)}).Section(s.Key)
	if repaired.Discarded() || !quotesAreMarks(s, repaired, edits) {
		return nil
	}
	return edits
}

// quotesAreMarks reports whether all quotes that were put in are read as marks and none as text, which they would
// be inside a block scalar or on the second line of a value. With a plain word in place of each quoted text the
// list must read the same but for that word.
func quotesAreMarks(s, repaired *awsauth.Section, edits []Edit) bool {
	var words []Edit
	var back []string
	for i := 0; i+1 < len(edits); i += 2 {
		word := fmt.Sprintf("quotedText%04d", i)
		words = append(words, Edit{Start: edits[i].Start, End: edits[i+1].End, New: word})
		back = append(back, word, s.Text[edits[i].Start:edits[i+1].End])
	}
	worded := awsauth.Read(map[string]string{string(s.Key): Splice(s.Text, words)}).Section(s.Key)
	if len(worded.Entries) != len(repaired.Entries) || len(worded.Accounts) != len(repaired.Accounts) {
		return false
	}
	restore := strings.NewReplacer(back...)
	for i, e := range repaired.Entries {
		if restore.Replace(worded.Entries[i].Reading()) != e.Reading() {
			return false
		}
	}
	for i, a := range repaired.Accounts {
		if restore.Replace(worded.Accounts[i].Value) != a.Value {
			return false
		}
	}
	return true
}
