package validate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func names(findings []Finding) []string {
	var out []string
	for _, f := range findings {
		if !slices.Contains(out, f.Rule) {
			out = append(out, f.Rule)
		}
	}
	return out
}

func describe(doc *awsauth.Document, findings []Finding) string {
	var b strings.Builder
	for _, f := range findings {
		pos := awsauth.Position{}
		if s := doc.Section(f.Section); s != nil {
			pos = s.Position(f.Span.Start)
		}
		fmt.Fprintf(&b, "\n  %s %d:%d %s: %s", f.Rule, pos.Line, pos.Column, f.Path(), f.Sentence().Text)
	}
	return b.String()
}

func TestExamples(t *testing.T) {
	for _, r := range Rules() {
		t.Run(r.Name, func(t *testing.T) {
			if r.Title == "" || r.Rationale == "" || r.Severity == "" || r.Standard == "" {
				t.Error("the rule lacks a title, a rationale, a severity or an action")
			}
			if r.Check == nil {
				return
			}
			if len(r.Bad) == 0 || len(r.Good) == 0 {
				t.Fatal("the rule has no bad or no good example")
			}
			for i, ex := range r.Bad {
				doc, findings := ex.Run(r.Name)
				if got := names(findings); !slices.Equal(got, []string{r.Name}) {
					t.Errorf("bad example %d yields %v, want this rule alone:%s", i, got, describe(doc, findings))
				}
				for _, f := range findings {
					if strings.ContainsAny(f.Sentence().Text, "\n\t") || len(f.Sentence().Text) > 400 {
						t.Errorf("bad example %d: message of %d bytes: %q", i, len(f.Sentence().Text), f.Sentence().Text)
					}
				}
			}
			for i, ex := range r.Good {
				if doc, findings := ex.Run(r.Name); len(findings) > 0 {
					t.Errorf("good example %d yields:%s", i, describe(doc, findings))
				}
			}
		})
	}
}

// TestControls wants numbers as the catalogues write them, and none twice.
func TestControls(t *testing.T) {
	ids := regexp.MustCompile(`^(CIS EKS \d+\.\d+\.\d+ 4\.1\.\d+|NSA/CISA 1\.2 [A-Z][a-z -]+|MITRE ATT&CK T\d{4}(\.\d{3})?)$`)
	titles, with := map[string]string{}, 0
	for _, r := range Rules() {
		seen := map[string]bool{}
		for _, c := range r.Controls {
			if !ids.MatchString(c.Name()) || seen[c.Name()] {
				t.Errorf("%s: %q", r.Name, c.Name())
			}
			if known := titles[c.Name()]; known != "" && known != c.Title {
				t.Errorf("%s has two titles", c.Name())
			}
			seen[c.Name()], titles[c.Name()] = true, c.Title
		}
		if len(r.Controls) > 0 {
			with++
		}
	}
	if with < 5 {
		t.Errorf("only %d rules have controls", with)
	}
}
