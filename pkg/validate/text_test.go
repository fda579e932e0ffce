package validate

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"
)

// TestTemplates holds the ranges against those of a regular expression.
func TestTemplates(t *testing.T) {
	expression := regexp.MustCompile(`\{\{[^{}]*\}\}`)
	found := 0
	for seed := range uint64(20_000) {
		r := rand.New(rand.NewPCG(seed, 3))
		var text []byte
		for range r.IntN(16) {
			text = append(text, "{}{}{}a\n"[r.IntN(8)])
		}
		s := string(text)
		want := expression.FindAllStringIndex(s, -1)
		if got := templates(s); !slices.EqualFunc(got, want, func(a [2]int, b []int) bool { return a[0] == b[0] && a[1] == b[1] }) {
			t.Fatalf("%q: %v, want %v", s, got, want)
		}
		if got, want := fixed(s), expression.Split(s, -1); !slices.Equal(got, want) {
			t.Fatalf("%q: parts %q, want %q", s, got, want)
		}
		found += len(want)
	}
	if found < 1000 {
		t.Errorf("only %d templates in all", found)
	}
}
