package permissions

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
)

// step is something that the auditor does. works is asked until it does, and may first do what makes it do so. blind holds
// what shows that it does not; nil is that the log reports it.
type step struct {
	name         string
	works, blind func(t *testing.T) error
}

// unknownProblems is the metric by which the auditor says what of the guard it could not find out.
const unknownProblems = `awsauth_audit_guard_problems{kind="unknown"}`

// begun makes a step of what is done once, and what is to be seen then.
func begun(name string, begin func(t *testing.T) error, seen func(t *testing.T) error) step {
	done := false
	return step{name: name, works: func(t *testing.T) error {
		t.Helper()
		if !done {
			if err := begin(t); err != nil {
				return err
			}
			done = true
		}
		return seen(t)
	}}
}

func (a *auditing) steps() []step {
	kinds := reportKinds()
	write := func(text string) func(*testing.T) error {
		return func(t *testing.T) error {
			t.Helper()
			return writeMap(t, text)
		}
	}
	follows := func(name, resource, object string) step {
		return step{name: name, works: func(*testing.T) error { return a.watched(resource, object) }}
	}
	return []step{
		{name: acts, works: func(*testing.T) error { return a.shows("awsauth_audit_leader", "1") }},
		{name: looks, works: func(*testing.T) error {
			if got, err := a.metric("awsauth_audit_last_run_timestamp_seconds"); err != nil || got == "" || got == "0" {
				return fmt.Errorf("the last look: %q, %w", got, err)
			}
			return nil
		}},
		follows(followsMap, "configmaps", "aws-auth"),
		follows(followsBindings, "rolebindings", ""),
		follows(followsCluster, "clusterrolebindings", ""),
		follows(followsMutates, "mutatingwebhookconfigurations", "aws-auth-guard"),
		follows(followsRefuses, "validatingwebhookconfigurations", "aws-auth-guard"),
		follows(followsOpen, "customresourcedefinitions", "reports.openreports.io"),
		follows(followsPolicy, "customresourcedefinitions", "policyreports.wgpolicyk8s.io"),
		follows(followsEC2Kind, "customresourcedefinitions", "ec2nodeclasses.karpenter.k8s.aws"),
		follows(followsAutoKind, "customresourcedefinitions", "nodeclasses.eks.amazonaws.com"),
		follows(followsEC2, "ec2nodeclasses", ""),
		follows(followsAuto, "nodeclasses", ""),
		{name: remembers, works: func(t *testing.T) error {
			t.Helper()
			cm, err := shared.admin.CoreV1().ConfigMaps(namespace).Get(t.Context(), "aws-auth-guard-auditor", metav1.GetOptions{})
			if err == nil && cm.Data["state.json"] == "" {
				err = errNotYet
			}
			return err
		}},
		// The first state is recorded, and then one that gives system:masters away.
		begun(tellsEvents, write(nodes+admin+devs+strings.ReplaceAll(admin, "admin", "second")), func(t *testing.T) error {
			t.Helper()
			return event(t, "GuardAdminGranted")
		}),
		begun(keepsHistory, write(nodes+admin+strings.ReplaceAll(devs, "dev", "third")), recorded),
		written(writesOpen, kinds[0]), written(writesPolicy, kinds[1]), removed(removesOpen, kinds[0]), removed(removesPolicy, kinds[1]),
		{name: judgesGroups, works: func(t *testing.T) error {
			t.Helper()
			return result(t, kinds[0], "group-unbound", "warn")
		}},
		{name: knowsClasses, works: func(t *testing.T) error {
			t.Helper()
			return result(t, kinds[0], "node-class-unmapped", "warn")
		}},
		{name: knowsGuard, works: func(*testing.T) error { return a.shows(unknownProblems, "0") }, blind: func(*testing.T) error {
			if got, err := a.metric(unknownProblems); err != nil || got == "" || got == "0" {
				return fmt.Errorf("%s is %q, %w", unknownProblems, got, err)
			}
			return nil
		}},
		{name: writesOnce, works: a.once},
		begun(findsBypasses, write(nodes+admin+strings.ReplaceAll(devs, "dev", "bypass")), func(t *testing.T) error {
			t.Helper()
			return event(t, "GuardBypassed")
		}),
		begun(prunesNotes, write(nodes+admin+strings.ReplaceAll(devs, "dev", "notes")), func(t *testing.T) error {
			t.Helper()
			cm, err := shared.admin.CoreV1().ConfigMaps(namespace).Get(t.Context(), "aws-auth-guard-admitted", metav1.GetOptions{})
			if err == nil && cm.Data["gone"] != "" {
				err = errors.New("the note is still there")
			}
			return err
		}),
		series(renumbers, recorded, write(nodes+"# a\n"), write(nodes+"# b\n"), write(nodes+"# a\n")),
		series(prunesHistory, func(t *testing.T) error {
			t.Helper()
			all, err := revisions(t)
			if err == nil && (len(all) > 3 || all[0].Number < 5) {
				err = fmt.Errorf("%d revisions, the newest %d", len(all), all[0].Number)
			}
			return err
		}, write(nodes+"# 1\n"), write(nodes+"# 2\n"), write(nodes+"# 3\n"), write(nodes+"# 4\n"), write(nodes+"# 5\n")),
		restored(restoresBroken, nodes+other, write("- rolearn: arn:aws:iam::111122223333:role/nodes\n   username: x\n")),
		restored(restoresDeleted, nodes+other+admin, func(t *testing.T) error {
			t.Helper()
			deleteMap(t)
			return nil
		}),
		restored(knowsNodes, nodes+other+devs, write(devs)),
		withoutRoles(restored(knowsRoles, nodes+other+devs+admin, write(other+devs+admin))),
	}
}

