package controller

import (
	"unique"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/cache"
)

// binding is what is kept of a RoleBinding or a ClusterRoleBinding: of thousands, so nothing that is not needed. The map makes no
// service accounts, so these are left out.
type binding struct {
	// namespace is empty for a ClusterRoleBinding.
	namespace, name, version string
	role                     unique.Handle[rbacv1.RoleRef]
	users, groups            []string
}

// compact is the cache.TransformFunc that makes bindings of both kinds, and of node classes what is kept of them. It leaves
// other objects as they are.
func compact(o any) (any, error) {
	switch b := o.(type) {
	case *rbacv1.RoleBinding:
		return newBinding(b, b.Subjects, b.RoleRef), nil
	case *rbacv1.ClusterRoleBinding:
		return newBinding(b, b.Subjects, b.RoleRef), nil
	case *unstructured.Unstructured:
		return newHeldClass(b), nil
	}
	return o, nil
}

func newBinding(o metav1.Object, subjects []rbacv1.Subject, role rbacv1.RoleRef) *binding {
	// Many bindings share a namespace and a role: one copy of each is enough.
	b := &binding{
		namespace: unique.Make(o.GetNamespace()).Value(), name: o.GetName(), version: o.GetResourceVersion(),
		role: unique.Make(rbacv1.RoleRef{Kind: role.Kind, Name: role.Name}),
	}
	for _, s := range subjects {
		switch s.Kind {
		case rbacv1.UserKind:
			b.users = append(b.users, s.Name)
		case rbacv1.GroupKind:
			b.groups = append(b.groups, s.Name)
		}
	}
	return b
}

// GetObjectMeta implements metav1.ObjectMetaAccessor, which a cache.Store asks for.
func (b *binding) GetObjectMeta() metav1.Object {
	return &metav1.ObjectMeta{Namespace: b.namespace, Name: b.name, ResourceVersion: b.version}
}

// subjects are the users and groups.
func (b *binding) subjects() []rbacv1.Subject {
	list := make([]rbacv1.Subject, 0, len(b.users)+len(b.groups))
	for _, u := range b.users {
		list = append(list, rbacv1.Subject{Kind: rbacv1.UserKind, Name: u})
	}
	for _, g := range b.groups {
		list = append(list, rbacv1.Subject{Kind: rbacv1.GroupKind, Name: g})
	}
	return list
}

// strip takes out of a binding that is listed what is large and not needed.
func strip(o runtime.Object) {
	switch b := o.(type) {
	case *rbacv1.RoleBinding:
		b.Labels, b.Annotations, b.ManagedFields = nil, nil, nil
	case *rbacv1.ClusterRoleBinding:
		b.Labels, b.Annotations, b.ManagedFields = nil, nil, nil
	}
}

// matters reports whether a change of an object is worth a look: not one of a binding that gives nothing to users and groups.
func matters(o any) bool {
	if gone, ok := o.(cache.DeletedFinalStateUnknown); ok {
		o = gone.Obj
	}
	b, ok := o.(*binding)
	return !ok || len(b.users)+len(b.groups) > 0
}
