// Package glob compares names with patterns.
package glob

import (
	"slices"
	"strings"
)

// Any reports whether a text fits one of the patterns; the empty text fits none.
func Any(patterns []string, s string) bool {
	return s != "" && slices.ContainsFunc(patterns, func(p string) bool { return Match(p, s) })
}

// Match compares with a pattern in which "*" stands for any characters, also none. It looks at each part of the
// pattern once, so no pattern makes it slow.
func Match(pattern, s string) bool {
	first, rest, starred := strings.Cut(pattern, "*")
	if !starred {
		return pattern == s
	}
	if !strings.HasPrefix(s, first) {
		return false
	}
	s = s[len(first):]
	parts := strings.Split(rest, "*")
	last := parts[len(parts)-1]
	for _, part := range parts[:len(parts)-1] {
		at := strings.Index(s, part)
		if at < 0 {
			return false
		}
		s = s[at+len(part):]
	}
	return strings.HasSuffix(s, last)
}
