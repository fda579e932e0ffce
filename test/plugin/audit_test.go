package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
)

func TestAuditShowsTheWholeCluster(t *testing.T) {
	r := plugin(t, "", "", "audit")
	r.expect(t, 1)
	if r.err != "" {
		t.Errorf("stderr: %s", r.err)
	}
	golden(t, "audit.txt", r.out)
}

func TestAuditFailsAsLintDoes(t *testing.T) {
	plugin(t, "", "", "audit", "--profile", "audit").expect(t, 0)
	plugin(t, "", "", "audit", "--profile", "audit", "--fail-on", "warning").expect(t, 1)
	plugin(t, "", "", "audit", "-o", "yaml").expect(t, 2, "write text, github, html, json, junit, markdown or sarif")
	plugin(t, "", "", "audit", "here").expect(t, 2)
}

// TestAuditNamesThePlacesThatKubectlShows compares with lint of what the real kubectl prints.
func TestAuditNamesThePlacesThatKubectlShows(t *testing.T) {
	shown, err := cluster.Kubectl(t.Context(), controlplane.Call{Arguments: []string{"get", "configmap", "aws-auth", "-n", "kube-system", "-o", "yaml"}})
	if err != nil || shown.ExitCode != 0 {
		t.Fatal(err, shown.Errors)
	}
	type place struct {
		Rule         string
		Line, Column int
	}
	var live, file struct{ Findings []place }
	for _, c := range []struct {
		r    result
		into any
	}{
		{plugin(t, "", "", "audit", "-o", "json"), &live},
		{plugin(t, "", shown.Output, "lint", "-o", "json", "-"), &file},
	} {
		c.r.expect(t, 1)
		if err := json.Unmarshal([]byte(c.r.out), c.into); err != nil {
			t.Fatal(err)
		}
	}
	if len(file.Findings) == 0 {
		t.Error("lint finds nothing")
	}
	for _, f := range file.Findings {
		if !slices.Contains(live.Findings, f) {
			t.Errorf("audit says %v, lint of the same map also %v", live.Findings, f)
		}
	}
}

func TestAuditJSONHoldsTheAccessTable(t *testing.T) {
	r := plugin(t, "", "", "audit", "-o", "json")
	r.expect(t, 1)
	var a struct {
		Summary struct{ Errors int }
		Access  []struct {
			ARN      string
			Admin    bool
			NoRights bool
			Grants   []struct{ Role, Namespace string }
		}
		Groups []struct {
			Name, OtherCase string
			Bound           bool
		}
		Editors []struct {
			Subject struct{ Kind, Name string }
			Verbs   []string
			Callers []string
		}
		Guard  struct{ Installed bool }
		Unread []any
	}
	if err := json.Unmarshal([]byte(r.out), &a); err != nil {
		t.Fatal(err)
	}
	if a.Summary.Errors == 0 || a.Guard.Installed || a.Unread == nil || len(a.Unread) > 0 {
		t.Errorf("errors %d, guard installed %v, unread %v", a.Summary.Errors, a.Guard.Installed, a.Unread)
	}
	for _, row := range a.Access {
		switch row.ARN {
		case "arn:aws:iam::111122223333:role/Admin":
			if !row.Admin || row.NoRights {
				t.Errorf("%+v: want an administrator", row)
			}
		case "arn:aws:iam::111122223333:user/alice":
			if !row.NoRights {
				t.Errorf("%+v: the binding names Alice, which is another user", row)
			}
		case "arn:aws:iam::111122223333:user/ci":
			if len(row.Grants) != 2 {
				t.Errorf("%+v: want the grants of the user and of the group", row)
			}
		}
	}
	for _, e := range a.Editors {
		if e.Subject.Name == "idle" {
			t.Errorf("%+v may only edit another ConfigMap", e)
		}
		if e.Subject.Name == "ci" && !slices.Equal(e.Verbs, []string{"update"}) {
			t.Errorf("%+v: RBAC never allows to create by resourceNames", e)
		}
	}
}

// TestWhoMayEditIsWhatTheAPIServerAllows asks the API server about each subject and verb that the report names, and
// about those that it does not name.
func TestWhoMayEditIsWhatTheAPIServerAllows(t *testing.T) {
	var a struct {
		Editors []struct {
			Subject struct{ Kind, Name string }
			Verbs   []string
		}
	}
	r := plugin(t, "", "", "audit", "-o", "json")
	if err := json.Unmarshal([]byte(r.out), &a); err != nil {
		t.Fatal(err)
	}
	said := map[string][]string{}
	for _, e := range a.Editors {
		if e.Subject.Kind == rbacv1.UserKind {
			said[e.Subject.Name] = append(said[e.Subject.Name], e.Verbs...)
		}
	}
	for _, user := range []string{"ci", "idle", "ghost", "Alice", "dev:bob"} {
		for _, verb := range []string{"create", "update", "patch", "delete", "deletecollection"} {
			call := controlplane.Call{Arguments: []string{"auth", "can-i", verb, "configmaps", "--as", user, "-n", "kube-system"}}
			if verb != "create" && verb != "deletecollection" {
				call.Arguments[3] = "configmaps/aws-auth"
			}
			got, err := cluster.Kubectl(t.Context(), call)
			if err != nil {
				t.Fatal(err)
			}
			if allowed := got.ExitCode == 0; allowed != slices.Contains(said[user], verb) {
				t.Errorf("%s %s: the API server says %v, the report %v", user, verb, allowed, said[user])
			}
		}
	}
}

