package yamlfault

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

var (
	// flowStart is how a text in brackets begins, as JSON does: after blank lines, and comments of YAML or of JavaScript.
	flowStart = regexp.MustCompile(`\A(?:\s|#[^\n]*\n|//[^\n]*\n|/\*(?s:.*?)\*/)*([{\[])`)
	// flowToken is one token of such a text.
	flowToken = regexp.MustCompile(`\A(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*'|["'][^\n]*|#[^\n]*|//[^\n]*|/\*(?s:.*?)\*/|[{}\[\],:]|(?:[^\s{}\[\],:"'#]|[:#][^\s{}\[\],"'])+)`)
)

// flowMark is a change to a text in brackets.
type flowMark struct {
	Edit
	saw, advice string
}

// opened is a bracket that is open.
type opened struct {
	bracket byte
	// column is that of the first key or item that begins a line, -1 where there is none yet.
	column int
}

// flowScan goes through a text in brackets as if all marks were there, and collects those that are not.
type flowScan struct {
	text  string
	open  []opened
	marks []flowMark
	// last is the last token that is no comment, and where it ends. isKey is set where it is a word or a text that begins a pair.
	last  string
	end   int
	isKey bool
	// line is where the line begins, and inked is set once a token stands in it.
	line  int
	inked bool
}

// flow finds marks that are missing in a text in brackets: one change that writes them all. It reports whether the text is one.
func (f *finder) flow() (Fault, bool) {
	start := flowStart.FindStringSubmatchIndex(f.text)
	if start == nil {
		return Fault{}, false
	}
	s := flowScan{text: f.text}
	for at := 0; at < len(f.text); {
		if strings.IndexByte(" \t\r\n", f.text[at]) >= 0 {
			if at++; f.text[at-1] == '\n' {
				s.line, s.inked = at, false
			}
			continue
		}
		token := flowToken.FindString(f.text[at:])
		if token == "" {
			token = f.text[at : at+1]
		}
		s.take(at, token)
		s.inked = true
		if i := strings.LastIndexByte(token, '\n'); i >= 0 { // in a comment
			s.line = at + i + 1
		}
		at += len(token)
	}
	s.finish()
	if len(s.marks) == 0 {
		return Fault{}, true
	}
	first := s.marks[0]
	fault := Fault{Span: yamlpos.Span{Start: first.Start, End: max(first.End, min(len(f.text), first.Start+1))}, Saw: first.saw, Advice: first.advice}
	for _, m := range s.marks {
		fault.Edits = append(fault.Edits, m.Edit)
	}
	slices.SortStableFunc(fault.Edits, func(a, b Edit) int { return a.Start - b.Start })
	return fault, true
}

func (s *flowScan) mark(start, end int, now, saw, advice string) {
	s.marks = append(s.marks, flowMark{Edit{Start: start, End: end, New: now}, saw, advice})
}

func (s *flowScan) take(at int, token string) {
	if strings.HasPrefix(token, "//") || strings.HasPrefix(token, "/*") {
		s.mark(at, at+len(token), "", "this is a comment only to JavaScript", "remove it, or in YAML begin it with #")
		return
	}
	switch c := token[0]; {
	case c == '#':
		return
	case c == ',' && (s.last == "," || s.last == "[" || s.last == "{"):
		s.mark(at, at+1, "", "a comma stands where none belongs", "remove this ,")
		return
	case c == ',' || c == ':':
	case c == '}' || c == ']':
		s.closes(at, c)
	default:
		s.value(at, token)
		if c == '{' || c == '[' {
			s.open = append(s.open, opened{c, -1})
		}
	}
	if (token[0] == '"' || token[0] == '\'') && (len(token) == 1 || token[len(token)-1] != token[0]) {
		// It goes on to the end of the line.
		inner := strings.TrimRight(token, " \t\r,")
		s.mark(at+len(inner), at+len(inner), token[:1], "this quote is not closed", "write "+token[:1]+" at its end")
		if inner != strings.TrimRight(token, " \t\r") {
			s.last, s.end = ",", at+len(token)
			return
		}
	}
	s.last, s.end = token, at+len(token)
}

// value is a key, or a value: a text, a word, or an open bracket.
func (s *flowScan) value(at int, token string) {
	column := at - s.line
	if top := s.top(); top != nil && !s.inked {
		// What stands to the left of its neighbors belongs to what is around them.
		for len(s.open) > 1 && s.top().column > column && s.open[len(s.open)-2].column == column {
			s.insertCloser(s.end)
			s.open = s.open[:len(s.open)-1]
		}
		if top = s.top(); top.column < 0 {
			top.column = column
		}
	}
	word := strings.IndexByte(`{["'`, token[0]) < 0
	switch {
	case s.last == "" || strings.Contains("{[,:", s.last):
	case s.isWord() && word && s.top() != nil: // one value of several words
	case s.top() != nil && s.top().bracket == '{' && s.isKey:
		s.mark(s.end, s.end, ":", "there is no colon after "+quotedShort(s.last), "write : after it")
		s.last = ":"
	case s.top() != nil:
		s.mark(s.end, s.end, ",", "there is no comma before "+quotedShort(token), "write a comma before it")
		s.last = ","
	}
	s.isKey = s.top() != nil && s.top().bracket == '{' && (s.last == "{" || s.last == ",")
}

func (s *flowScan) isWord() bool { return s.last != "" && strings.IndexByte(`"'}]`, s.last[0]) < 0 }

// closes takes a closing bracket: that of the last one that is open, or one of those around it.
func (s *flowScan) closes(at int, c byte) {
	want := byte('{')
	if c == ']' {
		want = '['
	}
	s.isKey = false
	if !slices.ContainsFunc(s.open, func(o opened) bool { return o.bracket == want }) {
		s.mark(at, at+1, "", "a bracket stands where none belongs", "remove this "+string(c))
		return
	}
	for s.top().bracket != want {
		s.insertCloser(s.end)
		s.open = s.open[:len(s.open)-1]
	}
	s.open = s.open[:len(s.open)-1]
}

func (s *flowScan) top() *opened {
	if len(s.open) == 0 {
		return nil
	}
	return &s.open[len(s.open)-1]
}

// insertCloser closes the last bracket that is open, before a comma.
func (s *flowScan) insertCloser(at int) {
	closer := map[byte]string{'{': "}", '[': "]"}[s.top().bracket]
	if s.last == "," {
		at--
	}
	s.mark(at, at, closer, fmt.Sprintf("there is no %s that closes the %c above", closer, s.top().bracket), "write "+closer+" here")
}

// finish closes what is open at the end.
func (s *flowScan) finish() {
	if s.last == "," {
		s.last = "" // which may stand before a closing bracket
	}
	for len(s.open) > 0 {
		s.insertCloser(s.end)
		s.open = s.open[:len(s.open)-1]
	}
}

func quotedShort(token string) string { return "`" + shown(token) + "`" }
