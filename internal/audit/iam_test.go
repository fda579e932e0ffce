package audit

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/iam"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// says is what IAM says: the roles and the users as the AWS CLI prints them.
func says(t *testing.T, roles, users string) func(*Input) {
	t.Helper()
	known, err := iam.Read(iam.File{Name: "iam.json", At: moment, Text: `{"RoleDetailList": [` + roles + `], "UserDetailList": [` + users + `]}`})
	if err != nil {
		t.Fatal(err)
	}
	return func(in *Input) { in.IAM = known }
}

func iamRole(name, more string) string {
	if !strings.Contains(more, "AssumeRole") {
		more += `, "AssumeRolePolicyDocument": {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}`
	}
	return `{"Arn": "arn:aws:iam::111122223333:role/` + name + `", "CreateDate": "2024-01-01T09:00:00Z"` + more + `}`
}

// TestOutcomesOfIAM runs every rule about IAM over a live map: what it finds, that it finds nothing, and that it does not know.
func TestOutcomesOfIAM(t *testing.T) {
	const (
		users = `{"Arn": "arn:aws:iam::111122223333:user/bob", "CreateDate": "2024-01-01T09:00:00Z"}`
		sso   = "- rolearn: arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_0123456789abcdef\n  username: sso\n"
		other = "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Dev_fedcba9876543210"
		trust = `, "AssumeRolePolicyDocument": {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}]}`
	)
	dev := iamRole("dev", "")
	for name, c := range map[string]struct {
		text string
		in   []func(*Input)
		want map[string]Outcome
	}{
		"nobody asked":                 {devs, nil, map[string]Outcome{"iam-role-missing": "", "iam-trust": ""}},
		"all is well":                  {devs, []func(*Input){says(t, dev, users)}, map[string]Outcome{"iam-role-missing": Pass, "iam-unused": Pass, "iam-trust": Pass, "iam-sso-suffix": Pass, "iam-path": Pass, "iam-recreated": ""}},
		"no such role":                 {devs, []func(*Input){says(t, iamRole("ops", ""), users)}, map[string]Outcome{"iam-role-missing": Warn, "iam-trust": Pass}},
		"another suffix":               {sso, []func(*Input){says(t, iamRole(other, ""), users)}, map[string]Outcome{"iam-sso-suffix": Warn, "iam-role-missing": Pass}},
		"not used":                     {devs, []func(*Input){says(t, iamRole("dev", `, "RoleLastUsed": {"LastUsedDate": "2025-03-01T09:00:00Z"}`), users)}, map[string]Outcome{"iam-unused": Warn}},
		"anybody":                      {devs, []func(*Input){says(t, iamRole("dev", trust), users)}, map[string]Outcome{"iam-trust": Warn}},
		"another account":              {strings.Replace(devs, "111122223333", "444455556666", 1), []func(*Input){says(t, dev, users)}, map[string]Outcome{"iam-role-missing": "", "iam-trust": ""}},
		"found, and more is not known": {devs + strings.Replace(devs, "111122223333", "444455556666", 1), []func(*Input){says(t, iamRole("dev", trust), users)}, map[string]Outcome{"iam-role-missing": "", "iam-trust": Warn}},
		"nobody reads the map":         {devs, []func(*Input){says(t, iamRole("ops", ""), users), doors(snapshot.API)}, map[string]Outcome{"iam-role-missing": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			e := evaluate(t, c.text, c.in...)
			for rule, want := range c.want {
				if got := outcome(e, rule); got != want {
					t.Errorf("%s: %q, want %q", rule, got, want)
				}
			}
			for _, control := range e.controls() {
				for _, s := range control.Support {
					if want, ok := c.want[s.Rule]; ok && want == "" && s.Result != resultUnknown && e.Mode() != snapshot.API {
						t.Errorf("%s supports %s by %q", s.Rule, control.ID, s.Result)
					}
				}
			}
		})
	}
	for _, r := range validate.Rules() {
		if r.FromIAM() && slices.Contains(evaluate(t, devs).Lint.Rules, r.Name) {
			t.Errorf("%s is said to have looked, though nobody asked IAM", r.Name)
		}
	}
}
