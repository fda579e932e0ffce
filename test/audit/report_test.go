package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/test/await"
)

// kind is one of the two kinds of reports with the place of its real CRD.
type kind struct {
	resource     schema.GroupVersionResource
	module, file string
}

func openReports() kind {
	return kind{
		schema.GroupVersionResource{Group: "openreports.io", Version: "v1alpha1", Resource: "reports"},
		"github.com/openreports/reports-api", "config/crd/openreports.io_reports.yaml",
	}
}

func policyReports() kind {
	return kind{
		schema.GroupVersionResource{Group: "wgpolicyk8s.io", Version: "v1alpha2", Resource: "policyreports"},
		"github.com/kyverno/kyverno", "config/crds/policyreport/wgpolicyk8s.io_policyreports.yaml",
	}
}

var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"} //nolint:gochecknoglobals // Never changed.

func (k kind) install(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(downloaded(t, k.module), k.file))
	if err != nil {
		t.Fatal(err)
	}
	crd := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(text, &crd.Object); err != nil {
		t.Fatal(err)
	}
	if _, err := shared.objects.Resource(definitions).Create(t.Context(), crd, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.remove(t) })
}

func (k kind) remove(t *testing.T) {
	t.Helper()
	// The test's own context has ended when it cleans up.
	ctx, api, name := context.Background(), shared.objects.Resource(definitions), k.resource.Resource+"."+k.resource.Group
	if err := api.Delete(ctx, name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		t.Error(err)
	}
	await.Success(t, "the kind is gone", func() error {
		if _, err := api.Get(ctx, name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			return errors.Join(err, errors.New("still there"))
		}
		return nil
	})
}

func (k kind) get(t *testing.T) (*unstructured.Unstructured, error) {
	t.Helper()
	return shared.objects.Resource(k.resource).Namespace("kube-system").Get(t.Context(), "aws-auth-guard", metav1.GetOptions{})
}

// has waits for a result of a rule with an outcome and a word in its message.
func (k kind) has(t *testing.T, rule, outcome, word string) *unstructured.Unstructured {
	t.Helper()
	var report *unstructured.Unstructured
	await.Success(t, fmt.Sprintf("a result %s %s", rule, outcome), func() error {
		var err error
		if report, err = k.get(t); err != nil {
			return err
		}
		results, _, err := unstructured.NestedSlice(report.Object, "results")
		if err != nil {
			return err
		}
		var seen []string
		for _, r := range results {
			m := r.(map[string]any)
			if m["rule"] == rule {
				seen = append(seen, fmt.Sprint(m["result"], " ", m["message"]))
				if m["result"] == outcome && strings.Contains(fmt.Sprint(m["message"]), word) {
					return nil
				}
			}
		}
		return fmt.Errorf("of the rule there are %v", seen)
	})
	return report
}

// lacks waits until no result is of a rule.
func (k kind) lacks(t *testing.T, rule string) {
	t.Helper()
	await.Success(t, "no result "+rule, func() error {
		report, err := k.get(t)
		if err != nil {
			return err
		}
		results, _, err := unstructured.NestedSlice(report.Object, "results")
		for _, r := range results {
			if r.(map[string]any)["rule"] == rule {
				return fmt.Errorf("there is %v", r)
			}
		}
		return err
	})
}

func TestReportsFollowTheMapTheBindingsAndTheKinds(t *testing.T) {
	for _, k := range []kind{openReports(), policyReports()} {
		t.Run(k.resource.Group, func(t *testing.T) {
			begin(t, nodes+devs)
			auditor(t).await(t)
			k.install(t)
			report := k.has(t, "group-unbound", "warn", "developers")
			k.has(t, "role-path", "pass", "")
			entries := 0
			results, _, _ := unstructured.NestedSlice(report.Object, "results")
			for _, r := range results {
				m := r.(map[string]any)
				if m["category"] == "entry" {
					entries++
				}
				properties, _ := m["properties"].(map[string]any)
				if m["rule"] != nil && !strings.HasPrefix(fmt.Sprint(properties["docs"]), "https://") {
					t.Errorf("no page of the rule: %v", m)
				}
				if m["severity"] == "" || m["timestamp"] == nil || m["source"] != "aws-auth-guard" {
					t.Errorf("not whole: %v", m)
				}
			}
			if entries != 1 {
				t.Errorf("%d clean entries, want that of the nodes", entries)
			}
			if name, _, _ := unstructured.NestedString(report.Object, "scope", "name"); name != "aws-auth" {
				t.Errorf("scope: %v", report.Object["scope"])
			}
			// A binding that comes makes the group bound.
			binding, err := shared.admin.RbacV1().RoleBindings("team").Create(t.Context(), &rbacv1.RoleBinding{
				ObjectMeta: metav1.ObjectMeta{Name: "developers"}, Subjects: []rbacv1.Subject{{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: "developers"}},
				RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
			}, metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			k.has(t, "group-unbound", "pass", "")
			if err := shared.admin.RbacV1().RoleBindings("team").Delete(t.Context(), binding.Name, metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
			k.has(t, "group-unbound", "warn", "developers")
			// The map changes.
			if err := put(t, nodes+strings.ReplaceAll(devs, "role/dev", "role/team/dev")); err != nil {
				t.Fatal(err)
			}
			report = k.has(t, "role-path", "fail", "team/")
			fails, _, _ := unstructured.NestedInt64(report.Object, "summary", "fail")
			if fails != 1 {
				t.Errorf("summary: %v", report.Object["summary"])
			}
			if err := put(t, nodes); err != nil {
				t.Fatal(err)
			}
			report = k.has(t, "role-path", "pass", "")
			// A label on the map changes nothing of what is true of it.
			cm, err := shared.admin.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "aws-auth", metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			cm.Labels = map[string]string{"team": "platform"}
			if _, err := shared.admin.CoreV1().ConfigMaps("kube-system").Update(t.Context(), cm, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
			if err := shared.admin.CoreV1().ConfigMaps("kube-system").Delete(t.Context(), "aws-auth", metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
			gone := k.has(t, "map-deleted", "fail", "no ConfigMap")
			if gone.GetUID() != report.GetUID() || gone.GetGeneration() > report.GetGeneration()+1 {
				t.Errorf("generation %d, was %d: the label was reported, or the report created again", gone.GetGeneration(), report.GetGeneration())
			}
			if _, err := shared.admin.CoreV1().ConfigMaps("kube-system").Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: map[string]string{"mapRoles": nodes}}, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			k.has(t, "map-deleted", "pass", "")
		})
	}
}

func TestTheReportMovesToThePreferredKindAndIsRemoved(t *testing.T) {
	begin(t, nodes)
	p := auditor(t)
	p.await(t)
	policyReports().install(t)
	policyReports().has(t, "role-path", "pass", "")
	openReports().install(t)
	openReports().has(t, "role-path", "pass", "")
	gone := func(k kind) {
		await.Success(t, "no report any more", func() error {
			if r, err := k.get(t); !apierrors.IsNotFound(err) {
				return fmt.Errorf("%v, %w", r, errors.Join(err, errors.New("still there")))
			}
			return nil
		})
	}
	gone(policyReports())
	openReports().remove(t)
	policyReports().has(t, "role-path", "pass", "")
	p.stop(t)
	if code, out := once(t, "--remove-reports"); code != 0 {
		t.Errorf("--remove-reports: exit %d\n%s", code, out)
	}
	gone(policyReports())
}
