package lockout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/test/await"
)

func TestANodeRoleIsNotTakenFromReadyNodes(t *testing.T) {
	ready(t, "ip-1", "ip-2")
	begin(t, roles(nodes+devs))
	w := root(t)
	await.Success(t, "the count of nodes", func() error {
		err := w.put(t, roles(devs), "")
		if err == nil || !strings.Contains(err.Error(), "the cluster has 2 Ready nodes") {
			begin(t, roles(nodes+devs))
			return fmt.Errorf("answered %w", err)
		}
		return nil
	})
	for text, says := range map[string][]string{
		devs: {`the mapping of the node role "arn:aws:iam::111122223333:role/nodes"`, "2 Ready nodes", override},
		strings.Replace(nodes, "  - system:bootstrappers\n", "", 1) + devs:                      nil,
		nodes + devs + "- rolearn: arn:aws:iam::111122223333:role/NODES\n  username: someone\n": nil,
	} {
		before, err := w.edit(t, roles(nodes+devs), roles(text), "")
		refused(t, before, err, "node-access-lost", says...)
	}
	_, err := w.edit(t, roles(nodes+devs), roles(devs), "node-access-lost: the last node group is gone")
	w.passed(t, err, "overridden (the last node group is gone)")
	recorded(t, "node-access-lost", "the last node group is gone")

	t.Run("an override that was there before does nothing", func(t *testing.T) {
		begin(t, roles(nodes+devs))
		w.passed(t, w.put(t, roles(nodes+devs+ops), "node-access-lost: x"))
		if err := w.put(t, roles(devs+ops), "node-access-lost: x"); err == nil {
			t.Error("the stale override let it pass")
		}
	})
	t.Run("a map that had no nodes is not refused", func(t *testing.T) {
		begin(t, roles(devs))
		w.passed(t, w.put(t, roles(devs+ops), ""))
		w.silent(t, "node-access-lost")
	})
}

func TestANodeRoleMayGoWhereThereAreNoNodes(t *testing.T) {
	w := root(t)
	await.Success(t, "the count of nodes", func() error {
		begin(t, roles(nodes+devs))
		return w.put(t, roles(devs), "")
	})
	w.silent(t, "node-access-lost")
}

func TestNobodyLocksThemselvesOut(t *testing.T) {
	before := begin(t, roles(nodes+devs+ops))
	w := jane(t)
	refused(t, before, w.put(t, roles(nodes+ops), ""), "self-lockout", "you authenticated through mapRoles[1]", "no entry lets you in")
	refused(t, before, w.put(t, roles(nodes+strings.Replace(devs, "  groups:\n  - editors\n", "", 1)+ops), ""), "self-lockout", "you would no longer be in editors")
	refused(t, before, w.put(t, roles(nodes+strings.Replace(devs, "dev:{{", "developer:{{", 1)+ops), ""), "self-lockout", `you would be "developer:jane"`)
	w.passed(t, w.put(t, roles(nodes+ops), "self-lockout: my last day"), "overridden (my last day)")
	recorded(t, "self-lockout", "my last day")

	t.Run("somebody else may remove the entry", func(t *testing.T) {
		begin(t, roles(nodes+devs+ops))
		other := session(t, "ops", "omar", "ops:omar", "editors")
		other.passed(t, other.put(t, roles(nodes+ops), ""), "LOSES arn:aws:iam::111122223333:role/dev")
	})
	t.Run("who came in another way may as well", func(t *testing.T) {
		begin(t, roles(nodes+devs+ops))
		creator := session(t, "dev", "jane", "kubernetes-admin", "system:masters")
		creator.passed(t, creator.put(t, roles(nodes+ops), ""))
	})
}

func TestTheLastAdministratorIsWarnedAboutAndInStrictRefused(t *testing.T) {
	begin(t, roles(nodes+devs+admin))
	w := root(t)
	w.passed(t, w.put(t, roles(nodes+devs), ""), "[admin-access-lost]", "LOSES arn:aws:iam::111122223333:role/admin")
	t.Run("a map that had none is not refused for it", func(t *testing.T) {
		begin(t, roles(nodes+devs))
		w.passed(t, w.put(t, roles(nodes+devs+"# none\n"), ""))
		w.silent(t, "admin-access-lost")
	})
	before := begin(t, roles(nodes+devs+admin))
	withPolicy(t, "profile: strict\n", func() error {
		err := w.put(t, roles(nodes+devs), "")
		if err == nil {
			before = begin(t, roles(nodes+devs+admin))
			return errors.New("the policy is not followed yet")
		}
		refused(t, before, err, "admin-access-lost")
		w.passed(t, w.put(t, roles(nodes+devs), "admin-access-lost: access entries"), "overridden (access entries)")
		return nil
	})
}

