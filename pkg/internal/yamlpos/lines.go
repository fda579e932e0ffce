package yamlpos

import (
	"sort"
	"unicode/utf8"
)

// Span is a half-open range of byte offsets.
type Span struct{ Start, End int }

// Position is a place for people: 1-based line and column, the column in Unicode code points.
type Position struct{ Line, Column int }

// lineIndex knows where the lines of a text begin. Offsets are in bytes.
type lineIndex struct {
	text   string
	starts []int
	// checkpoints hold, for a long line, the offset of every checkpointRunes-th code point.
	checkpoints map[int][]int
}

// checkpointRunes bounds the code points counted per look-up, so that one line of a megabyte stays cheap.
const checkpointRunes = 256

// newEditorLines splits at LF, CRLF and CR: what editors and compilers call a line.
func newEditorLines(text string) *lineIndex { return newLines(text, false) }

// newYAMLLines splits as YAML 1.1 does as well at NEL, LS and PS, and leaves out a byte order mark.
func newYAMLLines(text string) *lineIndex { return newLines(text, true) }

func newLines(text string, yaml11 bool) *lineIndex {
	first := 0
	if yaml11 && len(text) >= 3 && text[:3] == "\ufeff" {
		first = 3
	}
	starts := []int{first}
	for i := 0; i < len(text); {
		n := 0
		switch c := text[i]; {
		case c == '\n':
			n = 1
		case c == '\r':
			n = 1
			if i+1 < len(text) && text[i+1] == '\n' {
				n = 2
			}
		case yaml11 && c >= 0xc2:
			n = unicodeBreak(text[i:])
		}
		if n == 0 {
			i++
			continue
		}
		i += n
		starts = append(starts, i)
	}
	return &lineIndex{text: text, starts: starts, checkpoints: map[int][]int{}}
}

// unicodeBreak is the length of the NEL, LS or PS that s begins with, or 0.
func unicodeBreak(s string) int {
	switch {
	case len(s) >= 2 && s[:2] == "\u0085":
		return 2
	case len(s) >= 3 && (s[:3] == "\u2028" || s[:3] == "\u2029"):
		return 3
	}
	return 0
}

// breakLength is the length of the YAML line break that s begins with, or 0.
func breakLength(s string) int {
	if s == "" {
		return 0
	}
	switch s[0] {
	case '\n':
		return 1
	case '\r':
		if len(s) > 1 && s[1] == '\n' {
			return 2
		}
		return 1
	}
	return unicodeBreak(s)
}

// line returns the 0-based line that holds the offset.
func (l *lineIndex) line(offset int) int {
	return max(0, sort.SearchInts(l.starts, offset+1)-1)
}

// end is the offset after the line and its break.
func (l *lineIndex) end(line int) int {
	if line+1 < len(l.starts) {
		return l.starts[line+1]
	}
	return len(l.text)
}

// position turns an offset into line and column; offsets beyond the text mean its end.
func (l *lineIndex) position(offset int) Position {
	offset = min(max(offset, 0), len(l.text))
	line := l.line(offset)
	start, column := l.starts[line], 0
	if offset-start > checkpointRunes {
		marks := l.marks(line)
		k := max(0, sort.SearchInts(marks, offset+1)-1)
		start, column = marks[k], k*checkpointRunes
	}
	if offset > start {
		column += utf8.RuneCountInString(l.text[start:offset])
	}
	return Position{Line: line + 1, Column: column + 1}
}

// offset turns 1-based line and column into an offset, and false where there is no such place.
func (l *lineIndex) offset(p Position) (int, bool) {
	if p.Line < 1 || p.Line > len(l.starts) || p.Column < 1 {
		return 0, false
	}
	line, left := p.Line-1, p.Column-1
	at, end := l.starts[line], l.end(line)
	if left > checkpointRunes {
		marks := l.marks(line)
		k := left / checkpointRunes
		if k >= len(marks) {
			return 0, false
		}
		at, left = marks[k], left%checkpointRunes
	}
	for ; left > 0; left-- {
		if at >= end {
			return 0, false
		}
		_, size := utf8.DecodeRuneInString(l.text[at:])
		at += size
	}
	return at, true
}

func (l *lineIndex) marks(line int) []int {
	if m, ok := l.checkpoints[line]; ok {
		return m
	}
	var m []int
	n := 0
	for i := range l.text[l.starts[line]:l.end(line)] {
		if n%checkpointRunes == 0 {
			m = append(m, l.starts[line]+i)
		}
		n++
	}
	if m == nil {
		m = []int{l.starts[line]}
	}
	l.checkpoints[line] = m
	return m
}
