package history

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history/restore"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
)

const grace = time.Minute

// auditor is the part of the auditor that is tested here: it records what it sees, and considers.
type auditor struct {
	*clock
	recorder *history.Recorder
	restorer *restore.Restorer
	registry *prometheus.Registry
	events   *events
	nodes    *validate.NodeFacts
}

// events keeps what was reported.
type events struct {
	mu   sync.Mutex
	told []string
}

func (e *events) Event(object runtime.Object, kind, reason, message string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	about := object.(*corev1.ObjectReference)
	e.told = append(e.told, fmt.Sprintf("%s/%s %s %s: %s", about.Namespace, about.Name, kind, reason, message))
}

func newAuditor(t *testing.T, c *clock, client kubernetes.Interface, in string) *auditor {
	t.Helper()
	a := &auditor{clock: c, registry: prometheus.NewRegistry(), events: &events{}, nodes: &validate.NodeFacts{Ready: 2}}
	a.recorder = history.NewRecorder(client, in, history.Options{Now: c.Now})
	a.restorer = restore.New(client, a.recorder, restore.Options{
		Grace: grace, Policy: policy.Default, Events: a.events, Log: testr.New(t), Registry: a.registry, Now: c.Now,
	})
	return a
}

// look records the live map and considers it.
func (a *auditor) look(t *testing.T, o history.Observation) restore.Decision {
	t.Helper()
	o.Nodes = a.nodes
	cm := current(t)
	observeMap(t, a.recorder, cm, o)
	d, err := a.restorer.Consider(t.Context(), cm, a.nodes)
	if err != nil {
		t.Logf("consider: %v", err)
	}
	return d
}

// expect wants an action, and what was reported last.
func (a *auditor) expect(t *testing.T, d restore.Decision, want restore.Action, told string) {
	t.Helper()
	last := ""
	if n := len(a.events.told); n > 0 {
		last = a.events.told[n-1]
	}
	if d.Action != want || !strings.Contains(last, told) || told == "" && last != "" {
		t.Fatalf("decided %+v, want %s; told %q", d, want, a.events.told)
	}
}

func (a *auditor) restores(t *testing.T, result string) float64 {
	t.Helper()
	families, err := a.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.Metric {
			if f.GetName() == "awsauth_audit_restores_total" && m.Label[0].GetValue() == result {
				return m.Counter.GetValue()
			}
		}
	}
	t.Fatalf("no metric for %s", result)
	return 0
}

func TestAutoRestoreFixesABrokenMapOnce(t *testing.T) {
	for name, breakIt := range map[string]func(*testing.T){
		"deleted":    remove,
		"unreadable": func(t *testing.T) { write(t, "sed", roles(unreadable)) },
		"emptied":    func(t *testing.T) { write(t, "sed", nil) },
		"nodes lost": func(t *testing.T) { write(t, "sed", roles(devs)) },
	} {
		t.Run(name, func(t *testing.T) {
			a := newAuditor(t, newClock(), shared.admin, namespace(t))
			write(t, "kubectl-edit", roles(nodes+devs))
			a.expect(t, a.look(t, history.Observation{}), restore.Nothing, "")
			breakIt(t)
			broken := current(t)
			a.expect(t, a.look(t, history.Observation{}), restore.Wait, "")
			a.add(grace - time.Second)
			a.expect(t, a.look(t, history.Observation{}), restore.Wait, "")
			if broken != nil && current(t).ResourceVersion != broken.ResourceVersion {
				t.Fatal("written before the grace period was over")
			}
			a.add(time.Second)
			a.expect(t, a.look(t, history.Observation{}), restore.Restore, "kube-system/aws-auth Warning GuardRestored: revision 1 was put back")
			now := current(t)
			if now == nil || !reflect.DeepEqual(now.Data, roles(nodes+devs)) || now.Annotations[restore.RestoredFrom] != "1" || now.Annotations["aws-auth-guard.dev/override"] != "" {
				t.Fatalf("the live map: %+v", now)
			}
			if a.restores(t, "restored") != 1 || a.restores(t, "failed") != 0 {
				t.Error("the metric does not count it")
			}
			a.expect(t, a.look(t, history.Observation{}), restore.Nothing, "GuardRestored")

			// Broken again it stays so, for another process too, and that is reported once.
			a.add(time.Hour)
			breakIt(t)
			a.look(t, history.Observation{})
			a.add(time.Hour)
			other := newAuditor(t, a.clock, shared.admin, "")
			other.recorder.Store = a.recorder.Store
			for range 3 {
				other.expect(t, other.look(t, history.Observation{}), restore.Leave, "GuardLeftBroken: the map is broken ("+string(restore.Find(history.ContentOf(current(t)).Document(), history.Content{Data: roles(nodes)}.Document(), a.nodes, nil))+") and is not restored: it was restored once already")
			}
			if len(other.events.told) != 1 {
				t.Errorf("told %q", other.events.told)
			}

			// A person fixes it with another good state: from then on it is watched over again.
			write(t, "kubectl-edit", roles(nodes+ops))
			a.look(t, history.Observation{})
			a.add(time.Hour)
			breakIt(t)
			a.look(t, history.Observation{})
			a.add(grace)
			a.expect(t, a.look(t, history.Observation{}), restore.Restore, "GuardRestored")
			if got := current(t).Data["mapRoles"]; got != nodes+ops {
				t.Errorf("mapRoles %q", got)
			}
		})
	}
}

