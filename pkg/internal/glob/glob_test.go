package glob

import "testing"

func TestAny(t *testing.T) {
	for _, tt := range []struct {
		patterns []string
		s        string
		want     bool
	}{
		{[]string{"a", "b*"}, "bc", true},
		{[]string{"a", "b*"}, "c", false},
		{[]string{"*"}, "", false},
		{nil, "a", false},
	} {
		if got := Any(tt.patterns, tt.s); got != tt.want {
			t.Errorf("Any(%q, %q) = %v", tt.patterns, tt.s, got)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		glob, s string
		want    bool
	}{
		{"*", "", true}, {"*", "x", true}, {"**", "x", true},
		{"a*", "a", true}, {"a*a", "a", false}, {"a*a", "aa", true}, {"a*b*c", "axbyc", true},
		{"a*b*c", "axbybc", true}, {"a*bc", "abcbc", true}, {"a*b*c", "acb", false}, {"", "", true}, {"", "x", false},
		{"a?c", "abc", false}, {"[a]", "a", false},
	} {
		if got := Match(tt.glob, tt.s); got != tt.want {
			t.Errorf("Match(%q, %q) = %v", tt.glob, tt.s, got)
		}
	}
}
