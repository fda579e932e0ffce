package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/audit"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
)

// mayRestore gives the auditor what --auto-restore needs.
func mayRestore(t *testing.T) {
	t.Helper()
	api := shared.admin.RbacV1()
	rules := []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"create"}},
		{APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{"aws-auth"}, Verbs: []string{"update"}},
	}
	meta := metav1.ObjectMeta{Name: "auditor-restore"}
	if _, err := api.Roles("kube-system").Create(t.Context(), &rbacv1.Role{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := api.RoleBindings("kube-system").Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: meta.Name},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: auditorUser}},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background()
		if err := errors.Join(api.RoleBindings("kube-system").Delete(ctx, meta.Name, metav1.DeleteOptions{}), api.Roles("kube-system").Delete(ctx, meta.Name, metav1.DeleteOptions{})); err != nil {
			t.Error(err)
		}
	})
	if err := await.Rights(t.Context(), shared.admin, auditorUser, nil, "kube-system", rules...); err != nil {
		t.Fatal(err)
	}
}

// breakings are what a map does not survive outside the guard.
func breakings() map[string]func(*testing.T) {
	write := func(text string) func(*testing.T) {
		return func(t *testing.T) {
			t.Helper()
			if err := put(t, text); err != nil {
				t.Fatal(err)
			}
		}
	}
	return map[string]func(*testing.T){
		"unreadable": write("- rolearn: arn:aws:iam::111122223333:role/nodes\n   username: x\n"),
		"emptied":    write(""),
		"deleted": func(t *testing.T) {
			t.Helper()
			if err := shared.admin.CoreV1().ConfigMaps("kube-system").Delete(t.Context(), "aws-auth", metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func TestAutoRestorePutsTheLastGoodMapBackOnce(t *testing.T) {
	mayRestore(t)
	for name, breakIt := range breakings() {
		t.Run(name, func(t *testing.T) {
			begin(t, nodes+devs)
			p := auditor(t, "--auto-restore", "2s")
			p.await(t)
			await.Success(t, "the first state in the history", func() error { return revisions(t, 1) })
			breakIt(t)
			told(t, "GuardRestored")
			live := func() string {
				cm, err := shared.admin.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "aws-auth", metav1.GetOptions{})
				if err != nil {
					return err.Error()
				}
				return cm.Data["mapRoles"]
			}
			if got := live(); got != nodes+devs {
				t.Fatalf("the live map: %s", got)
			}
			// Nobody needs a report that this bypassed the guard.
			await.Success(t, "the restored state is taken for settled", func() error { return settled(t, nodes+devs) })
			if told := events(t)["GuardBypassed"]; len(told) > 0 {
				t.Errorf("the auditor's own write is reported as a bypass: %q", told)
			}
			// Broken once more it stays so, which is reported once, by whoever looks.
			await.Success(t, "the restored state in the history", func() error { return newest(t, nodes+devs) })
			breakIt(t)
			told(t, "GuardLeftBroken")
			p.stop(t)
			p = auditor(t, "--auto-restore", "2s", "--interval", "10s")
			p.await(t)
			// A look comes to an end with the next one.
			looks(t, p, 2)
			for _, reason := range []string{"GuardRestored", "GuardLeftBroken"} {
				if told := events(t)[reason]; len(told) != 1 {
					t.Errorf("%s was reported %d times: %q", reason, len(told), told)
				}
			}
			if got := live(); got == nodes+devs {
				t.Error("restored once more")
			}
		})
	}
}

// revisions wants a number of states in the history.
func revisions(t *testing.T, want int) error {
	t.Helper()
	list, err := shared.admin.AppsV1().ControllerRevisions(namespace).List(t.Context(), metav1.ListOptions{})
	if err == nil && len(list.Items) != want {
		err = fmt.Errorf("%d revisions, want %d", len(list.Items), want)
	}
	return err
}

// newest wants the map of the newest state in the history.
func newest(t *testing.T, want string) error {
	t.Helper()
	_, content, err := history.NewStore(shared.admin, namespace).Newest(t.Context(), func(*history.Revision) bool { return true })
	if err == nil && content.Data["mapRoles"] != want {
		err = fmt.Errorf("the newest is %q", content.Data["mapRoles"])
	}
	return err
}

// settled wants the auditor to know how a map came to be.
func settled(t *testing.T, text string) error {
	t.Helper()
	cm, err := shared.admin.CoreV1().ConfigMaps(namespace).Get(t.Context(), lease, metav1.GetOptions{})
	if err != nil {
		return err
	}
	var state audit.State
	if err := json.Unmarshal([]byte(cm.Data["state.json"]), &state); err != nil {
		return err
	}
	if want := (history.Content{Data: map[string]string{"mapRoles": text}}).Name(); state.Content != want {
		return fmt.Errorf("settled is %s, want %s", state.Content, want)
	}
	return nil
}
