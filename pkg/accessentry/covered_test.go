package accessentry

import (
	"slices"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// TestRemovable: what access entries cover may go, but the last mapping that EKS still reads stays.
func TestRemovable(t *testing.T) {
	both := role("one", developer) + role("two", developer)
	entries := []snapshot.Entry{entryOf("role/one", groupsOf("developers")), entryOf("role/two", groupsOf("developers"))}
	for name, tt := range map[string]struct {
		mode     snapshot.Mode
		roles    string
		accounts string
		entries  []snapshot.Entry
		want     []int
	}{
		"all covered":                   {snapshot.Both, both, "", entries, []int{0}},
		"all covered, an account stays": {snapshot.Both, both, "- \"111122223333\"\n", entries, []int{0, 1}},
		"one covered":                   {snapshot.Both, both, "", entries[1:], []int{1}},
		"one weaker":                    {snapshot.Both, both, "", []snapshot.Entry{entries[0], entryOf("role/two", nil)}, []int{0}},
		"none":                          {snapshot.Both, both, "", nil, nil},
		"nobody reads the map":          {snapshot.API, both, "", entries, []int{0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			doc := awsauth.Read(map[string]string{"mapRoles": tt.roles, "mapAccounts": tt.accounts})
			view := viewOf(t, tt.mode, "aws", tt.entries...)
			var got []int
			for _, e := range Removable(doc, view) {
				got = append(got, e.Index)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}
