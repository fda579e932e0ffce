package yamlpos

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Scalar ties the value of a scalar node to its source.
type Scalar struct {
	// Span covers the token: quotes and block header included, anchor and tag not.
	Span
	// Value is the text that the node holds.
	Value    string
	segments []segment
}

// segment says that n bytes of the value stand unchanged in the source.
type segment struct{ value, source, n int }

// Range maps value[from:to] to the source range that holds these very bytes. It fails where they do not stand
// there in one piece: an escape, a folded line, indentation between.
func (s *Scalar) Range(from, to int) (Span, bool) {
	if from > to {
		return Span{}, false
	}
	lo, hi := 0, len(s.segments)
	for lo < hi {
		mid := (lo + hi) / 2
		if seg := s.segments[mid]; seg.value+seg.n < from || (seg.value+seg.n == from && from < to) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == len(s.segments) {
		return Span{}, false
	}
	seg := s.segments[lo]
	if from < seg.value || to > seg.value+seg.n {
		return Span{}, false
	}
	return Span{seg.source + from - seg.value, seg.source + to - seg.value}, true
}

// Source maps the offset of a byte of the value to where it comes from, or to the nearest place before it.
func (s *Scalar) Source(at int) int {
	source, _ := s.Locate(at)
	return source
}

// Locate is Source, and says how many bytes of the value lie between that place and the offset: those of escapes, or of a line
// break that is written in another way.
func (s *Scalar) Locate(at int) (source, short int) {
	source, short = s.Start, at
	for lo, hi := 0, len(s.segments); lo < hi; {
		mid := (lo + hi) / 2
		if seg := s.segments[mid]; seg.value <= at {
			n := min(at-seg.value, seg.n)
			source, short = seg.source+n, at-seg.value-n
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return source, short
}

// Scalar finds the source of a scalar node's value; false where it is unknown for certain.
func (f *File) Scalar(n *yaml.Node) (*Scalar, bool) {
	if n == nil || n.Kind != yaml.ScalarNode {
		return nil, false
	}
	start, ok := f.Start(n)
	if !ok {
		return nil, false
	}
	at := skipProperties(f.Text, start)
	m := matcher{text: f.Text, at: at, value: n.Value}
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		ok = m.doubleQuoted()
	case n.Style&yaml.SingleQuotedStyle != 0:
		ok = m.singleQuoted()
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		ok = m.block(n.Style&yaml.FoldedStyle != 0)
	default:
		if n.Value == "" {
			// An empty plain scalar has no token; what is there belongs to the next node.
			return &Scalar{Span: Span{start, start}}, start == at
		}
		ok = m.plain()
	}
	if !ok || m.done != len(n.Value) {
		return nil, false
	}
	return &Scalar{Span: Span{at, m.at}, Value: n.Value, segments: m.segments}, true
}

// matcher walks a token and the value that the library read from it side by side.
type matcher struct {
	text     string
	at       int // next source byte
	value    string
	done     int // value bytes accounted for
	segments []segment
}

// verbatim takes n source bytes that must be in the value as they are.
func (m *matcher) verbatim(n int) bool {
	if m.at+n > len(m.text) || m.done+n > len(m.value) || m.text[m.at:m.at+n] != m.value[m.done:m.done+n] {
		return false
	}
	if k := len(m.segments) - 1; k >= 0 && m.segments[k].value+m.segments[k].n == m.done && m.segments[k].source+m.segments[k].n == m.at {
		m.segments[k].n += n
	} else {
		m.segments = append(m.segments, segment{m.done, m.at, n})
	}
	m.at += n
	m.done += n
	return true
}

// translated takes n source bytes that give s in the value.
func (m *matcher) translated(n int, s string) bool {
	if !strings.HasPrefix(m.value[m.done:], s) {
		return false
	}
	m.at += n
	m.done += len(s)
	return true
}

// fold takes blanks up to a line break, the break, blank lines and the next line's indentation: in the value
// one break is a space, more are one line feed fewer.
func (m *matcher) fold() (folded, ok bool) {
	i := m.at
	for i < len(m.text) && (m.text[i] == ' ' || m.text[i] == '\t') {
		i++
	}
	if i >= len(m.text) || breakLength(m.text[i:]) == 0 {
		return false, true
	}
	breaks := 0
	for i < len(m.text) {
		if m.text[i] == ' ' || m.text[i] == '\t' {
			i++
			continue
		}
		n := breakLength(m.text[i:])
		if n == 0 {
			break
		}
		breaks++
		i += n
	}
	want := " "
	if breaks > 1 {
		want = strings.Repeat("\n", breaks-1)
	}
	return true, m.translated(i-m.at, want)
}

// next takes a fold, or one byte that is in the value as it is.
func (m *matcher) next() bool {
	folded, ok := m.fold()
	return ok && (folded || m.verbatim(1))
}

func (m *matcher) plain() bool {
	for m.done < len(m.value) {
		if m.at >= len(m.text) || !m.next() {
			return false
		}
	}
	return true
}

func (m *matcher) singleQuoted() bool {
	if m.at >= len(m.text) || m.text[m.at] != '\'' {
		return false
	}
	m.at++
	for m.at < len(m.text) {
		if m.text[m.at] == '\'' {
			if !strings.HasPrefix(m.text[m.at:], "''") {
				m.at++
				return true
			}
			if !m.translated(2, "'") {
				return false
			}
			continue
		}
		if !m.next() {
			return false
		}
	}
	return false
}

func (m *matcher) doubleQuoted() bool {
	if m.at >= len(m.text) || m.text[m.at] != '"' {
		return false
	}
	m.at++
	for m.at < len(m.text) {
		switch m.text[m.at] {
		case '"':
			m.at++
			return true
		case '\\':
			if !m.escape() {
				return false
			}
			continue
		}
		if !m.next() {
			return false
		}
	}
	return false
}

// escapes are those of YAML 1.1 that stand for one fixed character.
var escapes = map[byte]string{
	'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r", 'e': "\x1b",
	' ': " ", '"': "\"", '\'': "'", '\\': "\\", '/': "/", 'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029",
}

var escapeDigits = map[byte]int{'x': 2, 'u': 4, 'U': 8}

func (m *matcher) escape() bool {
	rest := m.text[m.at+1:]
	if rest == "" {
		return false
	}
	if n := breakLength(rest); n > 0 {
		i := m.at + 1 + n
		for i < len(m.text) && (m.text[i] == ' ' || m.text[i] == '\t') {
			i++
		}
		m.at = i
		return true
	}
	if s, ok := escapes[rest[0]]; ok {
		return m.translated(2, s)
	}
	digits, ok := escapeDigits[rest[0]]
	if !ok || len(rest) < 1+digits {
		return false
	}
	length := 2 + digits
	if isPair(rest) {
		length = 2 * len(`\ud83d`)
	}
	// Which character it is, the value tells: the library has read the digits.
	_, size := utf8.DecodeRuneInString(m.value[m.done:])
	return m.translated(length, m.value[m.done:min(m.done+size, len(m.value))])
}

// isPair reports whether a text goes on with two escapes, after a backslash, by which JSON writes one character.
func isPair(s string) bool {
	return len(s) >= 11 && s[0] == 'u' && s[5:7] == `\u` && isHex(s[1], "dD") && isHex(s[2], "89abAB") && isHex(s[7], "dD") && isHex(s[8], "cdefCDEF")
}

func isHex(c byte, digits string) bool { return strings.IndexByte(digits, c) >= 0 }
