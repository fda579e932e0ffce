package access

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

func TestEntrants(t *testing.T) {
	const text = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: mapped\n  groups: [system:masters]\n" +
		"- rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n"
	admin := entryFor(func(e *snapshot.Entry) { e.Policies = []snapshot.Policy{policy(snapshot.ClusterAdmin, "cluster")} })
	stale := entryFor(func(e *snapshot.Entry) { at := moment; e.PrincipalCreatedAt = &at })
	unsure := entryFor(func(e *snapshot.Entry) { e.PrincipalCreatedAt = nil })
	node := entryFor(func(e *snapshot.Entry) {
		e.PrincipalARN, e.Type = "arn:aws:iam::111122223333:role/nodes", snapshot.EC2Linux
	})
	for name, tt := range map[string]struct {
		view *snapshot.View
		// want are username, door, and what else is true of each row.
		want []string
	}{
		"nothing is known":           {nil, []string{"mapped unknown admin", "ops unknown"}},
		"the snapshot is too old":    {viewOf(t, snapshot.Both, admin).At(moment.AddDate(1, 0, 0), time.Hour), []string{"mapped unknown admin", "ops unknown"}},
		"the map alone":              {viewOf(t, snapshot.ConfigMap), []string{"mapped aws-auth admin", "ops aws-auth"}},
		"an entry overrules":         {viewOf(t, snapshot.Both, entryFor(nil)), []string{"ops aws-auth", "dev access-entry"}},
		"an administrator by policy": {viewOf(t, snapshot.Both, admin), []string{"ops aws-auth", "dev access-entry admin"}},
		"an entry beside the map":    {viewOf(t, snapshot.Both, node), []string{"mapped aws-auth admin", "ops aws-auth", "dev access-entry node"}},
		"a stale entry":              {viewOf(t, snapshot.Both, stale), []string{"mapped aws-auth admin", "ops aws-auth"}},
		"an entry that may be stale": {viewOf(t, snapshot.Both, unsure), []string{"mapped unknown admin", "ops aws-auth", "dev unknown"}},
		"nobody reads the map":       {viewOf(t, snapshot.API, node), []string{"dev access-entry node"}},
		"nor is anything else known": {viewOf(t, snapshot.API, node).At(moment.AddDate(1, 0, 0), time.Hour), nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, e := range Entrants(awsauth.Read(map[string]string{"mapRoles": text}), tt.view) {
				row := fmt.Sprintf("%s %s", e.Username, e.Door)
				if e.Admin() {
					row += " admin"
				}
				if e.Node() {
					row += " node"
				}
				if e.ByAccessEntry() != (e.Entry < 0) {
					t.Errorf("%s: entry %d", row, e.Entry)
				}
				got = append(got, row)
			}
			if strings.Join(got, ", ") != strings.Join(tt.want, ", ") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestEntrantKey holds that a principal that moves from the map to an access entry stays the same one.
func TestEntrantKey(t *testing.T) {
	rows := Entrants(awsauth.Read(map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/Dev\n  username: dev\n"}), nil)
	rows = append(rows, Entrants(awsauth.Read(nil), viewOf(t, snapshot.Both, entryFor(nil)))...)
	if len(rows) != 2 || rows[0].Key() != rows[1].Key() {
		t.Errorf("%+v", rows)
	}
}
