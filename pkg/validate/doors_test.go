package validate

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// doorsMap is the map of a small cluster: its nodes, an administrator, and the role of who edits.
const doorsMap = exampleNodes +
	"- rolearn: arn:aws:iam::111122223333:role/admin\n  username: admin\n  groups:\n  - system:masters\n" +
	"- rolearn: arn:aws:iam::111122223333:role/ci\n  username: ci\n  groups:\n  - deployers\n"

// doorsEntries are access entries that give what doorsMap gives.
func doorsEntries() []snapshot.Entry {
	nodes := exampleEntry("nodes")
	nodes.Type, nodes.Username, nodes.Groups = snapshot.EC2Linux, "system:node:{{EC2PrivateDNSName}}", []string{"system:nodes"}
	admin := exampleEntry("admin")
	admin.Policies = []snapshot.Policy{{ARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", Scope: snapshot.Scope{Type: snapshot.ScopeCluster}}}
	return []snapshot.Entry{nodes, admin, exampleEntry("ci", "deployers")}
}

// without gives the map without the entry of a role.
func doorsMapWithout(role string) string {
	var kept []string
	for _, entry := range strings.SplitAfter(strings.ReplaceAll(doorsMap, "- rolearn", "\x00- rolearn"), "\x00") {
		if entry = strings.TrimSuffix(entry, "\x00"); !strings.Contains(entry, "role/"+role+"\n") {
			kept = append(kept, entry)
		}
	}
	return strings.Join(kept, "")
}

// TestBothDoors is every mode and state of the access entries with every edit that takes something away. A cell is the rule
// that speaks, "!" where it may refuse, and "-" where all are silent.
func TestBothDoors(t *testing.T) {
	each := func(change func(*snapshot.Entry)) func() []snapshot.Entry {
		return func() []snapshot.Entry {
			entries := doorsEntries()
			for i := range entries {
				change(&entries[i])
			}
			return entries
		}
	}
	states := map[string]struct {
		mode    snapshot.Mode
		entries func() []snapshot.Entry
		age     time.Duration
		none    bool
	}{
		"no snapshot":    {none: true},
		"CONFIG_MAP":     {mode: snapshot.ConfigMap, entries: func() []snapshot.Entry { return nil }},
		"covered":        {mode: snapshot.Both, entries: doorsEntries},
		"covered, old":   {mode: snapshot.Both, entries: doorsEntries, age: 2 * time.Hour},
		"missing":        {mode: snapshot.Both, entries: func() []snapshot.Entry { return nil }},
		"stale":          {mode: snapshot.Both, entries: each(func(e *snapshot.Entry) { *e = exampleStale(*e) })},
		"age not known":  {mode: snapshot.Both, entries: each(func(e *snapshot.Entry) { e.PrincipalCreatedAt = nil })},
		"just created":   {mode: snapshot.Both, entries: each(func(e *snapshot.Entry) { e.CreatedAt = exampleDay.Add(5 * time.Minute) })},
		"weaker":         {mode: snapshot.Both, entries: each(func(e *snapshot.Entry) { e.Type, e.Groups, e.Policies = snapshot.Standard, nil, nil })},
		"API":            {mode: snapshot.API, entries: doorsEntries},
		"API, no entry":  {mode: snapshot.API, entries: func() []snapshot.Entry { return nil }},
		"API, long past": {mode: snapshot.API, entries: doorsEntries, age: 2000 * time.Hour},
	}
	edits := map[string]struct {
		data    string
		deleted bool
	}{
		"node role":     {data: doorsMapWithout("nodes")},
		"self":          {data: doorsMapWithout("ci")},
		"admin":         {data: doorsMapWithout("admin")},
		"delete":        {deleted: true},
		"empty":         {data: "[]\n"},
		"harmless edit": {data: doorsMap + "# a comment\n"},
	}
	refused := map[string]string{
		"node role": "node-access-lost!", "self": "self-lockout!", "admin": "admin-access-lost!", "delete": "map-deleted!", "empty": "map-deleted!", "harmless edit": "-",
	}
	want := map[string]map[string]string{
		"covered": {
			"node role": "node-access-lost", "self": "self-lockout", "admin": "admin-access-lost", "delete": "map-deleted!", "empty": "map-deleted!", "harmless edit": "-",
		},
		"stale": {
			"node role": "stale-entry+node-access-lost!", "self": "stale-entry+self-lockout!", "admin": "stale-entry+admin-access-lost!", "delete": "map-deleted!", "empty": "map-deleted!", "harmless edit": "stale-entry",
		},
		"weaker": {
			"node role": "shadowed-mapping+node-access-lost!", "self": "shadowed-mapping+self-lockout!", "admin": "shadowed-mapping+admin-access-lost!", "delete": "map-deleted!", "empty": "map-deleted!", "harmless edit": "shadowed-mapping",
		},
		"API": {
			"node role": "map-unread", "self": "map-unread", "admin": "map-unread", "delete": "map-unread", "empty": "map-unread", "harmless edit": "map-unread",
		},
	}
	want["API, no entry"], want["API, long past"] = want["API"], want["API"]
	for state, s := range states {
		for edit, e := range edits {
			t.Run(state+"/"+edit, func(t *testing.T) {
				c := &Change{
					Old: awsauth.Read(map[string]string{"mapRoles": doorsMap}), New: awsauth.Read(map[string]string{"mapRoles": e.data}), Deleted: e.deleted,
					Requester: &Requester{Username: "ci", Groups: []string{"deployers"}, ARN: "arn:aws:sts::111122223333:assumed-role/ci/run"},
					Facts:     Facts{Nodes: &NodeFacts{Total: 3, Ready: 3}},
				}
				if !s.none {
					c.Facts.Entries = exampleEntries(s.mode, s.entries()...)
					c.Facts.Entries = c.Facts.Entries.At(c.Facts.Entries.Now.Add(s.age), time.Hour)
				}
				var spoke []string
				for _, f := range CheckChange(c, Options{Off: map[string]bool{"system-masters": true}}) {
					name := f.Rule
					// A rule about the text speaks of what was there before, and refuses nothing here.
					if f.Touched && !f.Advisory && !f.Inconclusive {
						name += "!"
					}
					if !slices.Contains(spoke, name) {
						spoke = append(spoke, name)
					}
				}
				row := want[state]
				if row == nil {
					row = refused
				}
				got := strings.Join(spoke, "+")
				if got == "" {
					got = "-"
				}
				if got != row[edit] {
					t.Errorf("got %s, want %s", got, row[edit])
				}
			})
		}
	}
	if len(want) >= len(states) {
		t.Error("no state is as without access entries")
	}
}
