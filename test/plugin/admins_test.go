package plugin

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
)

const account = "arn:aws:iam::111122223333:"

// administrators are five principals that may do everything, each in another way, and by what.
var administrators = map[string]string{
	account + "role/masters":      "group",
	account + "user/named":        "binding",
	account + "role/grouped":      "binding",
	account + "role/wild":         "binding",
	account + "role/by-the-entry": "access-policy",
}

// theMapOfAdministrators lets four of them in; two more are none: what they are bound to is not everything, or not everywhere.
const theMapOfAdministrators = `
- rolearn: arn:aws:iam::111122223333:role/masters
  username: masters:{{SessionName}}
  groups: [system:masters]
- rolearn: arn:aws:iam::111122223333:role/grouped
  username: grouped:{{SessionName}}
  groups: [platform]
- rolearn: arn:aws:iam::111122223333:role/wild
  username: wild:{{SessionName}}
  groups: [wild]
- rolearn: arn:aws:iam::111122223333:role/in-one-namespace
  username: one:{{SessionName}}
  groups: [one-namespace]
- rolearn: arn:aws:iam::111122223333:role/looks
  username: looks:{{SessionName}}
  groups: [looks]
`

// TestFivePrincipalsThatAreAdministratorsInFiveWaysAreNamedInEveryFormat has system:masters, a binding to cluster-admin for a user
// and one for a group, a role with *, and an access policy.
func TestFivePrincipalsThatAreAdministratorsInFiveWaysAreNamedInEveryFormat(t *testing.T) {
	ctx := context.WithoutCancel(t.Context())
	maps := client.CoreV1().ConfigMaps("kube-system")
	before, err := maps.Get(ctx, "aws-auth", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	put := func(data map[string]string) {
		t.Helper()
		now, err := maps.Get(ctx, "aws-auth", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		now.Data = data
		if _, err := maps.Update(ctx, now, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	put(map[string]string{
		"mapRoles": theMapOfAdministrators,
		"mapUsers": "- userarn: arn:aws:iam::111122223333:user/named\n  username: named\n",
	})
	t.Cleanup(func() { put(before.Data) })
	roles, bindings := client.RbacV1().ClusterRoles(), client.RbacV1().ClusterRoleBindings()
	everything := rbacv1.PolicyRule{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}
	looking := rbacv1.PolicyRule{Verbs: []string{"get"}, APIGroups: []string{"*"}, Resources: []string{"*"}}
	for name, rule := range map[string]rbacv1.PolicyRule{"wild-role": everything, "looking-role": looking} {
		if _, err := roles.Create(ctx, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: []rbacv1.PolicyRule{rule}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := roles.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	bind := func(name, role, kind, subject string) {
		t.Helper()
		b := &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: kind, Name: subject}},
		}
		if _, err := bindings.Create(ctx, b, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := bindings.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	bind("five-user", "cluster-admin", "User", "named")
	bind("five-group", "cluster-admin", "Group", "platform")
	bind("five-wild", "wild-role", "Group", "wild")
	bind("five-looks", "looking-role", "Group", "looks")
	one := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "five-one"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "Group", Name: "one-namespace"}},
	}
	if _, err := client.RbacV1().RoleBindings("default").Create(ctx, one, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.RbacV1().RoleBindings("default").Delete(ctx, one.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	// The API server agrees that the three of the bindings may do everything.
	for user, group := range map[string]string{"named": "", "grouped:x": "platform", "wild:x": "wild"} {
		if err := await.Rights(ctx, client, user, []string{group}, "", everything); err != nil {
			t.Fatal(err)
		}
	}
	doors(t, snapshot.Both, accessEntry("by-the-entry", snapshot.ClusterAdmin))

	for _, format := range append([]string{"text", "json"}, formats...) {
		t.Run(format, func(t *testing.T) {
			r := plugin(t, "", "", "audit", "-n", "default", "-o", format)
			for arn, how := range administrators {
				if !namesAdministrator(r.out, arn) {
					t.Errorf("nothing says that %s is an administrator (%s)", arn, how)
				}
			}
			for _, arn := range []string{account + "role/in-one-namespace", account + "role/looks"} {
				if namesAdministrator(r.out, arn) {
					t.Errorf("%s is taken for an administrator", arn)
				}
			}
		})
	}

	var a struct {
		Admins []struct {
			Who string
			By  []struct{ Kind string }
		}
		Access []struct {
			ARN   string
			Admin *bool
		}
	}
	if err := json.Unmarshal([]byte(plugin(t, "", "", "audit", "-n", "default", "-o", "json").out), &a); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, admin := range a.Admins {
		found[admin.Who] = admin.By[0].Kind
	}
	for arn, how := range administrators {
		if found[arn] != how {
			t.Errorf("%s is an administrator by %q, want %q", arn, found[arn], how)
		}
	}
	for _, row := range a.Access {
		if _, want := administrators[row.ARN]; row.Admin == nil || *row.Admin != want {
			t.Errorf("%s: admin %v, want %v", row.ARN, row.Admin, want)
		}
	}
}

// namesAdministrator reports whether some line of a report says both the ARN and that it may do everything.
func namesAdministrator(report, arn string) bool {
	for line := range strings.Lines(report) {
		if strings.Contains(line, arn) && (strings.Contains(line, "may do everything in the cluster") || strings.Contains(line, "may do anything in the cluster")) {
			return true
		}
	}
	return false
}
