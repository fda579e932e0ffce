package yamlpos

import "strings"

// maxIndent bounds the indentations tried for a block scalar whose header names it relative to a parent that
// is not known here.
const maxIndent = 128

// block matches a literal or folded block scalar, header included.
func (m *matcher) block(folded bool) bool {
	i := m.at + 1
	explicit := false
	for i < len(m.text) && strings.IndexByte("+-123456789", m.text[i]) >= 0 {
		explicit = explicit || m.text[i] != '+' && m.text[i] != '-'
		i++
	}
	i = skipLine(m.text, i)
	i += breakLength(m.text[min(i, len(m.text)):])
	if !explicit {
		return m.blockLines(i, firstIndent(m.text, i), folded)
	}
	for indent := 1; indent <= maxIndent; indent++ {
		try := *m
		try.segments = nil
		if try.blockLines(i, indent, folded) && try.done == len(m.value) {
			*m = try
			return true
		}
	}
	return false
}

// firstIndent is the indentation of the first line that is not blank.
func firstIndent(text string, at int) int {
	for at < len(text) {
		n := 0
		for at+n < len(text) && text[at+n] == ' ' {
			n++
		}
		b := breakLength(text[at+n:])
		if b == 0 {
			return n
		}
		at += n + b
	}
	return 0
}

// blockLines matches the content lines of a block scalar that begin at offset i.
func (m *matcher) blockLines(i, indent int, folded bool) bool {
	end := i
	for i < len(m.text) && m.done < len(m.value) {
		n := 0
		for n < indent && i+n < len(m.text) && m.text[i+n] == ' ' {
			n++
		}
		if b := breakLength(m.text[i+n:]); b > 0 {
			// A blank line: a line feed in the value, unless folding took it for the one break before it.
			if !m.lineFeed(i+n, b) && !folded {
				break
			}
			i += n + b
			continue
		}
		if n < indent {
			break
		}
		m.at = i + n
		if stop := skipLine(m.text, m.at); stop > m.at && !m.verbatim(stop-m.at) {
			return false
		}
		end = m.at
		i = m.at
		if b := breakLength(m.text[i:]); b > 0 {
			if !m.lineFeed(i, b) && folded && m.done < len(m.value) && m.value[m.done] == ' ' {
				m.done++
			}
			i += b
		}
	}
	m.at = max(end, m.at)
	return m.done == len(m.value)
}

// lineFeed takes a break of b bytes at offset i for a line feed of the value. A plain LF is in the source
// as it is, which lets an editor put a whole line in or out.
func (m *matcher) lineFeed(i, b int) bool {
	if m.done >= len(m.value) || m.value[m.done] != '\n' {
		return false
	}
	m.at = i
	if b == 1 && m.text[i] == '\n' {
		return m.verbatim(1)
	}
	return m.translated(b, "\n")
}
