package admission

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

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
		if n := utf8.RuneCountInString(w); n > maxWarning {
			t.Errorf("%d code points: %q", n, w)
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
		if n := utf8.RuneCountInString(value); n > maxAnnotation {
			t.Errorf("annotation %s has %d code points", key, n)
		}
	}
	for _, c := range d.Causes {
		if len(c.Message) > 4*maxCause+2*maxCorrected {
			t.Errorf("%d bytes of one cause", len(c.Message))
		}
	}
}

func TestClean(t *testing.T) {
	for _, tt := range []struct {
		text  string
		limit int
		want  string
	}{
		{"", 10, ""},
		{"as it is", 10, "as it is"},
		{"two\nlines", 20, "two lines"},
		{"\ttabs\t\tand\r\nbreaks \n", 20, "tabs and breaks"},
		{"bell\x07 nul\x00 esc\x1b[31m", 30, "bell nul esc [31m"},
		{"next\u0085line\u2028sep\u00a0nbsp", 30, "next line sep nbsp"},
		{"bad \xff\xfe utf8", 20, "bad \ufffd\ufffd utf8"},
		{"\u202eright to left\u200b", 30, "\ufffdright to left\ufffd"},
		{"ü – fine", 10, "ü – fine"},
		{"exactly 10", 10, "exactly 10"},
		{"one over 10", 10, "one over…"},
		{"elevenchars", 10, "elevencha…"},
		{"ünïcödé wörds", 8, "ünïcödé…"},
		{"abc", 1, "…"},
	} {
		got := clean(tt.text, tt.limit)
		if got != tt.want {
			t.Errorf("clean(%q, %d) = %q, want %q", tt.text, tt.limit, got, tt.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\nb\xff\u202e", 3)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = max(1, limit%1000)
		got := clean(text, limit)
		if n := utf8.RuneCountInString(got); n > limit {
			t.Fatalf("%d code points, the limit is %d", n, limit)
		}
		if _, err := utilnet.NewWarningHeader(299, "", got); err != nil {
			t.Fatalf("clean(%q) = %q: %v", text, got, err)
		}
		if clean(got, limit) != got {
			t.Fatalf("clean(%q) = %q, cleaned again %q", text, got, clean(got, limit))
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
	w := warning(strings.Repeat("long ", 100), "role-path")
	if n := utf8.RuneCountInString(w); n > maxWarning || !strings.HasSuffix(w, "… [role-path]") {
		t.Errorf("%d code points: %q", n, w)
	}
}
