package rbac

import (
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func rule(group, resource string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}
}

func named(r rbacv1.PolicyRule, names ...string) rbacv1.PolicyRule {
	r.ResourceNames = names
	return r
}

// index binds one rule to the user u, in a namespace or, where that is empty, in the whole cluster.
func index(namespace string, r rbacv1.PolicyRule) *Index {
	subjects := []rbacv1.Subject{{Kind: rbacv1.UserKind, Name: "u"}}
	o := &Objects{ClusterRoles: []*rbacv1.ClusterRole{{ObjectMeta: metav1.ObjectMeta{Name: "r"}, Rules: []rbacv1.PolicyRule{r}}}}
	ref := rbacv1.RoleRef{Kind: "ClusterRole", Name: "r"}
	if namespace == "" {
		o.ClusterRoleBindings = []*rbacv1.ClusterRoleBinding{{ObjectMeta: metav1.ObjectMeta{Name: "b"}, RoleRef: ref, Subjects: subjects}}
	} else {
		o.RoleBindings = []*rbacv1.RoleBinding{{ObjectMeta: metav1.ObjectMeta{Name: "b", Namespace: namespace}, RoleRef: ref, Subjects: subjects}}
	}
	return NewIndex(o, true)
}

func TestWho(t *testing.T) {
	for name, c := range map[string]struct {
		index *Index
		want  []string
	}{
		"in the namespace":                  {index("kube-system", rule("", "configmaps", "update", "get")), []string{"update"}},
		"in the whole cluster":              {index("", rule("", "configmaps", "update")), []string{"update"}},
		"in another namespace":              {index("default", rule("", "configmaps", "update")), nil},
		"every verb":                        {index("", rule("", "configmaps", "*")), []string{"create", "update", "delete"}},
		"every resource":                    {index("", rule("*", "*", "delete")), []string{"delete"}},
		"another resource":                  {index("", rule("", "secrets", "update")), nil},
		"another group":                     {index("", rule("apps", "configmaps", "update")), nil},
		"a subresource":                     {index("", rule("", "configmaps/status", "update")), nil},
		"this name":                         {index("", named(rule("", "configmaps", "update", "delete"), "x", "aws-auth")), []string{"update", "delete"}},
		"another name":                      {index("", named(rule("", "configmaps", "update"), "x")), nil},
		"creation never goes by names":      {index("", named(rule("", "configmaps", "create"), "aws-auth")), nil},
		"creation without names is allowed": {index("", rule("", "configmaps", "create")), []string{"create"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range c.index.Who(Question{Resource: "configmaps", Namespace: "kube-system", Name: "aws-auth", Verbs: []string{"create", "update", "delete"}}) {
				got = append(got, p.Verbs...)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestARoleOfANamespaceIsNotThatOfAnother(t *testing.T) {
	o := &Objects{
		Roles: []*rbacv1.Role{{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "r"}, Rules: []rbacv1.PolicyRule{rule("", "configmaps", "update")}}},
		RoleBindings: []*rbacv1.RoleBinding{
			{ObjectMeta: metav1.ObjectMeta{Namespace: "b", Name: "x"}, RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "r"}, Subjects: []rbacv1.Subject{{Kind: rbacv1.GroupKind, Name: "g"}}},
		},
	}
	x := NewIndex(o, true)
	if got := x.Who(Question{Resource: "configmaps", Namespace: "b", Name: "c", Verbs: []string{"update"}}); len(got) > 0 {
		t.Errorf("the role of namespace a is taken for one of b: %v", got)
	}
	if g := x.Of(rbacv1.GroupKind, "g"); len(g) != 1 || !g[0].Missing || g[0].Namespace != "b" {
		t.Errorf("got %+v, want one grant of a role that is missing", g)
	}
	if g := NewIndex(&Objects{RoleBindings: o.RoleBindings}, false).Of(rbacv1.GroupKind, "g"); g[0].Missing {
		t.Error("a role is called missing though the roles were not read")
	}
	if g := x.Of(rbacv1.UserKind, "g"); len(g) > 0 {
		t.Errorf("a user gets what the group of that name has: %v", g)
	}
}
