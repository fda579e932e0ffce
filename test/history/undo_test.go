package history

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/emergency"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history/restore"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
)

// record writes states one after the other and records each.
func record(t *testing.T, in string, states ...map[string]string) *history.Recorder {
	t.Helper()
	r := history.NewRecorder(shared.admin, in, history.Options{})
	for _, data := range states {
		write(t, "kubectl-edit", data)
		observe(t, r, history.Observation{User: "jane"})
	}
	return r
}

func TestUndoRepairsWhatWasBrokenWhileTheGuardWasAway(t *testing.T) {
	in := namespace(t)
	record(t, in, roles(nodes+devs), roles(nodes+devs+ops), roles(unreadable))
	plugin(t, "", "replay", "--history", "-n", in).expect(t, 1, "jane  kubectl-edit: refused\n  LOCKED OUT: arn:aws:iam::111122223333:role/", "[yaml-syntax]",
		"2 edits of the history judged by the profile standard")
	live := annotate(t, "example.com/owner", "platform")
	plugin(t, "", "undo", "-n", in, "--yes").expect(t, 0,
		"revision 2, ", ", written by jane (kubectl-edit)\n\nGAINS  arn:aws:iam::111122223333:role/dev (username dev:{{SessionName}}, groups editors)\nGAINS  node role arn:aws:iam::111122223333:role/nodes (username system:node:{{EC2PrivateDNSName}}, groups system:bootstrappers, system:nodes)\n",
		"revision 2 is the live map again\n")
	now := current(t)
	if !reflect.DeepEqual(now.Data, roles(nodes+devs+ops)) || now.UID != live.UID || now.Annotations["example.com/owner"] != "platform" {
		t.Errorf("the live map: %+v", now)
	}
	plugin(t, "", "undo", "-n", in, "--yes", "--to", "2").expect(t, 0, "revision 2 is the live map already: nothing to do")
	// What undo takes is the last good state that differs: now the one before.
	plugin(t, "", "undo", "-n", in, "--dry-run=server").expect(t, 0, "revision 1, ", "LOSES  arn:aws:iam::111122223333:role/ops", "would be put back (server dry run)")
	if !reflect.DeepEqual(current(t).Data, roles(nodes+devs+ops)) {
		t.Error("the dry run has written")
	}
	plugin(t, "", "undo", "-n", in, "--to", "3", "--yes").expect(t, 0, "NOT GOOD: EKS can't read mapRoles", "[yaml-syntax]")
}

func TestUndoMakesADeletedMapAnew(t *testing.T) {
	in := namespace(t)
	record(t, in, roles(nodes+devs))
	remove(t)
	observe(t, history.NewRecorder(shared.admin, in, history.Options{}), history.Observation{})
	plugin(t, "", "history", "-n", in).expect(t, 0, "not good, live  the map is not there: 2 principals lose their access", "Not good:\n  2: the map is not there\n")
	plugin(t, "", "undo", "-n", in, "--yes", "--to", "2").expect(t, 2, "undo restores maps and never deletes one")
	plugin(t, "", "undo", "-n", in, "--yes").expect(t, 0, "revision 1 is the live map again")
	if now := current(t); now == nil || !reflect.DeepEqual(now.Data, roles(nodes+devs)) {
		t.Errorf("the live map: %+v", now)
	}
}