func TestAutoRestoreLeavesWhatWasMeant(t *testing.T) {
	const override = "map-deleted: we move to access entries"
	yes, overridden := true, metav1.ObjectMeta{Annotations: map[string]string{"aws-auth-guard.dev/override": override}}
	for name, c := range map[string]struct {
		breakIt func(*testing.T)
		seen    history.Observation
	}{
		"let pass by the guard": {remove, history.Observation{Admitted: true}},
		"an override on the immutable map that was deleted": {func(t *testing.T) {
			t.Helper()
			annotate(t, "aws-auth-guard.dev/override", override)
			remove(t)
		}, history.Observation{Last: &corev1.ConfigMap{ObjectMeta: overridden, Immutable: &yes}}},
		"emptied with an override, then deleted, within a moment": {remove, history.Observation{
			Last: &corev1.ConfigMap{ObjectMeta: overridden, Data: roles("[]")},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAuditor(t, newClock(), shared.admin, namespace(t))
			write(t, "kubectl-edit", roles(nodes+devs))
			a.look(t, history.Observation{})
			c.breakIt(t)
			a.look(t, c.seen)
			a.add(time.Hour)
			a.expect(t, a.look(t, c.seen), restore.Leave, "GuardLeftBroken")
			if current(t) != nil {
				t.Error("restored")
			}
		})
	}
}

// TestAutoRestoreAfterADeleteThatNobodyMeant: an override that was left on the map does not speak for its delete.
func TestAutoRestoreAfterADeleteThatNobodyMeant(t *testing.T) {
	a := newAuditor(t, newClock(), shared.admin, namespace(t))
	write(t, "kubectl-edit", roles(nodes+devs))
	annotate(t, "aws-auth-guard.dev/override", "map-deleted: an old reason")
	a.look(t, history.Observation{})
	last := current(t)
	remove(t)
	a.look(t, history.Observation{Last: last})
	a.add(time.Hour)
	a.expect(t, a.look(t, history.Observation{Last: last}), restore.Restore, "GuardRestored")
}

// TestTheLargestMapWithTheLargestOverrideHasAHistory fills a ConfigMap up to what the API server stores, with text that does
// not compress, and everything that is kept beside it up to what its writer can make of it.
func TestTheLargestMapWithTheLargestOverrideHasAHistory(t *testing.T) {
	a := newAuditor(t, newClock(), shared.admin, namespace(t))
	const marker = "# "
	good := nodes + marker + noise(1<<20-len(nodes)-len(marker)-100) + "\n"
	write(t, "kubectl-edit", roles(good))
	annotate(t, "aws-auth-guard.dev/override", "map-deleted: "+strings.Repeat("<", 255<<10))
	a.look(t, history.Observation{Admitted: true, User: strings.Repeat("\u00e9", 100<<10)})
	write(t, "sed", roles(unreadable))
	a.look(t, history.Observation{})
	a.add(time.Hour)
	a.expect(t, a.look(t, history.Observation{}), restore.Restore, "GuardRestored")
	if got := current(t).Data["mapRoles"]; got != good {
		t.Errorf("%d bytes came back, want %d", len(got), len(good))
	}
}

// noise is text of so many bytes that compresses badly.
func noise(size int) string {
	r := rand.New(rand.NewPCG(1, 1))
	text := make([]byte, size)
	for i := range text {
		text[i] = byte('!' + r.IntN('~'-'!'))
	}
	return string(text)
}

// TestAutoRestoreGivesWayToPeople has somebody write between the look and the restore.
func TestAutoRestoreGivesWayToPeople(t *testing.T) {
	a := newAuditor(t, newClock(), shared.admin, namespace(t))
	write(t, "kubectl-edit", roles(nodes+devs))
	a.look(t, history.Observation{})
	write(t, "sed", roles(unreadable))
	a.look(t, history.Observation{})
	a.add(time.Hour)
	seen := current(t)
	fixed := write(t, "kubectl-edit", roles(nodes))
	if d, err := a.restorer.Consider(t.Context(), seen, a.nodes); err != nil || d.Action != restore.Restore {
		t.Fatalf("%+v, %v", d, err)
	}
	if now := current(t); now.ResourceVersion != fixed.ResourceVersion {
		t.Errorf("written over it: %+v", now)
	}
	if a.restores(t, "restored") != 0 || len(a.events.told) > 0 {
		t.Errorf("told %q", a.events.told)
	}
	// That was no restore: the next break is fixed.
	a.look(t, history.Observation{})
	write(t, "sed", roles(unreadable))
	a.look(t, history.Observation{})
	a.add(grace)
	a.expect(t, a.look(t, history.Observation{}), restore.Restore, "GuardRestored: revision 3")
}

