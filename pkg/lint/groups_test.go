package lint

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// ofGroups is a manifest with one entry that has so many groups, each as format writes it.
func ofGroups(n int, format string) *manifest.Document {
	var groups strings.Builder
	for i := range n {
		fmt.Fprintf(&groups, "      - "+format+"\n", i)
	}
	return manifest.Read("aws-auth.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n"+
		"    - rolearn: arn:aws:iam::111122223333:role/dev\n      username: dev\n      groups:\n"+groups.String()).Documents[0]
}

// TestManyGroups: the work for an entry with a finding for each of its groups grows with their number, not with its square. It counts
// allocations.
func TestManyGroups(t *testing.T) {
	for name, format := range map[string]string{"names": "System:Masters%d", "mappings": "{a: %d}", "filled in": "System:Masters%d${x}"} {
		t.Run(name, func(t *testing.T) {
			const few, times = 400, 8
			work := func(groups int) float64 {
				d := ofGroups(groups, format)
				return testing.AllocsPerRun(1, func() { New(policy.Default()).Check(d) })
			}
			if a, b := work(few), work(few*times); b > 2*times*a {
				t.Errorf("%d groups: %.0f allocations, %d groups: %.0f", few, a, few*times, b)
			}
		})
	}
}

// TestUnknowableGroups: a finding about one group stays where another tool fills in another, and one about all groups does not.
func TestUnknowableGroups(t *testing.T) {
	d := manifest.Read("aws-auth.yaml.tpl", "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/dev\n    username: dev\n    groups: [devs, \"${team}\"]\n"+
		"  - rolearn: arn:aws:iam::111122223333:role/ops\n    username: ops\n    groups: [ops]\n").Documents[0]
	doc := awsauth.ReadAll(d.Readable(), d.BinaryData)
	j := newJudge(d, doc)
	for _, tt := range []struct {
		entry int
		field string
		want  bool
	}{
		{0, "groups[0]", false},
		{0, "groups[1]", true},
		{0, "groups[2]", true},
		{0, "groups", true},
		{1, "groups[0]", false},
		{1, "groups[1]", false},
		{1, "groups", false},
	} {
		f := validate.Finding{Rule: "group-name", Section: awsauth.MapRoles, Entry: tt.entry, Field: tt.field}
		if got := j.unknowable(&f); got != tt.want {
			t.Errorf("mapRoles[%d] %s: %v", tt.entry, tt.field, got)
		}
	}
}
