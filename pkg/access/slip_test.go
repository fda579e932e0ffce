package access_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
)

// leastLegible is the least share of slips after which all that matters can still be read.
const leastLegible = 0.7

// TestTheFixOfASlipGivesNothing: whoever puts right a text that one wrong character has broken, or in which it has merged
// values, gives nobody anything, as far as the broken text still says who has what. Of each style that is most.
func TestTheFixOfASlipGivesNothing(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(cases.SlipMaps())) {
		good := cases.SlipMaps()[name]
		broken, legible := 0, 0
		lost := map[string]int{}
		for _, slip := range cases.Slips(good) {
			old := slipDoc(slip.Text)
			if !isCommon(slip) || !isBroken(old) {
				continue
			}
			broken++
			if len(access.Given(old, slipDoc(good))) == 0 {
				legible++
			} else {
				lost[slip.Kind]++
			}
		}
		t.Logf("%s: %d of %d slips leave it legible; else %v", name, legible, broken, lost)
		if broken < 10 || float64(legible) < leastLegible*float64(broken) {
			t.Errorf("%s: %d of %d slips leave it legible", name, legible, broken)
		}
	}
}

// TestNoGrantInTwoSteps: who breaks a text and then puts it right grants in both steps together all that the good text grants.
func TestNoGrantInTwoSteps(t *testing.T) {
	tried := 0
	for name, good := range cases.SlipMaps() {
		direct := granted(access.Given(slipDoc(""), slipDoc(good)))
		for i, slip := range cases.Slips(good) {
			if i%every() != 0 {
				continue
			}
			tried++
			broken := slipDoc(slip.Text)
			steps := granted(append(access.Given(slipDoc(""), broken), access.Given(broken, slipDoc(good))...))
			for grant := range direct {
				if !steps[grant] {
					t.Errorf("%s, %s at %d: nobody was asked for %q:\n%s", name, slip.Kind, slip.At, grant, slip.Text)
				}
			}
		}
	}
	if tried < 1000 {
		t.Errorf("only %d slips were tried", tried)
	}
}

// granted are the names that gifts give, with their principals.
func granted(gifts []access.Gift) map[string]bool {
	all := map[string]bool{}
	for _, g := range gifts {
		for _, group := range g.Groups {
			all[g.ARN+" group "+group] = true
		}
		if g.Username != "" {
			all[g.ARN+" user "+g.Username] = true
		}
	}
	return all
}

// isCommon reports a slip as people make it at a keyboard: a sign is missing, or written twice.
func isCommon(s cases.Slip) bool {
	return strings.HasPrefix(s.Kind, "drop ") || strings.HasPrefix(s.Kind, "double ")
}

// isBroken reports a text that is lost, or in which values are merged into one or of a wrong type. A text that reads as it looks is
// not: a name with a slip in it is another name.
func isBroken(doc *awsauth.Document) bool {
	s := doc.Roles
	if _, trailing := s.Trailing(); trailing {
		return false // What follows was dead.
	}
	if s.Discarded() {
		return true
	}
	for _, e := range s.Entries {
		if e.Shape() != awsauth.Mapping {
			return true
		}
		seen := map[string]bool{}
		for _, f := range e.Fields() {
			switch known := f.Known; {
			case known == "":
				return strings.HasSuffix(f.Name, ":")
			case seen[known]:
				return true
			case known == awsauth.FieldGroups && f.Shape() != awsauth.List, known != awsauth.FieldGroups && f.Shape() != awsauth.String:
				return true
			default:
				seen[known] = true
			}
		}
		for i, g := range e.Groups {
			n := e.GroupNode(i)
			if n == nil || n.Style != 0 {
				continue
			}
			span, _ := s.NodeSpan(n)
			if awsauth.ShapeOf(n) != awsauth.String || strings.Contains(s.Text[span.Start:span.End], "\n") || strings.Contains(g, " - ") {
				return true
			}
		}
	}
	return false
}

