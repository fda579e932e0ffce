package access

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestDiffAsOfWholeTables holds the changes against the rows of both tables, for maps whose entries repeat and overrule each
// other.
func TestDiffAsOfWholeTables(t *testing.T) {
	changed := 0
	for seed := range uint64(5_000) {
		r := rand.New(rand.NewPCG(seed, 2))
		pick := func(from ...string) string { return from[r.IntN(len(from))] }
		entries := func(field string) string {
			var b strings.Builder
			for range r.IntN(5) {
				b.WriteString("- " + field + ": arn:aws:iam::111122223333:" + pick("role/a", "role/A", "role/t/a", "user/u", "user/U") + "\n  username: " + pick("one", "two") + "\n" + pick("", "  groups: [g]\n"))
			}
			return b.String()
		}
		roles, users := entries("rolearn"), entries("userarn")
		newRoles, newUsers := entries("rolearn"), pick(users, entries("userarn"))
		if r.IntN(2) == 0 {
			newRoles = roles + newRoles
		}
		old, now := doc(roles, users, pick("", "- '111122223333'\n")), doc(newRoles, newUsers, pick("", "- '111122223333'\n"))
		var want, got []string
		before, after := map[string]Principal{}, map[string]Principal{}
		for _, p := range Table(old) {
			before[p.key()] = p
		}
		for _, p := range Table(now) {
			after[p.key()] = p
			if o, was := before[p.key()]; !was {
				want = append(want, "gained "+p.key())
			} else if !o.equal(&p.Identity) {
				want = append(want, "changed "+p.key())
			}
		}
		for key := range before {
			if _, is := after[key]; !is {
				want = append(want, "lost "+key)
			}
		}
		for _, c := range Diff(old, now) {
			p := Principal{ARN: c.ARN, Account: c.Account}
			got = append(got, string(c.Kind)+" "+p.key())
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %q, want %q\nfrom\n%s%s\nto\n%s%s", seed, got, want, roles, users, newRoles, newUsers)
		}
		changed += len(want)
	}
	if changed < 1000 {
		t.Errorf("only %d changes", changed)
	}
}
