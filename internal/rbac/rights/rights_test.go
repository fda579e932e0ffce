package rights

import (
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// bind makes an index in which each subject, as KIND/NAME pairs, is bound to a role of its own name.
func bind(pairs ...string) *rbac.Index {
	o := &rbac.Objects{}
	for i := 0; i < len(pairs); i += 2 {
		o.ClusterRoleBindings = append(o.ClusterRoleBindings, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "bind-" + pairs[i+1]}, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: pairs[i+1]},
			Subjects: []rbacv1.Subject{{Kind: pairs[i], Name: pairs[i+1]}},
		})
	}
	return rbac.NewIndex(o, false)
}

func roles(grants []rbac.Grant) []string {
	var list []string
	for _, g := range grants {
		list = append(list, g.Role[len("ClusterRole "):])
	}
	return list
}

func TestJoinFillsTemplatesIn(t *testing.T) {
	doc := awsauth.Read(map[string]string{
		"mapRoles": `
- rolearn: arn:aws:iam::111122223333:role/dev
  username: dev:{{SessionName}}
  groups: ["team-{{AccountID}}", "lead-{{SessionName}}"]
- rolearn: arn:aws:iam::111122223333:role/node
  username: system:node:{{EC2PrivateDNSName}}
  groups: [system:nodes, system:bootstrappers]
`,
		"mapAccounts": "- \"444455556666\"\n",
	})
	const somebody = "arn:aws:iam::444455556666:user/x"
	r := Join(access.Entrants(doc, nil), bind("User", "dev:alice", "User", "dev:", "User", "DEV:alice", "User", "dev:a/b", "Group", "team-111122223333", "Group", "team-444455556666",
		"Group", "lead-zoe", "User", somebody, "User", "arn:aws:iam::999999999999:user/x", "User", "system:kube-scheduler", "Group", "system:authenticated"))
	if got, want := roles(r.Access[0].Grants), []string{"dev:alice", "team-111122223333", "lead-zoe"}; !slices.Equal(got, want) {
		t.Errorf("dev has %v, want %v", got, want)
	}
	if r.Access[1].NoRights || !r.Access[1].Node {
		t.Errorf("%+v: nodes have what the Node authorizer gives", r.Access[1])
	}
	if got := roles(r.Access[2].Grants); !slices.Equal(got, []string{somebody}) {
		t.Errorf("the account has %v", got)
	}
	var unmatched []string
	other := map[string]string{}
	for _, u := range r.Unmatched {
		unmatched = append(unmatched, u.Subject.Name)
		other[u.Subject.Name] = u.OtherCase
	}
	if want := []string{"DEV:alice", "arn:aws:iam::999999999999:user/x", "dev:", "dev:a/b", "team-444455556666"}; !slices.Equal(unmatched, want) {
		t.Errorf("unmatched %q, want %q", unmatched, want)
	}
	if other["DEV:alice"] != "dev:{{SessionName}}" || other["dev:"] != "" {
		t.Errorf("other case: %q", other)
	}
	if got := roles(r.Everybody); !slices.Equal(got, []string{"system:authenticated"}) {
		t.Errorf("everybody has %v", got)
	}
}

func TestJoinWithoutRBACSaysNothingOfRights(t *testing.T) {
	doc := awsauth.Read(map[string]string{"mapUsers": "- userarn: arn:aws:iam::111122223333:user/a\n  username: a\n  groups: [g]\n"})
	r := Join(access.Entrants(doc, nil), nil)
	if len(r.Access) != 1 || r.Access[0].NoRights || len(r.Groups)+len(r.Unmatched) > 0 {
		t.Errorf("%+v", r)
	}
}

func TestCallers(t *testing.T) {
	doc := awsauth.Read(map[string]string{"mapUsers": `
- {userarn: "arn:aws:iam::111122223333:user/a", username: a, groups: [g]}
- {userarn: "arn:aws:iam::111122223333:user/b", username: b, groups: [G]}
`})
	r := Join(access.Entrants(doc, nil), nil)
	a, b := "arn:aws:iam::111122223333:user/a", "arn:aws:iam::111122223333:user/b"
	for _, c := range []struct {
		kind, name string
		want       []string
	}{
		{"User", "a", []string{a}}, {"User", "A", nil}, {"Group", "g", []string{a}}, {"Group", "G", []string{b}},
		{"Group", "system:authenticated", []string{a, b}}, {"ServiceAccount", "a", nil}, {"Group", "a", nil},
	} {
		if got := r.Callers(rbac.Subject{Kind: c.kind, Name: c.name}); !slices.Equal(got, c.want) {
			t.Errorf("%s %s is %v, want %v", c.kind, c.name, got, c.want)
		}
	}
}