// TestUndoPassesTheGuardLikeAnyEdit has the guard in front of the map.
func TestUndoPassesTheGuardLikeAnyEdit(t *testing.T) {
	in := namespace(t)
	guarded(t)
	path := strings.ReplaceAll(ops, "role/ops", "role/team/ops")
	record(t, in, roles(nodes+ops), roles(nodes+path), roles(nodes+devs+ops), roles(unreadable))
	editors(t)
	_, jane, err := shared.Impersonate(rest.ImpersonationConfig{UserName: "dev:jane", Groups: []string{"editors", "system:authenticated"}, Extra: map[string][]string{
		"arn": {"arn:aws:sts::111122223333:assumed-role/dev/jane"}, "canonicalArn": {"arn:aws:iam::111122223333:role/dev"}, "sessionName": {"jane"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	// Its warnings reach the person.
	await.Success(t, "RBAC", func() error {
		if r := plugin(t, jane, "undo", "-n", in, "--dry-run=server"); r.code != 0 {
			return fmt.Errorf("%s", r.err)
		}
		return nil
	})
	plugin(t, jane, "undo", "-n", in, "--yes").expect(t, 0, "revision 3 is the live map again\n")

	// It repairs what people write.
	plugin(t, "", "undo", "-n", in, "--yes", "--to", "2").expect(t, 0, "[role-path]", "Warning: repaired mapRoles[1].rolearn", "revision 2 is the live map again, as the guard repaired it")
	if got := current(t).Data["mapRoles"]; got != nodes+ops {
		t.Errorf("mapRoles %q", got)
	}

	// It refuses a lockout, and says how to insist.
	write(t, "kubectl-edit", roles(nodes+devs+ops))
	refused := plugin(t, jane, "undo", "-n", in, "--yes", "--to", "1")
	refused.expect(t, 1, "nothing was written: the guard refuses it.\n", "[self-lockout]", `kubectl aws-auth undo --to 1 --override "self-lockout: REASON"`)
	if got := current(t).Data["mapRoles"]; got != nodes+devs+ops {
		t.Errorf("written all the same: %q", got)
	}
	plugin(t, jane, "undo", "-n", in, "--yes", "--to", "1", "--override", "self-lockout: I leave").expect(t, 0, "revision 1 is the live map again")
	now := current(t)
	if now.Data["mapRoles"] != nodes+ops || now.Annotations["aws-auth-guard.dev/override"] != "self-lockout: I leave" {
		t.Errorf("the live map: %+v", now)
	}
	plugin(t, "", "undo", "-n", in, "--yes", "--to", "3", "--override", "self-lockout: I leave").expect(t, 2, "the map already has this override")
}

// editors lets the group editors do with the map and read the history.
func editors(t *testing.T) {
	t.Helper()
	rules := []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get", "create", "update"}},
		{APIGroups: []string{"apps"}, Resources: []string{"controllerrevisions"}, Verbs: []string{"get", "list"}},
	}
	api := shared.admin.RbacV1()
	if _, err := api.ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "editors"}, Rules: rules}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := api.ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "editors"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "editors"},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "editors"}},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		_ = api.ClusterRoleBindings().Delete(ctx, "editors", metav1.DeleteOptions{})
		_ = api.ClusterRoles().Delete(ctx, "editors", metav1.DeleteOptions{})
	})
	if err := await.Rights(t.Context(), shared.admin, "somebody", []string{"editors"}, "", rules...); err != nil {
		t.Fatal(err)
	}
}

func TestUndoSaysHowToGetPastADeadGuard(t *testing.T) {
	in := namespace(t)
	record(t, in, roles(nodes+devs), roles(unreadable))
	deadGuard(t)
	plugin(t, "", "undo", "-n", in, "--yes").expect(t, 3, "the guard does not answer", "failed calling webhook",
		"  "+emergency.StandDown+"\n")
	// The command does what is said of it.
	r, err := shared.Kubectl(t.Context(), call(strings.Fields(emergency.StandDown)[1:]...))
	if err != nil || r.ExitCode != 0 {
		t.Fatalf("%v %+v", err, r)
	}
	await.Success(t, "the API server asks nobody any more", func() error {
		if r := plugin(t, "", "undo", "-n", in, "--yes"); r.code != 0 {
			return fmt.Errorf("%s", r.err)
		}
		return nil
	})
}