// TestOneOfTwoAuditorsRestores has both decide at the same moment.
func TestOneOfTwoAuditorsRestores(t *testing.T) {
	in, c := namespace(t), newClock()
	a, b := newAuditor(t, c, shared.admin, in), newAuditor(t, c, shared.admin, in)
	write(t, "kubectl-edit", roles(nodes+devs))
	a.look(t, history.Observation{})
	remove(t)
	a.look(t, history.Observation{})
	c.add(grace)
	var wait sync.WaitGroup
	for _, x := range []*auditor{a, b} {
		wait.Go(func() { _, _ = x.restorer.Consider(t.Context(), nil, x.nodes) })
	}
	wait.Wait()
	if n := a.restores(t, "restored") + b.restores(t, "restored"); n != 1 {
		t.Errorf("%v restores", n)
	}
	if len(a.events.told)+len(b.events.told) != 1 {
		t.Errorf("told %q and %q", a.events.told, b.events.told)
	}
}

// TestAutoRestorePassesTheGuard runs it with the guard back in front of the map, as a service account with no more rights
// than it needs.
func TestAutoRestorePassesTheGuard(t *testing.T) {
	in := namespace(t)
	guarded(t)
	config, _, err := shared.User("system:serviceaccount:" + in + ":auditor")
	if err != nil {
		t.Fatal(err)
	}
	grant(t, in, "kube-system", rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"create", "update"}})
	grant(t, in, in, rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"controllerrevisions"}, Verbs: []string{"get", "list", "create", "patch", "delete"}})
	a := newAuditor(t, newClock(), kubernetes.NewForConfigOrDie(config), in)
	// An entry that has been dead from the start: a good state, which the guard would let nobody write again.
	path := strings.ReplaceAll(devs, "role/dev", "role/team/dev")
	write(t, "kubectl-edit", roles(nodes+path))
	await.Success(t, "RBAC", func() error {
		_, _, err := a.recorder.Observe(t.Context(), current(t), history.Observation{})
		return err
	})
	remove(t)
	a.look(t, history.Observation{})
	a.add(grace)
	a.expect(t, a.look(t, history.Observation{}), restore.Restore, "GuardRestored: revision 1 was put back")
	now := current(t)
	if now == nil || !reflect.DeepEqual(now.Data, roles(nodes+path)) {
		t.Fatalf("the live map: %+v", now)
	}
	if got := now.Annotations["aws-auth-guard.dev/override"]; got != "role-path: auto-restore of revision 1 over 2, a good state that stood before" {
		t.Errorf("override %q", got)
	}
}

// TestARestoreThatIsRefusedIsNotTriedAgain takes the right to write away.
func TestARestoreThatIsRefusedIsNotTriedAgain(t *testing.T) {
	in := namespace(t)
	config, _, err := shared.User("system:serviceaccount:" + in + ":auditor")
	if err != nil {
		t.Fatal(err)
	}
	grant(t, in, in, rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"controllerrevisions"}, Verbs: []string{"*"}})
	a := newAuditor(t, newClock(), kubernetes.NewForConfigOrDie(config), in)
	write(t, "kubectl-edit", roles(nodes))
	await.Success(t, "RBAC", func() error {
		_, _, err := a.recorder.Observe(t.Context(), current(t), history.Observation{})
		return err
	})
	remove(t)
	a.look(t, history.Observation{})
	a.add(grace)
	a.expect(t, a.look(t, history.Observation{}), restore.Restore, "GuardRestoreFailed: revision 1 could not be put back: configmaps is forbidden")
	a.add(grace)
	a.expect(t, a.look(t, history.Observation{}), restore.Leave, "GuardLeftBroken")
	if a.restores(t, "failed") != 1 || testutil.CollectAndCount(a.registry, "awsauth_audit_restores_total") != 3 {
		t.Error("the metric does not count it")
	}
}

// grant gives the auditor of a test rights in a namespace.
func grant(t *testing.T, of, in string, rules ...rbacv1.PolicyRule) {
	t.Helper()
	name := "auditor-" + of
	api := shared.admin.RbacV1()
	if _, err := api.Roles(in).Create(t.Context(), &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := api.RoleBindings(in).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "system:serviceaccount:" + of + ":auditor"}},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := await.Rights(t.Context(), shared.admin, "system:serviceaccount:"+of+":auditor", nil, in, rules...); err != nil {
		t.Fatal(err)
	}
}
