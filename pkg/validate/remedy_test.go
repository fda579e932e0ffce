package validate_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/mutate"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
)

// imperative begins a remedy.
var imperative = regexp.MustCompile(`^(?:add|bind|begin|break|change|choose|close|correct|create|delete|did you mean|give|grant|hold|indent|keep|` +
	`leave|let|look for|make|map|merge|move|name|put|remove|split|switch|use|write|to remove)\b`)

// glued is a remedy within the words that say what is wrong.
var glued = regexp.MustCompile(`; (?:add|bind|choose|create|delete|did you mean|indent|keep|leave|make|move|put|remove|use|write)\b|not repaired`)

// TestEveryFindingHasARemedy wants of every finding, in the examples of the rules and in the authenticator's table, what to do
// about it in a field of its own. Not of two kinds: what harms nobody asks for nothing, and what could not be found out may be
// right.
func TestEveryFindingHasARemedy(t *testing.T) {
	checked := 0
	check := func(name string, doc *awsauth.Document, findings []validate.Finding, o validate.Options) {
		for _, f := range mutate.Vet(doc, findings, o) {
			checked++
			if f.Remedy == "" && !f.Advisory && !f.Inconclusive || f.Remedy != "" && !imperative.MatchString(f.Remedy) {
				t.Errorf("%s: %s has the remedy %q: %s", name, f.Rule, f.Remedy, f.What)
			}
			if glued.MatchString(f.What) || f.What == "" || strings.HasSuffix(f.What, ";") {
				t.Errorf("%s: %s says %q of what is wrong", name, f.Rule, f.What)
			}
			if said := f.Sentence(); !strings.HasPrefix(said.Text, f.What) || strings.ContainsAny(said.Text, "\n\t") {
				t.Errorf("%s: %s says %q", name, f.Rule, said.Text)
			}
		}
	}
	for _, r := range validate.Rules() {
		for _, ex := range r.Bad {
			if r.Check != nil {
				doc, findings := ex.Run(r.Name)
				check("examples", doc, findings, ex.Options(r.Name))
			}
		}
	}
	for _, c := range cases.All() {
		doc, o := awsauth.Read(c.Data), validate.Options{}
		check(c.ID, doc, validate.Check(doc, o), o)
		// Once more as an edit that makes the map, and as one that takes all of it away.
		for _, change := range []*validate.Change{{New: doc}, {Old: doc, New: awsauth.Read(nil)}, {Old: doc, New: awsauth.Read(nil), Deleted: true}} {
			check(c.ID, change.New, validate.CheckChange(change, o), o)
		}
	}
	if checked < 500 {
		t.Errorf("only %d findings", checked)
	}
}
