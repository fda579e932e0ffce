package admission

import (
	"fmt"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
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

// TestEveryRefusalSaysWhoRefused wants the first warning of a refusal to name the guard and a page, and the override where there is one.
func TestEveryRefusalSaysWhoRefused(t *testing.T) {
	const docs = "https://github.com/aws-auth-guard/aws-auth-guard/blob/main/docs/"
	bad := request(alice, terraform, node, node+kind)
	wrong := request(alice, terraform, node, node+kind)
	wrong.New.Annotations = map[string]string{policy.OverrideAnnotation: "arn-kind"}
	empty := request(alice, person, node, "[]")
	deleted := &Request{Operation: admissionv1.Delete, Old: awsAuth(node)}
	fixed := &Request{Operation: admissionv1.Delete, Old: awsAuth(node)}
	yes := true
	fixed.Old.Immutable = &yes
	for name, tt := range map[string]struct {
		policy string
		r      *Request
		want   string
	}{
		"an edit":                  {"", bad, "refused by aws-auth-guard: " + docs + "rules/arn-kind.md; override in the same edit by aws-auth-guard.dev/override: \"arn-kind: <reason>\""},
		"a map that is emptied":    {"", empty, "refused by aws-auth-guard: " + docs + "rules/map-deleted.md; override in the same edit by aws-auth-guard.dev/override: \"map-deleted: <reason>\""},
		"a delete":                 {"", deleted, "refused by aws-auth-guard: " + docs + "rules/map-deleted.md; override in an edit that empties it by aws-auth-guard.dev/override: \"map-deleted: <reason>\""},
		"an immutable map":         {"", fixed, "refused by aws-auth-guard: " + docs + "rules/map-deleted.md; override in an edit before by aws-auth-guard.dev/override: \"map-deleted: <reason>\""},
		"who may not override":     {"override: {groups: [admins]}\n", bad, "refused by aws-auth-guard: " + docs + "rules/arn-kind.md"},
		"an override that is none": {"", wrong, "refused by aws-auth-guard: " + docs + "operations.md#overriding-a-refusal"},
	} {
		t.Run(name, func(t *testing.T) {
			d := validateNow(parsePolicy(t, tt.policy), tt.r)
			checkLimits(t, d)
			if d.Result != Refused || len(d.Warnings) == 0 || d.Warnings[0] != tt.want {
				t.Errorf("%s, %q, want first\n%s", d.Result, d.Warnings, tt.want)
			}
		})
	}
}

// TestWhoRefusedFitsWithAnyRules: one warning has room for every rule, and for several or the place where they go.
func TestWhoRefusedFitsWithAnyRules(t *testing.T) {
	d := &Decision{}
	for _, rule := range validate.Rules() {
		d.Findings = append(d.Findings, EvaluatedFinding{Finding: validate.Finding{Rule: rule.Name, Touched: true}, Refused: true})
		alone := &Decision{Findings: d.Findings[len(d.Findings)-1:]}
		for _, r := range []*Request{{New: awsAuth(node)}, {Old: awsAuth(node)}} {
			for _, of := range []*Decision{alone, d} {
				line := of.whoRefused(policy.Default(), r)
				if len(line) > maxWarning || !strings.HasSuffix(line, ": <reason>\"") {
					t.Errorf("%d bytes: %s", len(line), line)
				}
			}
			if line := alone.whoRefused(policy.Default(), r); !strings.Contains(line, "\""+rule.Name+": ") {
				t.Errorf("the override does not name the rule: %s", line)
			}
		}
	}
}