func TestAuditWithFewRightsSaysWhatItCouldNotRead(t *testing.T) {
	ctx := t.Context()
	_, reader, err := cluster.User("map-reader")
	if err != nil {
		t.Fatal(err)
	}
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "map-reader"}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get"}, ResourceNames: []string{"aws-auth"}},
	}}
	binding := &rbacv1.RoleBinding{ObjectMeta: role.ObjectMeta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "map-reader"}}}
	if _, err := client.RbacV1().Roles("kube-system").Create(ctx, role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.RbacV1().RoleBindings("kube-system").Create(ctx, binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(ctx)
		if err := errors.Join(
			client.RbacV1().RoleBindings("kube-system").Delete(ctx, binding.Name, metav1.DeleteOptions{}),
			client.RbacV1().Roles("kube-system").Delete(ctx, role.Name, metav1.DeleteOptions{}),
		); err != nil {
			t.Error(err)
		}
	})
	if err := await.Rights(ctx, client, "map-reader", nil, "kube-system", role.Rules...); err != nil {
		t.Fatal(err)
	}
	r := plugin(t, reader, "", "audit")
	r.expect(t, 1, "arn:aws:iam::111122223333:role/Admin", "NOT READ", "ClusterRoleBindings: you may not read them", "MutatingWebhookConfigurations: you may not read them")
	golden(t, "audit-few-rights.txt", r.out)
}

func TestAuditWithoutTheMap(t *testing.T) {
	_, stranger, err := cluster.User("stranger")
	if err != nil {
		t.Fatal(err)
	}
	plugin(t, stranger, "", "audit").expect(t, 3, "NOT READ", "the map: the cluster lets you in, but you may not read the map", `User "stranger"`)
	plugin(t, stranger, "", "audit", "-o", "json").expect(t, 3, `"findings": null`, `"guard": null`, `"admins": null`, `"access": null`, `"editors": null`)
}

func TestAuditOfAClusterThatAnswersUnauthorized(t *testing.T) {
	for _, format := range append(formats, "text", "json") {
		r := plugin(t, nobody(t), "", "audit", "--token", "nonsense", "-o", format)
		r.expect(t, 3, `the cluster answers "Unauthorized"`, "docs/unauthorized.md")
		if r.out != "" || strings.Count(r.err, "Unauthorized") != 1 {
			t.Errorf("-o %s: the advice alone, and once:\n%s\n%s", format, r.out, r.err)
		}
	}
}

func TestAuditOfAClusterWithoutAMap(t *testing.T) {
	takeMapAway(t)
	r := plugin(t, "", "", "audit")
	r.expect(t, 3, "the cluster has no ConfigMap kube-system/aws-auth", "nobody through the map", "GUARD")
}

// takeMapAway deletes the map for the time of a test.
func takeMapAway(t *testing.T) {
	t.Helper()
	maps := client.CoreV1().ConfigMaps("kube-system")
	cm, err := maps.Get(t.Context(), "aws-auth", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := maps.Delete(t.Context(), "aws-auth", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	ctx := context.WithoutCancel(t.Context())
	t.Cleanup(func() {
		again := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: cm.Data}
		if _, err := maps.Create(ctx, again, metav1.CreateOptions{}); err != nil {
			t.Error(err)
		}
	})
}

func TestAuditWithoutACluster(t *testing.T) {
	empty := t.TempDir() + "/none"
	plugin(t, empty, "", "audit").expect(t, 3, "no cluster is configured")
	plugin(t, "", "", "audit", "--kubeconfig", empty).expect(t, 3, "the kubeconfig")
	plugin(t, "", "", "audit", "--server", "https://127.0.0.1:1").expect(t, 3, "the cluster does not answer", "connect")
}

// TestAuditOfASilentServerGivesUpAtOnce has a server that takes connections and says nothing: one question must be all
// that is asked.
func TestAuditOfASilentServerGivesUpAtOnce(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var connections atomic.Int32
	go func() {
		for {
			c, err := silent.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			t.Cleanup(func() { _ = c.Close() })
		}
	}()
	r := plugin(t, "", "", "audit", "--server", "https://"+silent.Addr().String(), "--request-timeout", "1s")
	if err := silent.Close(); err != nil {
		t.Fatal(err)
	}
	r.expect(t, 3, "the cluster does not answer")
	if n := connections.Load(); n != 1 || r.out != "" {
		t.Errorf("%d connections, output %q", n, r.out)
	}
}
