package plugin

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/test/eks"
)

const (
	service = `{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}`
	foreign = `{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}}]}`
)

func iamRole(name, trust, more string) string {
	return `{"Arn": "arn:aws:iam::111122223333:role/` + name + `", "CreateDate": "2024-01-01T09:00:00Z", "AssumeRolePolicyDocument": ` + trust + more + `}`
}

// iamFile is what the AWS CLI prints of an account that does not have the role dev.
func iamFile(t *testing.T, users ...string) string {
	t.Helper()
	roles := []string{
		iamRole("Admin", foreign, ""), iamRole("team/ops", service, ""),
		iamRole("node", service, `, "RoleLastUsed": {"LastUsedDate": "2024-03-01T09:00:00Z", "Region": "eu-west-1"}`),
	}
	for i, name := range users {
		users[i] = `{"Arn": "arn:aws:iam::111122223333:user/` + name + `", "CreateDate": "2024-01-01T09:00:00Z"}`
	}
	path := filepath.Join(t.TempDir(), "iam.json")
	text := `{"RoleDetailList": [` + strings.Join(roles, ",") + `], "UserDetailList": [` + strings.Join(users, ",") + `]}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// policyFile is one by which the map has no error but those of one rule.
func policyFile(t *testing.T, rule string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	text := "apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\nrules:\n  role-path: {action: \"off\"}\n  " + rule + ": {action: deny}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAuditHoldsTheMapAgainstIAM holds that every format names what IAM says, and that it decides the exit status as all does.
func TestAuditHoldsTheMapAgainstIAM(t *testing.T) {
	known := iamFile(t, "team/ci", "idle", "alice")
	said := []string{
		"by its trust policy the account 444455556666 may assume this role, and gets in with the group system:masters",
		"IAM has no role of this name in the account 111122223333", "IAM knows of no use of this role since 2024-03-01 (eu-west-1)",
		"IAM has this user under another path",
	}
	rules := []string{"iam-trust", "iam-role-missing", "iam-unused", "iam-path"}
	for _, format := range append(slices.Clone(formats), "text", "json") {
		t.Run(format, func(t *testing.T) {
			r := plugin(t, "", "", "audit", "-o", format, "--iam", known, "--fail-on", "never")
			r.expect(t, 0, said...)
			r.expect(t, 0, rules...)
			if !strings.Contains(r.out, "account 111122223333 from ") && format != "json" {
				t.Errorf("the head does not say from where IAM is known:\n%s", r.out)
			}
			if out := plugin(t, "", "", "audit", "-o", format, "--fail-on", "never").out; strings.Contains(out, said[1]) {
				t.Errorf("without --iam there is a finding about IAM:\n%s", out)
			}
		})
	}
	plugin(t, "", "", "audit", "--iam", known).expect(t, 1, "fix --suggested --diff --iam="+known+" -\n", "iam-role-missing: 1 finding", "iam-unused: 1 finding")
	for _, rule := range rules {
		policy := policyFile(t, rule)
		plugin(t, "", "", "audit", "--policy", policy, "--iam", known).expect(t, 1, "error: ")
		plugin(t, "", "", "audit", "--policy", policy).expect(t, 0)
	}
}

// TestAuditSaysWhatIAMDoesNotTell holds that what a file lacks is "not read" in every format, and no "nothing found".
func TestAuditSaysWhatIAMDoesNotTell(t *testing.T) {
	noUsers := iamFile(t)
	why := `whether there is the user "arn:aws:iam::111122223333:user/ci" is not known`
	for _, format := range formats {
		plugin(t, "", "", "audit", "-o", format, "--iam", noUsers).expect(t, 1)
		if out := plugin(t, "", "", "audit", "-o", format, "--iam", noUsers).out; !strings.Contains(strings.NewReplacer("&#34;", `"`, "&quot;", `"`, `\"`, `"`).Replace(out), why) {
			t.Errorf("%s does not say it:\n%s", format, out)
		}
	}
	var a struct {
		IAM      []struct{ Account, Source string }
		Unread   []struct{ What, Why string }
		Controls []struct {
			Support []struct{ Rule, Result string }
		}
	}
	if err := json.Unmarshal([]byte(plugin(t, "", "", "audit", "-o", "json", "--iam", noUsers).out), &a); err != nil {
		t.Fatal(err)
	}
	if len(a.IAM) != 1 || a.IAM[0].Account != "111122223333" || a.IAM[0].Source != noUsers {
		t.Errorf("IAM is known of %+v", a.IAM)
	}
	if len(a.Unread) != 3 || a.Unread[0].What != "IAM" {
		t.Errorf("not read: %+v", a.Unread)
	}
	for _, c := range a.Controls {
		for _, s := range c.Support {
			if strings.HasPrefix(s.Rule, "iam-") && s.Result == "nothing found" {
				t.Errorf("%s: %s", s.Rule, s.Result)
			}
		}
	}
	plugin(t, "", "", "audit", "--iam", filepath.Join(t.TempDir(), "none.json")).expect(t, 3, "no such file")
	plugin(t, "", "no JSON", "audit", "--iam", "-").expect(t, 3, "-: it is no JSON")
	plugin(t, "", "x", "audit", "--iam", "-", "--access-snapshot", "-").expect(t, 2, "standard input (-) can be read only once")
	several := contexts(t)
	for _, format := range []string{"text", "json", "html", "markdown"} {
		plugin(t, several, "", "audit", "--contexts", "live", "-o", format, "--iam", iamFile(t, "team/ci", "idle", "alice")).expect(t, 1, "iam-trust", "iam-role-missing")
	}
}

// TestAuditAsksIAM holds the map against a live IAM, with the real AWS SDK.
func TestAuditAsksIAM(t *testing.T) {
	s, err := eks.Start(eks.Options{PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	for _, e := range s.Environment() {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	const account = "arn:aws:iam::111122223333:"
	for _, name := range []string{"role/Admin", "role/node", "user/team/ci", "user/idle", "user/alice"} {
		s.SetPrincipal(account+name, time.Now().AddDate(-1, 0, 0))
	}
	s.SetRole(account+"role/Admin", eks.Role{Trust: foreign, Used: time.Now()})
	s.SetRole(account+"role/node", eks.Role{Used: time.Now()})
	for _, format := range append(slices.Clone(formats), "text", "json") {
		r := plugin(t, "", "", "audit", "-o", format, "--iam", "live", "--fail-on", "never")
		r.expect(t, 0, "iam-trust", "the account 444455556666 may assume this role", "iam-role-missing", "iam-path")
		if strings.Contains(r.out, "whether there is") || strings.Contains(r.out, "IAM knows of no use") {
			t.Errorf("%s:\n%s", format, r.out)
		}
	}
	plugin(t, "", "", "audit", "--iam", "live").expect(t, 1, "account 111122223333 asked as of ", "fix --suggested --diff --iam=FILE -\n")
	if calls := s.Calls(); slices.Contains(calls, "ListRoles") {
		t.Errorf("roles are listed though no permission set is in the map: %q", calls)
	}

	s.Deny("GetUser", true)
	plugin(t, "", "", "audit", "--iam", "live").expect(t, 1, "NOT READ", `IAM: whether there is the user "arn:aws:iam::111122223333:user/ci" is not known: AWS does not allow you iam:GetUser`, "iam-trust")
	s.Deny("GetUser", false)
	plugin(t, "", "", "audit", "--iam", "live", "--iam", iamFile(t)).expect(t, 3, "is of the account 111122223333 too: give that file, or \"live\"")
	s.Fail("GetCallerIdentity", eks.Fault{Status: http.StatusForbidden, Type: "ExpiredToken", Message: "The security token included in the request is expired"})
	plugin(t, "", "", "audit", "--iam", "live").expect(t, 3, "IAM: sts:GetCallerIdentity: The security token included in the request is expired (ExpiredToken)", "WHO GETS IN")
	plugin(t, contexts(t), "", "audit", "--contexts", "live", "--iam", "live").expect(t, 2, "--iam live: for one cluster")
	plugin(t, "", "", "lint", "--iam", "live", "-").expect(t, 2, "--iam live: only audit asks IAM")
}

// TestAuditKnowsWhatWasCreatedAgain holds IAM against the history that the real API server keeps.
func TestAuditKnowsWhatWasCreatedAgain(t *testing.T) {
	ctx := context.WithoutCancel(t.Context())
	cm, err := client.CoreV1().ConfigMaps("kube-system").Get(ctx, "aws-auth", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := history.NewRecorder(client, "default", history.Options{}).Observe(ctx, cm, history.Observation{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.AppsV1().ControllerRevisions("default").DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: history.Label}); err != nil {
			t.Error(err)
		}
	})
	known := iamFile(t, "team/ci", "idle", "alice")
	text, err := os.ReadFile(known)
	if err != nil {
		t.Fatal(err)
	}
	plugin(t, "", "", "audit", "-n", "default", "--iam", known).expect(t, 1, "iam-recreated: nothing found")
	later := strings.Replace(string(text), "2024-01-01T09:00:00Z", time.Now().UTC().Add(time.Hour).Format(time.RFC3339), 1)
	if err := os.WriteFile(known, []byte(later), 0o600); err != nil {
		t.Fatal(err)
	}
	said := []string{"and the map had its entry at ", "if there was one before, this is another, and somebody else may be in it; it gets in with the group system:masters", "iam-recreated"}
	for _, format := range append(slices.Clone(formats), "text", "json") {
		plugin(t, "", "", "audit", "-n", "default", "-o", format, "--iam", known, "--fail-on", "never").expect(t, 0, said...)
	}
	plugin(t, "", "", "audit", "--iam", known).expect(t, 1, "iam-recreated: not known")
	_, stranger, err := cluster.User("history-stranger")
	if err != nil {
		t.Fatal(err)
	}
	plugin(t, stranger, "", "audit", "-n", "default", "--iam", known).expect(t, 3, "the history: since when the map has its entries is not known")
}