// series makes a step of several edits, each made once the one before is in the history, and what is to be seen then.
func series(name string, seen func(t *testing.T) error, edits ...func(t *testing.T) error) step {
	next := 0
	return step{name: name, works: func(t *testing.T) error {
		t.Helper()
		for ; next < len(edits); next++ {
			if next > 0 {
				if err := recorded(t); err != nil {
					return err
				}
			}
			if err := edits[next](t); err != nil {
				return err
			}
		}
		return seen(t)
	}}
}

// restored is a step in which a good map is broken, and put back.
func restored(name, good string, breakIt func(t *testing.T) error) step {
	return series(name, func(t *testing.T) error {
		t.Helper()
		text, err := live(t)
		if err == nil && text != good {
			err = errNotYet
		}
		return err
	}, func(t *testing.T) error {
		t.Helper()
		return writeMap(t, good)
	}, breakIt)
}

// withoutRoles is blind where it takes the lost node role for one that nobody needs, and so the map for good.
func withoutRoles(s step) step {
	s.blind = func(t *testing.T) error {
		t.Helper()
		if err := recorded(t); err != nil {
			return err
		}
		revision, _, err := newest(t)
		if err == nil && !revision.Good {
			err = fmt.Errorf("not good: %q", revision.Problems)
		}
		return err
	}
	return s
}

// watched holds that the API server shows the changes of an object.
func (a *auditing) watched(resource, name string) error {
	all, err := shared.AuditEvents()
	if err != nil {
		return err
	}
	for _, e := range all[a.before:] {
		if e.Object.Resource == resource && e.Object.Name == name && e.User.Username == "system:serviceaccount:"+namespace+":"+auditorAccount &&
			e.Verb == "watch" && e.Stage == "ResponseStarted" && e.Response.Code == 200 {
			return nil
		}
	}
	return errNotYet
}

func event(t *testing.T, reason string) error {
	t.Helper()
	list, err := shared.admin.CoreV1().Events("kube-system").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		return err
	}
	var seen []string
	for i := range list.Items {
		if seen = append(seen, list.Items[i].Reason); list.Items[i].Reason == reason {
			return nil
		}
	}
	return fmt.Errorf("Events: %v", seen)
}

// recorded holds that the history knows the live map, and another one before.
func recorded(t *testing.T) error {
	t.Helper()
	text, err := live(t)
	if err != nil {
		return err
	}
	_, content, err := newest(t)
	if err == nil && content != text {
		err = fmt.Errorf("the newest state is %q", content)
	}
	return err
}

// newest is the newest state in the history, and its roles.
func newest(t *testing.T) (*history.Revision, string, error) {
	t.Helper()
	r, content, err := history.NewStore(shared.admin, namespace).Newest(t.Context(), func(*history.Revision) bool { return true })
	return r, content.Data["mapRoles"], err
}

func written(name string, k reportKind) step {
	return begun(name, func(t *testing.T) error {
		t.Helper()
		return writeMap(t, nodes+admin+strings.ReplaceAll(devs, "role/dev", "role/path/"+strings.ToLower(k.kind)))
	}, func(t *testing.T) error {
		t.Helper()
		return result(t, k, "role-path", "fail")
	})
}

func removed(name string, k reportKind) step {
	return step{name: name, works: func(t *testing.T) error {
		t.Helper()
		_, err := shared.objects.Resource(k.resource).Namespace("kube-system").Get(t.Context(), "aws-auth-guard", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return errors.Join(err, errors.New("it is still there"))
	}}
}

// result holds that a report has a result.
func result(t *testing.T, k reportKind, rule, outcome string) error {
	t.Helper()
	report, err := shared.objects.Resource(k.resource).Namespace("kube-system").Get(t.Context(), "aws-auth-guard", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if owners := report.GetOwnerReferences(); len(owners) != 1 || owners[0].Kind != "ClusterRole" || owners[0].Name != "aws-auth-guard-auditor" || owners[0].UID == "" {
		return fmt.Errorf("owned by %v", owners)
	}
	results, _, err := unstructured.NestedSlice(report.Object, "results")
	if err != nil {
		return err
	}
	for _, r := range results {
		if m := r.(map[string]any); m["rule"] == rule && m["result"] == outcome {
			return nil
		}
	}
	return fmt.Errorf("no result %s %s", rule, outcome)
}
