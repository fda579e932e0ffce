package cli

import (
	"os"
	"regexp"
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
		if got := strings.Count(page, "\nBad:\n") + strings.Count(page, "\nBad, with this policy:\n"); got != len(r.Bad) {
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

// TestExplainPolicy takes each policy that a page shows and the example under it, and wants lint to agree.
func TestExplainPolicy(t *testing.T) {
	shown := regexp.MustCompile(`(?m)^(Bad|Good), with this policy:\n((?:  .*\n)+)\n((?:  .*\n)+)`)
	t.Chdir(t.TempDir())
	tested := 0
	for _, r := range validate.Rules() {
		_, page := run(t, "", "explain", r.Name)
		for _, m := range shown.FindAllStringSubmatch(page, -1) {
			tested++
			for name, text := range map[string]string{"policy.yaml": m[2], "aws-auth.yaml": m[3]} {
				if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			_, with := run(t, "", "lint", "--policy", "policy.yaml", "aws-auth.yaml")
			if strings.Contains(with, "["+r.Name+"]") != (m[1] == "Bad") {
				t.Errorf("%s: with the policy of its %s example lint says:\n%s", r.Name, m[1], with)
			}
		}
	}
	if tested < 3 {
		t.Errorf("only %d examples with a policy", tested)
	}
}