// withPolicy runs a check under another policy, as soon as the guard follows it, and puts the old one back.
func withPolicy(t *testing.T, text string, try func() error) {
	t.Helper()
	if err := shared.guard.SetPolicy("apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\n" + text); err != nil {
		t.Fatal(err)
	}
	generation := func() string {
		for line := range strings.Lines(metrics(t)) {
			if strings.HasPrefix(line, "awsauth_policy_generation ") {
				return line
			}
		}
		return ""
	}
	defer func() {
		was := generation()
		if err := shared.guard.SetPolicy(""); err != nil {
			t.Fatal(err)
		}
		await.Success(t, "the default policy", func() error {
			if generation() == was {
				return errors.New("not followed yet")
			}
			return nil
		})
	}()
	await.Success(t, "the policy", try)
}

func TestAGrantThatTheWriterCouldNotTake(t *testing.T) {
	grant := nodes + devs + "- rolearn: arn:aws:iam::111122223333:role/new\n  username: new-user\n  groups:\n  - secret-readers\n"
	w := jane(t)
	_, err := w.edit(t, roles(nodes+devs), roles(grant), "")
	w.passed(t, err, `"dev:jane" grants more than it has; it may not impersonate: group "secret-readers", user "new-user"`)

	t.Run("an administrator is not warned", func(t *testing.T) {
		begin(t, roles(nodes+devs))
		r := root(t)
		r.passed(t, r.put(t, roles(grant), ""))
		r.silent(t, "privilege-escalation")
	})
	t.Run("a policy can refuse it", func(t *testing.T) {
		before := begin(t, roles(nodes+devs))
		withPolicy(t, "rules: {privilege-escalation: {action: deny}}\n", func() error {
			err := w.put(t, roles(grant), "")
			if err == nil {
				before = begin(t, roles(nodes+devs))
				return errors.New("the policy is not followed yet")
			}
			refused(t, before, err, "privilege-escalation")
			w.passed(t, w.put(t, roles(grant), "privilege-escalation: agreed with security"), "overridden (agreed with security)")
			recorded(t, "privilege-escalation", "agreed with security")
			w.passed(t, w.put(t, roles(grant+"# c\n"), ""))
			return nil
		})
	})
	t.Run("whoever may impersonate is not warned", func(t *testing.T) {
		bind(t, "impersonators", rbacv1.Subject{Kind: rbacv1.UserKind, Name: "dev:jane"}, rbacv1.PolicyRule{Verbs: []string{"impersonate"}, APIGroups: []string{""}, Resources: []string{"users", "groups"}})
		await.Success(t, "the binding", func() error {
			begin(t, roles(nodes+devs))
			w.passed(t, w.put(t, roles(grant), ""))
			for _, text := range w.warnings {
				if strings.Contains(text, "[privilege-escalation]") {
					return errors.New(text)
				}
			}
			return nil
		})
	})
}

// bind gives a subject permissions until the test ends.
func bind(t *testing.T, name string, subject rbacv1.Subject, rules ...rbacv1.PolicyRule) {
	t.Helper()
	subject.APIGroup = rbacv1.GroupName
	api := shared.admin.RbacV1()
	if _, err := api.ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = api.ClusterRoleBindings().Delete(context.Background(), name, metav1.DeleteOptions{})
		_ = api.ClusterRoles().Delete(context.Background(), name, metav1.DeleteOptions{})
	})
	_, err := api.ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Subjects: []rbacv1.Subject{subject},
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	user, groups := subject.Name, []string(nil)
	if subject.Kind == rbacv1.GroupKind {
		user, groups = "somebody", []string{subject.Name}
	}
	if err := await.Rights(t.Context(), shared.admin, user, groups, "", rules...); err != nil {
		t.Fatal(err)
	}
}

func TestAGroupThatNoBindingNames(t *testing.T) {
	w := root(t)
	text := nodes + "- rolearn: arn:aws:iam::111122223333:role/x\n  username: xavier\n  groups:\n  - Editors\n  - editors\n"
	_, err := w.edit(t, roles(nodes), roles(text), "")
	w.passed(t, err, `names the group "Editors" (ClusterRoleBinding editors names "editors")`)
	w.passed(t, w.put(t, roles(text+ops), ""))
	w.silent(t, "group-unbound")
}

