package eksctl

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// figures are what is counted.
type figures struct {
	both, neither        int
	onlyTheirs, onlyOurs map[string]int
	// Of the edits that both made: in how many eksctl changed what the edit is not about.
	comments, unknown, otherList, order, rewritten int
	// stays counts accounts that stay in after eksctl has removed one of two items.
	stays int
}

// kind is an error without what it is about.
func kind(err error) string {
	text := err.Error()
	for _, k := range []struct{ has, is string }{
		{"is there already", "the principal has an entry already"},
		{"there is no entry", "there is nothing to remove"},
		{"does not have", "there is nothing to remove"},
		{"several entries", "several entries have this ARN, and none was chosen"},
		{"EKS can't read", "EKS can't read the list"},
		{"EKS reads nothing", "EKS reads only a part of the list"},
		{"can't be edited without", "the list is written in a way that can't be edited safely"},
		{"unmarshalling", "eksctl can't read one of the lists"},
		{"not found", "eksctl finds no entry with an ARN written like this"},
	} {
		if strings.Contains(text, k.has) {
			return k.is
		}
	}
	return text
}

// compare counts what eksctl changed besides, where ours did not.
func (f *figures) compare(o *operation, before, theirs, ours map[string]string) {
	count := func(data map[string]string, what string) int {
		n := 0
		for _, key := range []string{"mapRoles", "mapUsers", "mapAccounts"} {
			n += strings.Count(data[key], what)
		}
		return n
	}
	add := func(to *int, is bool) {
		if is {
			*to++
		}
	}
	add(&f.comments, count(theirs, "#") < count(ours, "#"))
	add(&f.unknown, count(theirs, "note:") < count(ours, "note:"))
	other := false
	for _, key := range []awsauth.Key{awsauth.MapRoles, awsauth.MapUsers, awsauth.MapAccounts} {
		was, there := before[string(key)]
		is, now := theirs[string(key)]
		other = other || key != o.key && (was != is || there != now)
	}
	add(&f.otherList, other)
	add(&f.order, !slices.Equal(accounts(theirs), accounts(ours)))
	// An edit in place leaves all lines, or takes some away.
	longer, shorter := theirs[string(o.key)], before[string(o.key)]
	if o.verb != "add" {
		longer, shorter = shorter, longer
	}
	add(&f.rewritten, !inLines(longer, shorter))
}

func accounts(data map[string]string) []string {
	var ids []string
	for _, a := range awsauth.Read(data).Accounts.Accounts {
		ids = append(ids, a.Value)
	}
	return ids
}

// inLines reports that all lines of a text come in another one, in this order.
func inLines(longer, shorter string) bool {
	lines := strings.SplitAfter(longer, "\n")
	for line := range strings.SplitAfterSeq(shorter, "\n") {
		i := slices.Index(lines, line)
		if i < 0 {
			return false
		}
		lines = lines[i+1:]
	}
	return true
}

// table is what docs/moving.md shows.
func (f *figures) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| of %d random edits | edits |\n|---|---|\n", edits)
	row := func(what string, n int) { fmt.Fprintf(&b, "| %s | %d |\n", what, n) }
	row("both make the edit: the authenticator lets the same callers in with the same groups (except in the last row with …), and `kubectl aws-auth` changed no other byte", f.both)
	row("… and eksctl dropped comments", f.comments)
	row("… and eksctl dropped unknown keys", f.unknown)
	row("… and eksctl wrote another list too, or added an empty one", f.otherList)
	row("… and eksctl changed the order of `mapAccounts`, or left duplicates out", f.order)
	row("… and eksctl rewrote lines of the list that the edit is not about", f.rewritten)
	row("… and the account still gets in after eksctl removed it, because it was listed twice", f.stays)
	for _, what := range slices.Sorted(maps.Keys(f.onlyTheirs)) {
		row("only eksctl makes it: "+what, f.onlyTheirs[what])
	}
	for _, what := range slices.Sorted(maps.Keys(f.onlyOurs)) {
		row("only `kubectl aws-auth` makes it: "+what, f.onlyOurs[what])
	}
	row("neither makes it", f.neither)
	return b.String()
}
