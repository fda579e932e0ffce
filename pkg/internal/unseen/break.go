package unseen

import (
	"slices"
	"strings"
)

// Break finds a line break that YAML 1.1 knows and that most editors, diffs and terminals don't show as one: U+0085, U+2028,
// U+2029, or a carriage return by itself in a text with line feeds. It counts where content is on both sides of it on what
// looks like one line: what follows it may look like the end of a comment, and is a line of its own. A text all of whose lines
// end in carriage returns is shown as it is.
func Break(text string) (r rune, at int, found bool) {
	holds := func(b string) bool { return strings.Contains(text, b) } // strings.ContainsAny takes ten times as long
	if !slices.ContainsFunc([]string{"\r", "\u0085", "\u2028", "\u2029"}, holds) {
		return 0, 0, false
	}
	start := 0
	for line := range strings.Lines(text) {
		shown := strings.TrimRight(line, " \t\r\n")
		if !strings.Contains(text, "\n") {
			shown = strings.ReplaceAll(shown, "\r", "\n")
		}
		if r, at := breakIn(shown); at >= 0 {
			return r, start + at, true
		}
		start += len(line)
	}
	return 0, 0, false
}

// breakIn finds such a break in a line, -1 for none. What follows it counts for nothing where it is a comment. It looks at each
// character once: a text can be nothing but breaks.
func breakIn(line string) (rune, int) {
	var first rune
	content, pending := false, -1
	for at, r := range line {
		switch r {
		case '\r', '\u0085', '\u2028', '\u2029':
			if content && pending < 0 {
				first, pending = r, at
			}
		case ' ', '\t':
		case '\n':
			content, pending = false, -1
		default:
			if pending >= 0 && r != '#' {
				return first, pending
			}
			content, pending = true, -1
		}
	}
	return 0, -1
}
