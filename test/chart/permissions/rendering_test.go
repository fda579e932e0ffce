package permissions

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/test/chart/render"
)

const (
	root      = "../../.."
	namespace = render.Namespace
	// The service accounts of a default install.
	webhookAccount = "aws-auth-guard"
	auditorAccount = "aws-auth-guard-auditor"
)

// rendering holds the objects of the chart with some settings.
type rendering []*unstructured.Unstructured

func renderChart(t *testing.T, settings ...string) rendering {
	t.Helper()
	rendered, err := render.Chart(root, render.Options{Set: settings})
	if err != nil {
		t.Fatal(err)
	}
	var all rendering
	for document := range strings.SplitSeq("\n"+rendered.Manifest, "\n---\n") {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &o.Object); err != nil {
			t.Fatal(err)
		}
		if o.GetKind() != "" {
			all = append(all, o)
		}
	}
	return all
}

// kinds are the objects of some kinds.
func (r rendering) kinds(kinds ...string) rendering {
	return slices.DeleteFunc(slices.Clone(r), func(o *unstructured.Unstructured) bool { return !slices.Contains(kinds, o.GetKind()) })
}

// named is the object of a kind and a name; namespace is empty for one that has none.
func (r rendering) named(t *testing.T, kind, namespace, name string) *unstructured.Unstructured {
	t.Helper()
	for _, o := range r {
		if o.GetKind() == kind && o.GetNamespace() == namespace && o.GetName() == name {
			return o
		}
	}
	t.Fatalf("the chart renders no %s %s", kind, name)
	return nil
}

// permission is one verb on one resource, by name where the role names objects: the least that a role can give.
type permission struct {
	// namespace and role are where it stands; namespace is empty for a ClusterRole.
	namespace, role string
	rule            rbacv1.PolicyRule
}

// String is how the tables of the tests write it: WHERE VERB RESOURCE[/NAME].
func (p permission) String() string {
	where := map[string]string{"": "cluster", namespace: "own"}[p.namespace]
	if where == "" {
		where = p.namespace
	}
	text := fmt.Sprintf("%s %s %s", where, p.rule.Verbs[0], p.rule.Resources[0])
	if len(p.rule.ResourceNames) > 0 {
		text += "/" + p.rule.ResourceNames[0]
	}
	return text
}

// permissions are all that the chart gives to a service account, one by one, each once.
func (r rendering) permissions(t *testing.T, account string) []permission {
	t.Helper()
	var all []permission
	for _, o := range r.kinds("RoleBinding", "ClusterRoleBinding") {
		var binding rbacv1.RoleBinding // a ClusterRoleBinding has the same fields
		convert(t, o, &binding)
		if !slices.ContainsFunc(binding.Subjects, func(s rbacv1.Subject) bool {
			return s.Kind == rbacv1.ServiceAccountKind && s.Name == account && s.Namespace == namespace
		}) {
			continue
		}
		var role rbacv1.Role // nor does a ClusterRole differ in what is used here
		convert(t, r.named(t, binding.RoleRef.Kind, o.GetNamespace(), binding.RoleRef.Name), &role)
		for i := range role.Rules {
			for _, rule := range split(&role.Rules[i]) {
				all = append(all, permission{o.GetNamespace(), role.Name, rule})
			}
		}
	}
	return all
}

// split makes a rule for each of what a rule allows.
func split(rule *rbacv1.PolicyRule) []rbacv1.PolicyRule {
	names := [][]string{nil}
	if len(rule.ResourceNames) > 0 {
		names = nil
		for _, n := range rule.ResourceNames {
			names = append(names, []string{n})
		}
	}
	var all []rbacv1.PolicyRule
	for _, group := range rule.APIGroups {
		for _, resource := range rule.Resources {
			for _, name := range names {
				for _, verb := range rule.Verbs {
					all = append(all, rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, ResourceNames: name, Verbs: []string{verb}})
				}
			}
		}
	}
	return all
}

func convert(t *testing.T, o *unstructured.Unstructured, into any) {
	t.Helper()
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, into); err != nil {
		t.Fatal(err)
	}
}