// TestASlipGivesNoMoreThanItNames: whatever is recovered of a text with a slip, nobody has by it a name that somebody else has in
// the good text, and no name that is not in the text.
func TestASlipGivesNoMoreThanItNames(t *testing.T) {
	for name, good := range cases.SlipMaps() {
		names, allowed := map[string]bool{}, map[string]bool{}
		people := map[string]bool{}
		for _, e := range slipDoc(good).Mappings() {
			people[e.ARN] = true
			for _, n := range append(e.Groups, e.Username) {
				names[n], allowed[e.ARN+" "+n] = true, true
			}
		}
		for i, slip := range cases.Slips(good) {
			if i%every() != 0 {
				continue
			}
			old := slipDoc(slip.Text)
			if !old.Roles.Discarded() {
				continue
			}
			for _, e := range old.Meant().Mappings() {
				for _, n := range append(slices.Clone(e.Groups), e.Username) {
					if people[e.ARN] && names[n] && !allowed[e.ARN+" "+n] {
						t.Errorf("%s, %s at %d: %s has %s in\n%s", name, slip.Kind, slip.At, e.ARN, n, slip.Text)
					}
				}
			}
		}
	}
}

// TestASlipHidesNoGrant holds edits that fix a broken text and grant something with it: a character that fixes nothing is none
// that the broken text meant, and neither is what stood in a comment, after the document or was another name.
func TestASlipHidesNoGrant(t *testing.T) {
	const (
		a      = "- rolearn: arn:aws:iam::111122223333:role/a\n  username: a\n  groups:\n"
		broken = "- rolearn: arn:aws:iam::111122223333:role/c\n  username: @c\n"
		fixed  = "- rolearn: arn:aws:iam::111122223333:role/c\n  username: \"@c\"\n"
	)
	for name, tt := range map[string]struct{ old, new string }{
		"another name, nothing broken":     {a + "  - system-masters\n", a + "  - system:masters\n"},
		"a letter more":                    {a + "  - system:mastrs\n", a + "  - system:masters\n"},
		"another name beside a break":      {a + "  - system-masters\n" + broken, a + "  - system:masters\n" + fixed},
		"another name after a break":       {broken + a + "  - system-masters\n", fixed + a + "  - system:masters\n"},
		"one letter with the break":        {a + "  - @\n  - xsystem:masters\n", a + "  - system:masters\n"},
		"a comment, nothing broken":        {a + "  - one\n  #- system:masters\n", a + "  - one\n  - system:masters\n"},
		"a comment and a break":            {a + "  #- system:masters\n" + broken, a + "  - system:masters\n" + fixed},
		"a comment that ends a list":       {a[:len(a)-1] + " [one, # system:masters]\n", a[:len(a)-1] + " [one, system:masters]\n"},
		"a line of a comment":              {a + "  - one # - system:masters\n  @\n", a + "  - one #\n  - system:masters\n"},
		"a disabled ARN":                   {"- #rolearn: arn:aws:iam::111122223333:role/a\n  username: a\n  groups: [system:masters]\n", a + "  - system:masters\n"},
		"a disabled field":                 {a[:len(a)-8] + "_groups: [system:masters]\n", a[:len(a)-8] + "groups: [system:masters]\n"},
		"a path taken away with the break": {strings.Replace(a, "role/a", "role//a", 1) + "  - system:masters\n" + broken, a + "  - system:masters\n" + fixed},
		"after the document":               {fixed + "---\n" + a + "  - system:masters\n", fixed + "\n" + a + "  - system:masters\n"},
		"after a document that is broken":  {broken + "---\n" + a + "  - system:masters\n", fixed + a + "  - system:masters\n"},
		"a blank in quotes":                {a + "  - \"system: masters\"\n", a + "  - \"system:masters\"\n"},
		"a comma in a name":                {a + "  - system:masters,\n", a + "  - system:masters\n"},
	} {
		if gifts := access.Given(slipDoc(tt.old), slipDoc(tt.new)); len(gifts) == 0 {
			t.Errorf("%s: the edit gives nothing:\n%s\nto\n%s", name, tt.old, tt.new)
		}
	}
}

// every is how many slips there are for each that is tried: one with AWS_AUTH_ALL_SLIPS set.
func every() int {
	if os.Getenv("AWS_AUTH_ALL_SLIPS") != "" {
		return 1
	}
	return 7
}

func slipDoc(text string) *awsauth.Document { return awsauth.Read(map[string]string{"mapRoles": text}) }
