package history

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history/restore"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// breakGlass is an entry that the policy protects, in a style and with a comment of its own.
const breakGlass = "- groups: [system:masters]  # never take this away\n  rolearn: arn:aws:iam::111122223333:role/BreakGlass\n  username: break-glass\n"

// putBack is the same entry in the style of the list, where the list has nodes and devs.
const putBack = "- rolearn: arn:aws:iam::111122223333:role/BreakGlass\n  username: break-glass\n  groups:\n  - system:masters\n"

// protector is an auditor whose policy protects entries.
func protector(t *testing.T, c *clock, client kubernetes.Interface, in string, globs ...string) *auditor {
	t.Helper()
	a := newAuditor(t, c, client, in)
	p := policy.Default()
	for _, glob := range globs {
		p.Protected = append(p.Protected, validate.Protected{ARN: "arn:aws:iam::111122223333:role/" + glob})
	}
	a.recorder.Policy = func() *policy.Policy { return p }
	a.restorer.Policy = a.recorder.Policy
	return a
}

func TestAutoRestorePutsJustTheProtectedEntryBackOnce(t *testing.T) {
	for name, c := range map[string]struct {
		glob                  string
		before, after, become string
	}{
		"named":                          {"BreakGlass", nodes + breakGlass + devs, nodes + devs, nodes + devs + putBack},
		"by a pattern":                   {"Break*", nodes + breakGlass, nodes + "# a hint\n", nodes + putBack + "# a hint\n"},
		"others came and went meanwhile": {"BreakGlass", nodes + devs + breakGlass, nodes + ops, nodes + ops + putBack},
	} {
		t.Run(name, func(t *testing.T) {
			a := protector(t, newClock(), shared.admin, namespace(t), c.glob)
			write(t, "kubectl-edit", roles(c.before))
			a.expect(t, a.look(t, history.Observation{}), restore.Nothing, "")
			gone := write(t, "sed", map[string]string{"mapRoles": c.after, "mapUsers": "[]  # none\n", "other": "x"})
			a.expect(t, a.look(t, history.Observation{}), restore.Wait, "")
			a.add(grace - time.Second)
			a.expect(t, a.look(t, history.Observation{}), restore.Wait, "")
			if current(t).ResourceVersion != gone.ResourceVersion {
				t.Fatal("written before the grace period was over")
			}
			a.add(time.Second)
			a.expect(t, a.look(t, history.Observation{}), restore.Restore,
				"GuardRestored: the protected entry for arn:aws:iam::111122223333:role/BreakGlass, as of revision 1, was put back: it was taken away outside the guard")
			now := current(t)
			want := map[string]string{"mapRoles": c.become, "mapUsers": "[]  # none\n", "other": "x"}
			if !reflect.DeepEqual(now.Data, want) || now.Annotations[restore.RestoredFrom] != "1 arn:aws:iam::111122223333:role/BreakGlass" {
				t.Fatalf("the live map: %+v\n%s", now.Annotations, now.Data)
			}
			if a.restores(t, "restored_entry") != 1 || a.restores(t, "restored") != 0 || a.restores(t, "failed") != 0 {
				t.Error("the metric does not count it")
			}
			a.expect(t, a.look(t, history.Observation{}), restore.Nothing, "GuardRestored")
			newest, err := a.recorder.List(t.Context())
			if err != nil || newest[0].Number != 3 || !newest[0].Good || newest[0].Manager != restore.FieldManager || !strings.Contains(newest[0].Summary, "BreakGlass") {
				t.Errorf("the history's newest: %+v, %v", newest[0], err)
			}

			// Taken away again it stays out, for another process too, and that is reported once.
			a.add(time.Hour)
			write(t, "sed", roles(c.after))
			a.look(t, history.Observation{})
			a.add(time.Hour)
			other := protector(t, a.clock, shared.admin, "", c.glob)
			other.recorder.Store = a.recorder.Store
			for range 3 {
				other.expect(t, other.look(t, history.Observation{}), restore.Leave,
					"GuardLeftBroken: a protected entry was taken away outside the guard and is not put back: arn:aws:iam::111122223333:role/BreakGlass (it was put back once already")
			}
			// Neither does it come back with other edits that lack it.
			write(t, "kubectl-edit", roles(nodes+devs+ops))
			a.look(t, history.Observation{Admitted: true})
			a.add(time.Hour)
			a.expect(t, a.look(t, history.Observation{}), restore.Leave, "GuardLeftBroken")
			if got := current(t).Data["mapRoles"]; got != nodes+devs+ops {
				t.Errorf("mapRoles %q", got)
			}

			// A person puts it back, with another state: from then on it is watched over again.
			write(t, "kubectl-edit", roles(nodes+ops+breakGlass))
			a.look(t, history.Observation{})
			a.add(time.Hour)
			write(t, "sed", roles(nodes+ops))
			a.look(t, history.Observation{})
			a.add(grace)
			a.expect(t, a.look(t, history.Observation{}), restore.Restore, "GuardRestored")
			if got := current(t).Data["mapRoles"]; got != nodes+ops+putBack {
				t.Errorf("mapRoles %q", got)
			}
		})
	}
}

