package evidence

// step is what a byte does to a value.
type step int

const (
	// going: nothing that counts.
	going step = iota
	// opened: a list begins.
	opened
	// closed: the value ends with this byte.
	closed
	// lost: this byte is no part of the value, which ended too early.
	lost
)

// scanner follows the brackets of a JSON value, byte by byte. What else is wrong with it shows when it is decoded.
type scanner struct {
	depth                  int
	inText, escaped, fresh bool
}

func (s *scanner) next(c byte) step {
	if s.inText {
		switch {
		case s.escaped:
			s.escaped = false
		case c == '\\':
			s.escaped = true
		case c == '"':
			s.inText = false
		case c == '\n': // JSON has no line breaks in texts: the line was cut off
			return lost
		}
		return going
	}
	if s.fresh {
		s.fresh = false
		// A line of a document that goes on begins with a blank or with one of these; another one is the next record.
		switch c {
		case ' ', '\t', '\r', '\n', '}', ']', ',', '"':
		default:
			return lost
		}
	}
	switch c {
	case '"':
		s.inText = true
	case '{':
		s.depth++
	case '[':
		s.depth++
		return opened
	case '}', ']':
		if s.depth--; s.depth <= 0 {
			return closed
		}
	case '\n':
		s.fresh = true
	}
	return going
}
