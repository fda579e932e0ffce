package cli

import (
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// TestExplain wants every rule explained: what it is, what is done about it, and its examples.
func TestExplain(t *testing.T) {
	for _, r := range validate.Rules() {
		_, page := run(t, "", "explain", r.Name)
		for _, want := range []string{r.Name + ": " + r.Title, "\nSeverity:  " + string(r.Severity), "standard " + string(r.Standard), validate.DocsURL(r.Name)} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page lacks %q:\n%s", r.Name, want, page)
			}
		}
		if got := strings.Count(page, "\nBad:\n"); got != len(r.Bad) {
			t.Errorf("%s: %d bad examples, want %d", r.Name, got, len(r.Bad))
		}
		for _, line := range strings.Split(page, "\n\n")[1:2] {
			for text := range strings.Lines(line) {
				if len([]rune(text)) > textWidth+1 && strings.Contains(text, " ") {
					t.Errorf("%s: a line of %d characters: %q", r.Name, len([]rune(text)), text)
				}
			}
		}
		if strings.Contains(page, "Fix:       safe") != (r.Standard == validate.Fix) {
			t.Errorf("%s: the page and the rule differ about the safe fix:\n%s", r.Name, page)
		}
	}
}
