package lint

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/splice"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/mutate"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// checkFix makes all safe repairs of a file as fix does, and wants each byte that changes to lie where a finding is.
func checkFix(t *testing.T, name, text string) (repairs int) {
	t.Helper()
	f := manifest.Read(name, text)
	c := New(policy.Default())
	var changes []manifest.Change
	var edits []manifest.Edit
	for _, d := range f.Documents {
		doc, findings := c.Check(d)
		chosen := mutate.Choose(doc, findings, func(f *validate.Finding) bool { return f.Fix.Applicability == validate.Safe }, c.Options)
		wanted := report.Changes(d, chosen)
		for i, proof := range f.Prove(wanted) {
			if proof.Err != nil {
				continue
			}
			at := report.Span(d, &chosen[i])
			for _, e := range proof.Edits {
				if e.Start < at.Start || e.End > max(at.End, at.Start) {
					t.Errorf("%s is at %v, and its repair changes %+v of\n%s", chosen[i].Rule, at, e, text)
				}
			}
			changes, edits = append(changes, wanted[i]), append(edits, proof.Edits...)
		}
	}
	if len(changes) == 0 {
		return 0
	}
	next, err := f.Make(changes)
	if err != nil {
		return 0 // Two that overlap are made one after the other.
	}
	// All else stays as it is.
	if want, err := splice.Apply(text, edits); err != nil || next.Text != want {
		t.Errorf("%v: the file became\n%s\nwant\n%s", err, next.Text, want)
	}
	return len(changes)
}

// TestFix_onlyThere: fix changes nothing but the places that findings name, whatever carries the map.
func TestFix_onlyThere(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 3))
	repairs := 0
	for range 10 {
		entries := randomMap(r)
		for _, files := range []map[string]string{textCarriers(randomText(r, entries)), nativeCarriers(entries)} {
			for _, name := range slices.Sorted(maps.Keys(files)) {
				repairs += checkFix(t, "x", files[name])
			}
		}
	}
	if repairs < 50 {
		t.Errorf("only %d repairs were made", repairs)
	}
}

// FuzzFix holds the same of any text.
func FuzzFix(f *testing.F) {
	r := rand.New(rand.NewPCG(15, 4))
	entries := []entry{{ARN: "arn:aws:iam::111122223333:role/eu/build", Username: "Build", Groups: []string{"devs"}}}
	for _, files := range []map[string]string{textCarriers(randomText(r, entries)), nativeCarriers(entries)} {
		for _, name := range slices.Sorted(maps.Keys(files)) {
			f.Add("x", files[name])
		}
	}
	f.Fuzz(func(t *testing.T, name, text string) { checkFix(t, name, text) })
}
