package awsauth

import (
	"strings"
	"testing"
)

// FuzzSlip: whatever two texts, the change between them that fixes the first one brings in no letter and no digit, and leaves
// fewer faults.
func FuzzSlip(f *testing.F) {
	f.Add("- rolearn: a\n  username: b:\n", "- rolearn: a\n  username: b\n")
	f.Add("[{rolearn: a username: b}]", "[{rolearn: a, username: b}]\n# c")
	f.Add("- rolearn: a\u00a0\n\u00a0 username: b\n", "- rolearn: a\n  username: b\n")
	f.Fuzz(func(t *testing.T, old, next string) {
		s := roles(old).Roles
		fixed, ok := s.slipFixed(next)
		if !ok {
			return
		}
		if roles(fixed).Roles.faults() >= s.faults() {
			t.Errorf("%q has no fewer faults than %q", fixed, old)
		}
		for _, r := range fixed {
			if isNameRune(r) && strings.Count(fixed, string(r)) > strings.Count(old, string(r)) {
				t.Errorf("%q has %q more often than %q", fixed, r, old)
			}
		}
	})
}
