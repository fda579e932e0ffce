package validate

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// someMap is made of entries that repeat and overrule each other, in mapRoles and mapUsers; now and then one is dropped by
// the authenticator, and now and then the text does not parse.
func someMap(r *rand.Rand) map[string]string {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	var roles, users strings.Builder
	for range r.IntN(6) {
		roles.WriteString("- rolearn: " + pick("arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/A", "arn:aws:iam::111122223333:role/b", "arn:aws:iam::111122223333:user/u", `""`) +
			"\n  username: " + pick("one", "two") + "\n" + pick("", "  groups: [g]\n", "  groups: [g, h]\n", "  groups: [h, g]\n", "  sso: {accountID: \"111122223333\", permissionSetName: x}\n"))
	}
	for range r.IntN(4) {
		users.WriteString("- userarn: " + pick("arn:aws:iam::111122223333:user/u", "arn:aws:iam::111122223333:user/U", "arn:aws:iam::111122223333:role/a", `""`) +
			"\n  username: " + pick("one", "two") + "\n")
	}
	if r.IntN(8) == 0 {
		roles.WriteString("- rolearn: {{\n")
	}
	return map[string]string{"mapRoles": roles.String(), "mapUsers": users.String()}
}

// TestTouchedAsByComparingAll holds what is found out about the entries that differ against a comparison of all.
func TestTouchedAsByComparingAll(t *testing.T) {
	touched := 0
	for seed := range uint64(5_000) {
		r := rand.New(rand.NewPCG(seed, 1))
		before := someMap(r)
		after := someMap(r)
		if r.IntN(2) == 0 {
			// Most edits leave most of the text as it is.
			after = map[string]string{"mapRoles": before["mapRoles"] + after["mapRoles"], "mapUsers": before["mapUsers"]}
		}
		old, doc := awsauth.Read(before), awsauth.Read(after)
		readings, effects, results := map[string]bool{}, allEffects(old), allEffects(doc)
		for _, s := range slices.Concat(old.Sections(), old.Meant().Sections()) {
			for _, e := range s.Entries {
				readings[e.Reading()] = true
			}
		}
		meant := allEffects(old.Meant())
		e := newEdit(old, doc)
		for _, entry := range append(doc.Roles.Entries, doc.Users.Entries...) {
			key := arn.Fold(entry.ARN)
			was, known := effects[key]
			mean, named := meant[key]
			other := (known || named) && !(known && was == results[key]) && !(named && mean == results[key])
			want := !readings[entry.Reading()] || entry.Valid && entry.ARN != "" && other
			if got := e.entryTouched(entry); got != want {
				t.Fatalf("seed %d: %s[%d] touched: %v, want %v\nfrom\n%s\nto\n%s", seed, entry.Section.Key, entry.Index, got, want, before, after)
			}
			if want {
				touched++
			}
		}
	}
	if touched < 1000 {
		t.Errorf("only %d entries were touched", touched)
	}
}

func allEffects(doc *awsauth.Document) map[string]string {
	all := map[string]bool{}
	for _, e := range doc.Mappings() {
		all[arn.Fold(e.ARN)] = true
	}
	return effects(doc, all)
}