func TestAUsernameThatABindingNamesKeepsItsLetters(t *testing.T) {
	bind(t, "alice", rbacv1.Subject{Kind: rbacv1.UserKind, Name: "Alice"})
	text := nodes + "- rolearn: arn:aws:iam::111122223333:role/alice\n  username: Alice\n"
	w := root(t)
	await.Success(t, "the binding", func() error {
		begin(t, roles(nodes))
		w.passed(t, w.put(t, roles(text), ""))
		c, err := shared.admin.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "aws-auth", metav1.GetOptions{})
		if err != nil || c.Data["mapRoles"] != text {
			return fmt.Errorf("stored %q, %w", c.Data["mapRoles"], err)
		}
		return nil
	})
	w.passed(t, nil, "not repaired: ClusterRoleBinding alice names it so")

	_, err := w.edit(t, roles(nodes), roles(strings.ReplaceAll(text, "username: Alice", "username: Bob")), "")
	w.passed(t, err, "Bob -> bob [username-uppercase]")
}

// TestNoRepairGivesTheRightsOfABinding: Admin is not made the admin that a binding names, neither in a new entry nor in one
// that gets a group, in both profiles.
func TestNoRepairGivesTheRightsOfABinding(t *testing.T) {
	bind(t, "carol-is-admin", rbacv1.Subject{Kind: rbacv1.UserKind, Name: "carol"}, rbacv1.PolicyRule{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}})
	upper := nodes + "- rolearn: arn:aws:iam::111122223333:role/carol\n  username: Carol\n"
	w := root(t)
	for _, profile := range []string{"standard", "strict"} {
		withPolicy(t, "profile: "+profile+"\n", func() error {
			for _, from := range []string{nodes, upper} {
				before, err := w.edit(t, roles(from), roles(upper+"  groups:\n  - editors\n"), "")
				if err == nil {
					return errors.New("the binding is not known yet")
				}
				if profile == "strict" && !strings.Contains(err.Error(), "profile strict") {
					return errors.New("the policy is not followed yet")
				}
				refused(t, before, err, "username-uppercase", `ClusterRoleBinding carol-is-admin names "carol", and "Carol" gets nothing by it`,
					`write "carol" only if this entry should have what it gives`, "not repaired")
			}
			_, err := w.edit(t, roles(nodes), roles(strings.ReplaceAll(upper, "Carol", "carol")), "")
			w.passed(t, err)
			return nil
		})
	}
}

func TestTheRepairOfABrokenMapIsNotRefused(t *testing.T) {
	ready(t, "ip-9")
	broken := nodes + "- rolearn: arn:aws:iam::111122223333:role/team/old\n  username: old\n- rolearn: arn:aws:iam::111122223333:role/dev\n username: dev\n"
	begin(t, roles(broken))
	w := jane(t)
	w.passed(t, w.put(t, roles(strings.Replace(broken, "\n username", "\n  username", 1)), ""), "was there before: mapRoles[1].rolearn")
}

// TestASlowOrMissingAnswerKeepsNoEditWaiting: from some moment on the proxy lets no answer through. What the guard holds
// of the nodes and of grants then grows old and nothing takes its place; the bindings serve on for a minute.
func TestASlowOrMissingAnswerKeepsNoEditWaiting(t *testing.T) {
	ready(t, "ip-5")
	w := jane(t)
	grant := "- rolearn: arn:aws:iam::111122223333:role/slow\n  username: slow-user\n  groups:\n  - slow-group\n"
	refuse := func() func() {
		shared.proxy.Refuse(true)
		return func() { shared.proxy.Refuse(false) }
	}
	for _, tt := range []struct {
		name string
		cut  func() (restore func())
		says string
	}{
		{name: "no answers", cut: shared.proxy.Hold, says: inTime},
		{name: "answers refused", cut: refuse, says: "the API server could not be asked"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			unbound := "no RoleBinding or ClusterRoleBinding names"
			_, err := w.edit(t, roles(nodes+devs), roles(nodes+devs+grant), "")
			w.passed(t, err, unbound)
			defer tt.cut()()
			await.Success(t, "an edit without answers", func() error {
				begin(t, roles(nodes+devs))
				if err := w.put(t, roles(devs+grant), ""); err != nil {
					return err // as long as the guard still knows of the nodes
				}
				for want, says := range map[string]string{"[node-access-lost]": tt.says, "[privilege-escalation]": tt.says, "[group-unbound]": unbound} {
					if !slices.ContainsFunc(w.warnings, func(text string) bool { return strings.Contains(text, want) && strings.Contains(text, says) }) {
						return fmt.Errorf("no warning of %s says %q: %q", want, says, w.warnings)
					}
				}
				return nil
			})
		})
	}
}

