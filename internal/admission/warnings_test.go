package admission

import (
	"fmt"
	"strings"
	"testing"

	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

// checkLimits holds the warnings of a decision against what the API server and its clients accept.
func checkLimits(t *testing.T, d *Decision) {
	t.Helper()
	total := 0
	seen := map[string]bool{}
	for _, w := range d.Warnings {
		if _, err := utilnet.NewWarningHeader(299, "", w); err != nil {
			t.Errorf("the API server drops the warning %q: %v", w, err)
		}
		if len(w) > maxWarning {
			t.Errorf("%d bytes: %q", len(w), w)
		}
		if seen[w] {
			t.Errorf("said twice: %q", w)
		}
		seen[w] = true
		total += len(w)
	}
	if total >= maxWarnings {
		t.Errorf("%d bytes of warnings", total)
	}
	for key, value := range d.Annotations {
		if len(value) > maxAnnotation {
			t.Errorf("annotation %s has %d bytes", key, len(value))
		}
	}
	for _, c := range d.Causes {
		if len(c.Message) > maxCause+2*maxCorrected {
			t.Errorf("%d bytes of one cause", len(c.Message))
		}
	}
}

// FuzzClean: the API server takes what clean gives for a warning, and it is no longer than its bound.
func FuzzClean(f *testing.F) {
	f.Add("a\nb\xff\u202e", 3)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = max(1, limit%1000)
		got := clean(text, limit)
		if len(got) > limit {
			t.Fatalf("%d bytes, the limit is %d", len(got), limit)
		}
		if _, err := utilnet.NewWarningHeader(299, "", got); err != nil {
			t.Fatalf("clean(%q) = %q: %v", text, got, err)
		}
	})
}

func TestWarningsComeWorstFirstAndSayHowManyAreLeftOut(t *testing.T) {
	var b strings.Builder
	for i := range 200 {
		fmt.Fprintf(&b, "- rolearn: arn:aws:iam::111122223333:role/r%d\n  username: shared\n  groups: [g%d]\n", i, i)
	}
	d := validateNow(policy.Default(), request(alice, terraform, kind+b.String(), kind+b.String()+masters))
	checkLimits(t, d)
	n := len(d.Warnings)
	if n < 10 {
		t.Fatalf("%d warnings: %q", n, d.Warnings)
	}
	if !strings.HasSuffix(d.Warnings[0], "[system-masters]") || !strings.HasSuffix(d.Warnings[1], "[arn-kind]") || !strings.HasPrefix(d.Warnings[1], "was there before: ") {
		t.Errorf("the first warnings are not the worst:\n%s", strings.Join(d.Warnings[:3], "\n"))
	}
	if want := fmt.Sprintf("+%d more: run kubectl aws-auth lint", len(d.Findings)-(n-1)); d.Warnings[n-1] != want {
		t.Errorf("the last warning is %q, want %q", d.Warnings[n-1], want)
	}
}

func TestBoundSaysNothingTwice(t *testing.T) {
	got := bound([]string{"a", "b", "a"})
	if len(got) != 2 {
		t.Errorf("bound = %q", got)
	}
	if got := bound(nil); len(got) != 0 {
		t.Errorf("bound(nil) = %q", got)
	}
}

func TestTheNameOfTheRuleIsNeverCut(t *testing.T) {
	w := warning("mapRoles[0]: ", strings.Repeat("long ", 100)+"and its end", "role-path")
	if len(w) > maxWarning || !strings.HasPrefix(w, "mapRoles[0]: long ") || !strings.HasSuffix(w, "and its end [role-path]") || !strings.Contains(w, "…") {
		t.Errorf("%d bytes: %q", len(w), w)
	}
}
