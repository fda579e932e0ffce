package rbac

import (
	"cmp"
	"maps"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Objects are the RBAC objects of a cluster. The pointers are not written to.
type Objects struct {
	Roles               []*rbacv1.Role
	ClusterRoles        []*rbacv1.ClusterRole
	RoleBindings        []*rbacv1.RoleBinding
	ClusterRoleBindings []*rbacv1.ClusterRoleBinding
}

// Subject is somebody whom a binding names.
type Subject struct {
	// Kind is User, Group or ServiceAccount.
	Kind string `json:"kind"`
	// Namespace is that of a service account, else empty.
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// String writes a subject as "Group ops" or "ServiceAccount kube-system/x".
func (s Subject) String() string {
	if s.Namespace != "" {
		return s.Kind + " " + s.Namespace + "/" + s.Name
	}
	return s.Kind + " " + s.Name
}

// Grant is one role that a binding gives to a subject.
type Grant struct {
	Subject Subject `json:"subject"`
	// Binding is "ClusterRoleBinding NAME" or "RoleBinding NAMESPACE/NAME".
	Binding string `json:"binding"`
	// Namespace in which the role holds; empty means all of the cluster.
	Namespace string `json:"namespace"`
	// Role is "ClusterRole NAME" or "Role NAME".
	Role string `json:"role"`
	// Missing is set where no role of that name exists: then the binding gives nothing.
	Missing bool `json:"missing,omitempty"`

	rules []rbacv1.PolicyRule
	// guessed is set where the roles could not be read.
	guessed bool
}

// adminRole is the role of Kubernetes that allows everything. The API server puts it back where somebody changes it.
const adminRole = "ClusterRole cluster-admin"

// Everything reports whether the grant lets its subject do everything in the whole cluster: a role with * on * for every
// verb. Where the roles could not be read it goes by the name of the one that Kubernetes has for this.
func (g *Grant) Everything() bool {
	if g.Namespace != "" {
		return false
	}
	if g.guessed {
		return g.Role == adminRole
	}
	return slices.ContainsFunc(g.rules, func(r rbacv1.PolicyRule) bool {
		return len(r.ResourceNames) == 0 && slices.Contains(r.Verbs, rbacv1.VerbAll) &&
			slices.Contains(r.APIGroups, rbacv1.APIGroupAll) && slices.Contains(r.Resources, rbacv1.ResourceAll)
	})
}

// Index answers questions about RBAC objects.
type Index struct {
	grants []Grant
	// byName holds places in grants, by the kind of the subject and its name.
	byName map[string]map[string][]int
	// names are the keys of byName, sorted.
	names map[string][]string
	// rolesKnown is set where the roles could be read.
	rolesKnown bool
}

// RolesKnown reports whether the roles could be read. Where they could not, Who finds nobody.
func (x *Index) RolesKnown() bool { return x.rolesKnown }

// NewIndex resolves all bindings. rolesKnown says whether the roles could be read: where they could not, no role
// is called missing.
func NewIndex(o *Objects, rolesKnown bool) *Index {
	rules := map[string][]rbacv1.PolicyRule{}
	for _, r := range o.ClusterRoles {
		rules[roleKey("", r.Name)] = r.Rules
	}
	for _, r := range o.Roles {
		rules[roleKey(r.Namespace, r.Name)] = r.Rules
	}
	n := 0
	for _, b := range o.ClusterRoleBindings {
		n += len(b.Subjects)
	}
	for _, b := range o.RoleBindings {
		n += len(b.Subjects)
	}
	x := &Index{grants: make([]Grant, 0, n), rolesKnown: rolesKnown}
	add := func(binding, namespace string, ref rbacv1.RoleRef, subjects []rbacv1.Subject) {
		home := namespace
		if ref.Kind == "ClusterRole" {
			home = ""
		}
		granted, found := rules[roleKey(home, ref.Name)]
		for _, s := range subjects {
			x.grants = append(x.grants, Grant{
				Subject: Subject{Kind: s.Kind, Namespace: s.Namespace, Name: s.Name}, Binding: binding, Namespace: namespace,
				Role: ref.Kind + " " + ref.Name, Missing: rolesKnown && !found, rules: granted, guessed: !rolesKnown,
			})
		}
	}
	for _, b := range o.ClusterRoleBindings {
		add("ClusterRoleBinding "+b.Name, "", b.RoleRef, b.Subjects)
	}
	for _, b := range o.RoleBindings {
		add("RoleBinding "+b.Namespace+"/"+b.Name, b.Namespace, b.RoleRef, b.Subjects)
	}
	slices.SortStableFunc(x.grants, func(a, b Grant) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Binding, b.Binding))
	})
	x.byName, x.names = map[string]map[string][]int{}, map[string][]string{}
	for i, g := range x.grants {
		if x.byName[g.Subject.Kind] == nil {
			x.byName[g.Subject.Kind] = map[string][]int{}
		}
		x.byName[g.Subject.Kind][g.Subject.Name] = append(x.byName[g.Subject.Kind][g.Subject.Name], i)
	}
	for kind, names := range x.byName {
		x.names[kind] = slices.Sorted(maps.Keys(names))
	}
	return x
}

func roleKey(namespace, name string) string { return namespace + "/" + name }

// Of returns what a user or a group is given. kind is rbacv1.UserKind or rbacv1.GroupKind; names are compared letter
// by letter, as the API server does.
func (x *Index) Of(kind, name string) []Grant {
	var own []Grant
	for _, i := range x.byName[kind][name] {
		own = append(own, x.grants[i])
	}
	return own
}

// Admins are the grants that let their subject do everything.
func (x *Index) Admins() []Grant {
	var all []Grant
	for i := range x.grants {
		if x.grants[i].Everything() {
			all = append(all, x.grants[i])
		}
	}
	return all
}

// Names are the users or groups that bindings name, sorted.
func (x *Index) Names(kind string) []string { return x.names[kind] }
