package auditor

import (
	"unique"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// binding is what is kept of a RoleBinding or a ClusterRoleBinding: of thousands, so nothing that is not needed. It is a
// runtime.Object with the metadata that a cache.Reflector asks for.
type binding struct {
	// namespace is empty for a ClusterRoleBinding.
	namespace, name, version string
	role                     rbacv1.RoleRef
	users, groups            []string
	// marks are the annotations of a bookmark, nil for anything else.
	marks map[string]string
}

// newBinding takes over what a binding gives to users and groups. It returns nil where that is nothing: the map makes no
// service accounts.
func newBinding(o metav1.Object, subjects []rbacv1.Subject, role rbacv1.RoleRef) *binding {
	// Many bindings name the same role: one copy will do.
	b := &binding{
		namespace: o.GetNamespace(), name: o.GetName(), version: o.GetResourceVersion(),
		role: rbacv1.RoleRef{Kind: unique.Make(role.Kind).Value(), Name: unique.Make(role.Name).Value()},
	}
	for _, s := range subjects {
		switch s.Kind {
		case rbacv1.UserKind:
			b.users = append(b.users, s.Name)
		case rbacv1.GroupKind:
			b.groups = append(b.groups, s.Name)
		}
	}
	if len(b.users)+len(b.groups) == 0 {
		return nil
	}
	return b
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

// GetObjectMeta implements metav1.ObjectMetaAccessor.
func (b *binding) GetObjectMeta() metav1.Object {
	return &metav1.ObjectMeta{Namespace: b.namespace, Name: b.name, ResourceVersion: b.version, Annotations: b.marks}
}

// GetObjectKind implements runtime.Object.
func (b *binding) GetObjectKind() schema.ObjectKind { return schema.EmptyObjectKind }

// DeepCopyObject implements runtime.Object. A binding is never changed, so its lists need no copy.
func (b *binding) DeepCopyObject() runtime.Object {
	c := *b
	return &c
}

// stripBinding keeps what a binding gives to users and groups.
func stripBinding(o runtime.Object) runtime.Object {
	var kept *binding
	switch b := o.(type) {
	case *binding:
		if len(b.users)+len(b.groups) > 0 {
			kept = b
		}
	case *rbacv1.RoleBinding:
		kept = newBinding(b, b.Subjects, b.RoleRef)
	case *rbacv1.ClusterRoleBinding:
		kept = newBinding(b, b.Subjects, b.RoleRef)
	}
	if kept == nil {
		return nil
	}
	return kept
}

// nameBinding is a binding that is not kept.
func nameBinding(o metav1.Object) runtime.Object {
	return &binding{namespace: o.GetNamespace(), name: o.GetName(), version: o.GetResourceVersion()}
}

// bookmark is the object of a bookmark in the kind that a feed keeps: its annotations tell the reflector that it has seen
// all.
func bookmark(o runtime.Object) runtime.Object {
	switch b := o.(type) {
	case *rbacv1.RoleBinding:
		return &binding{version: b.ResourceVersion, marks: b.Annotations}
	case *rbacv1.ClusterRoleBinding:
		return &binding{version: b.ResourceVersion, marks: b.Annotations}
	}
	return o
}