func TestProtectedEntriesThatStayOut(t *testing.T) {
	for name, c := range map[string]struct {
		first, second string
		annotation    string
		seen          history.Observation
	}{
		"the guard let it pass":       {first: nodes + breakGlass, second: nodes, seen: history.Observation{Admitted: true}},
		"an override allowed it":      {first: nodes + breakGlass, second: nodes, annotation: "protected-entry: the role is gone"},
		"it was never there":          {first: nodes, second: nodes + devs},
		"it is not protected":         {first: nodes + devs, second: nodes},
		"it is there, without groups": {first: nodes + breakGlass, second: nodes + strings.ReplaceAll(breakGlass, "[system:masters]", "[]")},
	} {
		t.Run(name, func(t *testing.T) {
			a := protector(t, newClock(), shared.admin, namespace(t), "BreakGlass")
			write(t, "kubectl-edit", roles(c.first))
			a.look(t, c.seen)
			cm := current(t)
			cm.Data = roles(c.second)
			if c.annotation != "" {
				cm.Annotations = map[string]string{policy.OverrideAnnotation: c.annotation}
			}
			if _, err := shared.eks.CoreV1().ConfigMaps("kube-system").Update(t.Context(), cm, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
			a.look(t, c.seen)
			a.add(time.Hour)
			a.expect(t, a.look(t, c.seen), restore.Nothing, "")
			if got := current(t).Data["mapRoles"]; got != c.second {
				t.Errorf("mapRoles %q", got)
			}
		})
	}
}

// TestABrokenMapIsRestoredAsAWhole: the entry alone is no matter while the map is broken otherwise.
func TestABrokenMapIsRestoredAsAWhole(t *testing.T) {
	a := protector(t, newClock(), shared.admin, namespace(t), "BreakGlass")
	write(t, "kubectl-edit", roles(nodes+breakGlass))
	a.look(t, history.Observation{})
	write(t, "sed", roles(devs))
	a.look(t, history.Observation{})
	a.add(grace)
	a.expect(t, a.look(t, history.Observation{}), restore.Restore, "GuardRestored: revision 1 was put back")
	if got := current(t).Data["mapRoles"]; got != nodes+breakGlass {
		t.Errorf("mapRoles %q", got)
	}
	if a.restores(t, "restored") != 1 || a.restores(t, "restored_entry") != 0 {
		t.Error("the metric does not count it")
	}
}

// TestAnEntryPassesTheGuard has the guard back in front of the map, which would let nobody write this entry again.
func TestAnEntryPassesTheGuard(t *testing.T) {
	a := protector(t, newClock(), shared.admin, namespace(t), "dev")
	guarded(t)
	upper := strings.ReplaceAll(devs, "dev:{{SessionName}}", "Dev:{{SessionName}}")
	write(t, "kubectl-edit", roles(nodes+upper))
	a.look(t, history.Observation{})
	write(t, "sed", roles(nodes))
	a.look(t, history.Observation{})
	a.add(grace)
	a.expect(t, a.look(t, history.Observation{}), restore.Restore, "GuardRestored")
	now := current(t)
	if now.Data["mapRoles"] != nodes+upper {
		t.Errorf("mapRoles %q", now.Data["mapRoles"])
	}
	if got := now.Annotations[policy.OverrideAnnotation]; got != "username-uppercase: auto-restore of revision 1 over 2, a good state that stood before" {
		t.Errorf("override %q", got)
	}
}

// TestAnEntryThatFailsIsTriedAgainAndToldOnce has the API server out of order for writes of the map, and then somebody write
// before the restore does.
func TestAnEntryThatFailsIsTriedAgainAndToldOnce(t *testing.T) {
	client, down := failing(http.MethodPut)
	a := protector(t, newClock(), client, namespace(t), "BreakGlass")
	write(t, "kubectl-edit", roles(nodes+breakGlass))
	a.look(t, history.Observation{})
	write(t, "sed", roles(nodes))
	a.look(t, history.Observation{})
	a.add(grace)
	down.Store(true)
	for range 3 {
		a.expect(t, a.look(t, history.Observation{}), restore.Restore, "GuardRestoreFailed: the protected entry for")
	}
	if a.restores(t, "failed") != 3 || len(a.events.told) != 1 {
		t.Errorf("%v failed, told %q", a.restores(t, "failed"), a.events.told)
	}
	down.Store(false)
	seen := current(t)
	fixed := write(t, "kubectl-edit", roles(nodes+devs))
	if d, err := a.restorer.Consider(t.Context(), seen, a.nodes); err != nil || d.Action != restore.Restore {
		t.Fatalf("%+v, %v", d, err)
	}
	if now := current(t); now.ResourceVersion != fixed.ResourceVersion {
		t.Errorf("written over it: %+v", now)
	}
	// That was no restore: the entry comes back into what they wrote.
	a.look(t, history.Observation{})
	a.add(grace)
	a.expect(t, a.look(t, history.Observation{}), restore.Restore, "GuardRestored")
	if got := current(t).Data["mapRoles"]; got != nodes+devs+putBack {
		t.Errorf("mapRoles %q", got)
	}
}

// TestTheGuardsNoteMayComeLate: what the guard let pass stays out, though the note came when the next state was there.
func TestTheGuardsNoteMayComeLate(t *testing.T) {
	a := protector(t, newClock(), shared.admin, namespace(t), "BreakGlass")
	taken := history.Content{Data: roles(nodes)}.Name()
	a.restorer.Passed = func(_ context.Context, state string) (bool, error) { return state == taken, nil }
	write(t, "kubectl-edit", roles(nodes+breakGlass))
	a.look(t, history.Observation{})
	write(t, "kubectl-edit", roles(nodes))
	a.look(t, history.Observation{})
	write(t, "kubectl-edit", roles(nodes+devs))
	a.look(t, history.Observation{})
	a.add(time.Hour)
	a.expect(t, a.look(t, history.Observation{}), restore.Nothing, "")
}
