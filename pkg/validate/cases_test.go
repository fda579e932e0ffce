package validate_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
)

var update = flag.Bool("update", false, "update the golden files")

// TestCases holds what the rules say of every map of the authenticator's table against a file that people have
// read.
func TestCases(t *testing.T) {
	var b strings.Builder
	for _, c := range cases.All() {
		doc := awsauth.Read(c.Data)
		fmt.Fprintf(&b, "%s %s\n", c.ID, c.Title)
		for _, f := range validate.Check(doc, validate.Options{Bindings: &validate.BindingFacts{}}) {
			at := ""
			if s := doc.Section(f.Section); s != nil {
				p := s.Position(f.Span.Start)
				at = fmt.Sprintf("%d:%d ", p.Line, p.Column)
			}
			fix := ""
			if f.Fix != nil {
				fix = " {" + string(f.Fix.Applicability) + ": " + f.Fix.Summary + "}"
			}
			fmt.Fprintf(&b, "    %s%s: %s [%s]%s\n", at, f.Path(), f.Sentence().Text, f.Rule, fix)
		}
	}
	const golden = "testdata/cases.golden"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, exp := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(got), len(exp)) {
		if i >= len(got) || i >= len(exp) || got[i] != exp[i] {
			t.Fatalf("line %d differs from %s; go test -update updates it\ngot  %s\nwant %s", i+1, golden, at(got, i), at(exp, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(end)"
}

// TestCheckRepairsIsCheckChangeWithoutTheRest tries every map of the table as a new one, and as an edit of the one before it.
func TestCheckRepairsIsCheckChangeWithoutTheRest(t *testing.T) {
	repairing := map[string]bool{}
	facts := validate.Facts{Bindings: &validate.BindingFacts{}}
	var old *awsauth.Document
	for _, c := range cases.All() {
		for _, change := range []*validate.Change{{New: awsauth.Read(c.Data), Facts: facts}, {Old: old, New: awsauth.Read(c.Data), Facts: facts}} {
			var want []string
			for _, f := range validate.CheckChange(change, validate.Options{}) {
				if f.Fix != nil {
					want = append(want, fmt.Sprintf("%+v %+v", f, *f.Fix))
					repairing[f.Rule] = true
				}
			}
			var got []string
			for _, f := range validate.CheckRepairs(change, validate.Options{}) {
				if f.Fix == nil {
					t.Errorf("%s: a finding without a repair: %s", c.ID, f.Sentence().Text)
					continue
				}
				got = append(got, fmt.Sprintf("%+v %+v", f, *f.Fix))
			}
			if strip(got) != strip(want) {
				t.Errorf("%s:\n%s\nof all findings:\n%s", c.ID, strip(got), strip(want))
			}
		}
		old = awsauth.Read(c.Data)
	}
	for _, r := range validate.Rules() {
		if !r.FromIAM() && r.Repairs != repairing[r.Name] {
			t.Errorf("%s: Repairs is %v, but whether the table has a repair of it: %v", r.Name, r.Repairs, repairing[r.Name])
		}
	}
}

// strip leaves out the addresses of repairs.
func strip(lines []string) string {
	return regexp.MustCompile(`0x[0-9a-f]+`).ReplaceAllString(strings.Join(lines, "\n"), "-")
}