func TestUndoSaysHowToGetPastAnImmutableMap(t *testing.T) {
	in := namespace(t)
	record(t, in, roles(nodes+devs), roles(unreadable))
	patch := []byte(`{"immutable":true}`)
	maps := shared.eks.CoreV1().ConfigMaps("kube-system")
	if _, err := maps.Patch(t.Context(), "aws-auth", types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	plugin(t, "", "undo", "-n", in, "--yes").expect(t, 3, "the map is immutable", "emergency.md#change-an-immutable-map", "run undo again")
	remove(t)
	plugin(t, "", "undo", "-n", in, "--yes").expect(t, 0, "is the live map again")
	if got := current(t); got.Data["mapRoles"] != nodes+devs || got.Immutable != nil {
		t.Errorf("%+v", got)
	}
}

func TestUndoWritesNothingOverSomebodyElsesEdit(t *testing.T) {
	in := namespace(t)
	r := record(t, in, roles(nodes+devs), roles(unreadable))
	_, content, err := r.LastGood(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	read := current(t)
	write(t, "kubectl-edit", roles(nodes))
	_, err = (&restore.Put{Live: read, Content: content, FieldManager: "kubectl-aws_auth"}).Do(t.Context(), shared.admin)
	if !restore.Changed(err) {
		t.Errorf("an edit in between: %v", err)
	}
	read = current(t)
	remove(t)
	_, err = (&restore.Put{Live: read, Content: content, FieldManager: "kubectl-aws_auth"}).Do(t.Context(), shared.admin)
	if !restore.Changed(err) || current(t) != nil {
		t.Errorf("a delete in between: %v", err)
	}
	write(t, "kubectl-edit", roles(nodes))
	_, err = (&restore.Put{Content: content, FieldManager: "kubectl-aws_auth"}).Do(t.Context(), shared.admin)
	if !restore.Changed(err) {
		t.Errorf("made in between: %v", err)
	}
	// Made again under the same name and version is another map.
	read = current(t)
	remove(t)
	write(t, "kubectl-edit", roles(nodes))
	_, err = (&restore.Put{Live: read, Content: content, FieldManager: "kubectl-aws_auth"}).Do(t.Context(), shared.admin)
	if !restore.Changed(err) {
		t.Errorf("created again in between: %v", err)
	}
}

func TestHistoryAndDiffShowTheStates(t *testing.T) {
	in := namespace(t)
	record(t, in, roles(nodes+devs), roles(nodes+devs+ops), roles(nodes+ops))
	text := plugin(t, "", "history", "-n", in).expect(t, 0).out
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != 6 || !strings.HasPrefix(lines[0], "REVISION  TIME ") || !strings.Contains(lines[1], "  jane (kubectl-edit)  good, live  LOSES arn:aws:iam::111122223333:role/dev (editors)") ||
		!strings.HasPrefix(lines[5], "The history is in the namespace guard-") {
		t.Errorf("history:\n%s", text)
	}
	var list struct {
		Live      int64
		Revisions []struct {
			Revision int64
			Time     time.Time
			User     string
			Good     bool
			Changes  struct{ List []map[string]any }
		}
	}
	if err := json.Unmarshal([]byte(plugin(t, "", "history", "-n", in, "-o", "json").expect(t, 0).out), &list); err != nil {
		t.Fatal(err)
	}
	if list.Live != 3 || len(list.Revisions) != 3 || list.Revisions[0].Changes.List[0]["kind"] != "lost" || list.Revisions[2].User != "jane" || list.Revisions[2].Time.IsZero() {
		t.Errorf("JSON: %+v", list)
	}
	plugin(t, "", "diff", "-n", in, "--revision", "1").expect(t, 1, "LOSES  arn:aws:iam::111122223333:role/dev (username dev:{{SessionName}}, groups editors)\nGAINS  arn:aws:iam::111122223333:role/ops (username ops:{{SessionName}}, groups editors)\n")
	plugin(t, "", "diff", "-n", in, "--revision", "3").expect(t, 0, "no change of access\n")
	plugin(t, "", "diff", "-n", in, "--revision", "3", "--to", "2").expect(t, 1, "GAINS  arn:aws:iam::111122223333:role/dev (username dev:{{SessionName}}, groups editors)\n")
	plugin(t, "", "diff", "-n", in, "--revision", "9").expect(t, 3, "there is no revision 9; `kubectl aws-auth history` lists them")
	remove(t)
	plugin(t, "", "diff", "-n", in, "--revision", "3").expect(t, 1, "LOSES  node role arn:aws:iam::111122223333:role/nodes")
	plugin(t, "", "history", "-n", in).expect(t, 0, "There is no live map, and the history does not know that yet: is the auditor running?")
}

func TestTheHistoryIsFoundWhereverItIs(t *testing.T) {
	in := namespace(t)
	plugin(t, "", "history", "-n", in).expect(t, 3, "nothing in the namespace "+in, "there is no history of the map in this cluster", "webhook audit")
	plugin(t, "", "history").expect(t, 3, "there is no history of the map in this cluster")
	record(t, in, roles(nodes))
	plugin(t, "", "history").expect(t, 0, "The history is in the namespace "+in)
	plugin(t, "", "undo", "--yes").expect(t, 3, "no good state that differs from the live map")
	other := namespace(t)
	record(t, other, roles(nodes))
	plugin(t, "", "history").expect(t, 2, "there is a history in several namespaces", in, other, "--namespace")

	_, nobody, err := shared.User("nobody")
	if err != nil {
		t.Fatal(err)
	}
	plugin(t, nobody, "history").expect(t, 3, "you may not read the history; it needs list and get of controllerrevisions.apps in the namespace aws-auth-guard")
}

// TestUndoAsksOnATerminal runs the plugin with a terminal as its standard input.
func TestUndoAsksOnATerminal(t *testing.T) {
	in := namespace(t)
	record(t, in, roles(nodes+devs), roles(unreadable))
	dir := t.TempDir()
	script := `
# No answer, or another one, is a no.
ttyin -stdin no
! exec kubectl-aws_auth undo -n $NAMESPACE
stdout 'Put revision 1 back in the cluster .*, context .*\? \[y/N\] '
stderr 'nothing was written'
ttyin -stdin yes
exec kubectl-aws_auth undo -n $NAMESPACE
stdout 'revision 1 is the live map again'
-- no --
maybe
-- yes --
y
`
	if err := os.WriteFile(filepath.Join(dir, "undo.txtar"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("script", func(t *testing.T) {
		testscript.Run(t, testscript.Params{Dir: dir, RequireExplicitExec: true, Setup: func(e *testscript.Env) error {
			e.Setenv("KUBECONFIG", shared.AdminKubeconfig)
			e.Setenv("NAMESPACE", in)
			return nil
		}})
	})
	if !maps.Equal(current(t).Data, roles(nodes+devs)) {
		t.Error("not put back")
	}
	plugin(t, "", "undo", "-n", in).expect(t, 2, "standard input is not a terminal, so undo can't ask: give --yes to write, or --dry-run=server to try")
}
