package validate

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

const (
	nodes  = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	pathed = "- rolearn: arn:aws:iam::111122223333:role/team/dev\n  username: dev\n"
	upper  = "- rolearn: arn:aws:iam::111122223333:role/ops\n  username: Ops\n"
	admin  = "- rolearn: arn:aws:iam::111122223333:role/admin\n  username: admin\n  groups:\n  - system:masters\n"
)

// TestTouched names, for an edit of mapRoles, the rules whose findings the edit brought in.
func TestTouched(t *testing.T) {
	for name, tt := range map[string]struct {
		old, new string
		touched  []string
		all      []string
	}{
		"an old path stays":            {pathed, pathed + nodes, nil, []string{"role-path"}},
		"a new path":                   {nodes, nodes + pathed, []string{"role-path"}, []string{"role-path"}},
		"reordered":                    {pathed + nodes, nodes + pathed, nil, []string{"role-path"}},
		"reformatted":                  {pathed, "- {rolearn: 'arn:aws:iam::111122223333:role/team/dev', username: dev} # c\n", nil, []string{"role-path"}},
		"an old entry given a group":   {pathed, pathed + "  groups: [devs]\n", []string{"role-path"}, []string{"role-path"}},
		"another entry removed":        {upper + nodes, upper, []string{"node-access-lost"}, []string{"node-access-lost", "username-uppercase"}},
		"a repeated old entry":         {upper, upper + upper, nil, []string{"duplicate-arn", "username-uppercase"}},
		"broken before, repaired now":  {"- rolearn: x\n bad: y\n", nodes, nil, nil},
		"broken, a path in it":         {pathed + "- rolearn: arn:aws:iam::111122223333:role/b\n bad: y\n", pathed + "- rolearn: arn:aws:iam::111122223333:role/b\n  username: bb\n", nil, []string{"role-path"}},
		"quotes missing, a path in it": {pathed + "- rolearn: arn:aws:iam::111122223333:role/b\n  username: {{AccountID}}-{{SessionName}}\n", pathed + "- rolearn: arn:aws:iam::111122223333:role/b\n  username: \"{{AccountID}}-{{SessionName}}\"\n", nil, []string{"role-path"}},
		"broken, a path put in":        {nodes + "- rolearn: arn:aws:iam::111122223333:role/b\n bad: y\n", pathed, []string{"role-path"}, []string{"role-path"}},
		"broken before and now":        {"- rolearn: x\n bad: y\n", nodes + "- rolearn: x\n bad: y\n", []string{"yaml-syntax"}, []string{"yaml-syntax"}},
		"broken and left alone":        {"- rolearn: x\n bad: y\n", "- rolearn: x\n bad: y\n", nil, []string{"yaml-syntax"}},
		"an admin added":               {nodes, nodes + admin, []string{"system-masters"}, []string{"system-masters"}},
		"an admin was there":           {admin, admin + nodes, nil, []string{"system-masters"}},
		"duplicates swapped":           {admin + "- rolearn: arn:aws:iam::111122223333:role/admin\n  username: low\n", "- rolearn: arn:aws:iam::111122223333:role/admin\n  username: low\n" + admin, []string{"conflicting-arn", "system-masters"}, []string{"conflicting-arn", "system-masters"}},
		"an anchor edited":             {"- rolearn: arn:aws:iam::111122223333:role/a\n  username: aa\n  groups: &g [one]\n- rolearn: arn:aws:iam::111122223333:role/b\n  username: bb\n  groups: *g\n", "- rolearn: arn:aws:iam::111122223333:role/a\n  username: aa\n  groups: &g [system:masters]\n- rolearn: arn:aws:iam::111122223333:role/b\n  username: bb\n  groups: *g\n", []string{"system-masters"}, []string{"system-masters"}},
		"comment in a truncated value": {nodes + "---\n" + admin, "# c\n" + nodes + "---\n" + admin, []string{"extra-document"}, []string{"extra-document"}},
	} {
		t.Run(name, func(t *testing.T) {
			old := awsauth.Read(map[string]string{"mapRoles": tt.old})
			doc := awsauth.Read(map[string]string{"mapRoles": tt.new})
			findings := CheckEdit(old, doc, Options{})
			var touched []Finding
			for _, f := range findings {
				if f.Touched {
					touched = append(touched, f)
				}
			}
			if got := sorted(names(touched)); got != sorted(tt.touched) {
				t.Errorf("touched %q, want %q:%s", got, tt.touched, describe(doc, findings))
			}
			if got := sorted(names(findings)); got != sorted(tt.all) {
				t.Errorf("findings %q, want %q", got, tt.all)
			}
		})
	}
}

func sorted(s []string) string {
	return strings.Join(slices.Sorted(slices.Values(s)), " ")
}

func TestCreateTouchesAll(t *testing.T) {
	doc := awsauth.ReadAll(map[string]string{"mapRoles": pathed, "maproles": "x"}, map[string][]byte{"mapUsers": nil})
	for _, f := range CheckEdit(nil, doc, Options{}) {
		if !f.Touched {
			t.Errorf("%s is not touched on create", f.Rule)
		}
	}
}

func TestDataKeysTouched(t *testing.T) {
	old := awsauth.Read(map[string]string{"maproles": "x"})
	doc := awsauth.ReadAll(map[string]string{"maproles": "x2", "mapuser": "y"}, map[string][]byte{"mapUsers": nil})
	want := map[string]bool{"maproles": false, "mapuser": true, "mapUsers": true}
	for _, f := range CheckEdit(old, doc, Options{}) {
		if f.Touched != want[f.Field] {
			t.Errorf("%s: touched %v", f.Field, f.Touched)
		}
	}
}

func TestGrantIsLouderWhenItIsNew(t *testing.T) {
	old, doc := awsauth.Read(map[string]string{"mapRoles": nodes}), awsauth.Read(map[string]string{"mapRoles": nodes + admin})
	for _, f := range CheckEdit(old, doc, Options{}) {
		if !strings.HasPrefix(f.Sentence().Text, "THIS EDIT GRANTS system:masters") {
			t.Errorf("message %q", f.Sentence().Text)
		}
	}
	for _, f := range CheckEdit(doc, doc, Options{}) {
		if strings.Contains(f.Sentence().Text, "THIS EDIT") {
			t.Errorf("message %q for a grant that was there", f.Sentence().Text)
		}
	}
}
