package cli

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// TestRulesOfEntries: get names of each entry the errors that are its own, each rule once.
func TestRulesOfEntries(t *testing.T) {
	doc := awsauth.Read(map[string]string{
		"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/a\n  username: a\n- rolearn: arn:aws:iam::111122223333:role/b\n  username: b\n  groups: [System:Masters, System:Master]\n",
		"mapUsers": "- userarn: arn:aws:iam::111122223333:user/c\n  username: c\n  groups: [\"c \"]\n- userarn: arn:aws:iam::111122223333:user/d\n  username: d\n",
	})
	want := map[string][]string{"mapRoles[0]": {}, "mapRoles[1]": {"group-name"}, "mapUsers[0]": {"group-name"}, "mapUsers[1]": {}}
	table := tableOf(doc, "")
	if len(table.Entries) != len(want) {
		t.Fatalf("%d entries", len(table.Entries))
	}
	for _, e := range table.Entries {
		at := fmt.Sprintf("%s[%d]", e.Section, e.Entry)
		if e.Rules == nil || !slices.Equal(e.Rules, want[at]) {
			t.Errorf("%s: %q, want %q", at, e.Rules, want[at])
		}
	}
}

func BenchmarkTableOf(b *testing.B) {
	for _, entries := range []int{2000, 20000} {
		doc := awsauth.Read(map[string]string{"mapRoles": strings.Repeat("-\n", entries)})
		b.Run(fmt.Sprint(entries), func(b *testing.B) {
			for b.Loop() {
				tableOf(doc, "")
			}
		})
	}
}