func TestWithoutPermissionsTheRulesSayThatTheyAreBlind(t *testing.T) {
	ready(t, "ip-7")
	api := shared.admin.RbacV1().ClusterRoleBindings()
	binding, err := api.Get(t.Context(), "guard", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := api.Delete(t.Context(), "guard", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		binding.ResourceVersion = ""
		if _, err := api.Create(context.Background(), binding, metav1.CreateOptions{}); err != nil {
			t.Error(err)
		}
	})
	w := jane(t)
	await.Success(t, "blindness", func() error {
		begin(t, roles(nodes+devs))
		if err := w.put(t, roles(devs), ""); err != nil {
			return err
		}
		for _, text := range w.warnings {
			if strings.Contains(text, "could not be checked (the guard lacks the permission to ask)") {
				return nil
			}
		}
		return fmt.Errorf("warnings: %q", w.warnings)
	})
}

// TestNodesThatAreNotReadyAreNodesToo, and a username of another kind of node takes them away as well.
func TestNodesThatAreNotReadyAreNodesToo(t *testing.T) {
	ready(t, "ip-21")
	if _, err := shared.admin.CoreV1().Nodes().Create(t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "ip-22"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = shared.admin.CoreV1().Nodes().Delete(context.Background(), "ip-22", metav1.DeleteOptions{})
	})
	w := root(t)
	await.Success(t, "the count of nodes", func() error {
		begin(t, roles(nodes+devs))
		if err := w.put(t, roles(devs), ""); err == nil || !strings.Contains(err.Error(), "the cluster has 2 nodes, 1 of them Ready") {
			return fmt.Errorf("answered %w", err)
		}
		return nil
	})
	before := begin(t, roles(nodes+"  - eks:kube-proxy-windows\n"))
	refused(t, before, w.put(t, roles(strings.Replace(nodes, "EC2PrivateDNSName", "SessionName", 1)+"  - eks:kube-proxy-windows\n"), ""), "node-access-lost", "changes the username of the node role")
	refused(t, before, w.put(t, roles(nodes), ""), "node-access-lost", "removes the group eks:kube-proxy-windows")
}

// TestWhatATemplateRendersToIsAGrant: the account's number makes a constant, a session name every name.
func TestWhatATemplateRendersToIsAGrant(t *testing.T) {
	begin(t, roles(nodes+devs))
	w := session(t, "dev", "kim", "dev:kim", "editors")
	const evil = "- rolearn: arn:aws:iam::111122223333:role/evil\n  username: "
	w.passed(t, w.put(t, roles(nodes+devs+evil+"\"arn:aws:iam::{{AccountID}}:user/alice\"\n  groups:\n  - team-{{AccountID}}\n"), ""),
		`grants more than it has; it may not impersonate: group "team-111122223333", user "arn:aws:iam::111122223333:user/alice"`)
	begin(t, roles(nodes+devs))
	w.passed(t, w.put(t, roles(nodes+devs+evil+"j{{SessionNameRaw}}\n"), ""), `may not impersonate: every user of the form "j{{SessionNameRaw}}"`)
}

// TestUnderStrictNoAnswerIsARefusal where it is about a grant or about nodes; what is missing and what helps is said.
func TestUnderStrictNoAnswerIsARefusal(t *testing.T) {
	withPolicy(t, "profile: strict\n", func() error {
		before := begin(t, roles(nodes+devs))
		shared.proxy.Refuse(true)
		defer shared.proxy.Refuse(false)
		w := session(t, "dev", "new", "dev:new", "editors") // nothing of this one's is known yet
		err := w.put(t, roles(nodes+devs+"- rolearn: arn:aws:iam::111122223333:role/new\n  username: new-user\n"), "")
		if err == nil {
			return errors.New("the policy is not followed yet")
		}
		refused(t, before, err, "privilege-escalation", `whether "dev:new" may grant user "new-user" could not be checked`, "try again", override)
		return nil
	})
}
