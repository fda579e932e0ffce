package validate

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
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

// TestMisspeltTemplate holds the answer against one that takes every template out.
func TestMisspeltTemplate(t *testing.T) {
	pieces := append(awsauth.Templates(), "{{", "}}", "{", "}", "a", "SessionName", "{{Session", "Name}}", "{{ SessionName }}", "{AccountID}")
	found := 0
	for seed := range uint64(20_000) {
		r := rand.New(rand.NewPCG(seed, 4))
		var s string
		for range r.IntN(6) {
			s += pieces[r.IntN(len(pieces))]
		}
		rest := s
		for _, known := range awsauth.Templates() {
			rest = strings.ReplaceAll(rest, known, "")
		}
		want := firstTemplate(rest)
		if want == "" {
			want = singleBraced.FindString(rest)
		}
		if got := misspeltTemplate(s); got != want {
			t.Fatalf("%q: %q, want %q", s, got, want)
		}
		if want != "" {
			found++
		}
	}
	if found < 1000 || found > 19_000 {
		t.Errorf("%d of the texts hold one", found)
	}
}
