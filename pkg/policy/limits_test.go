package policy

import (
	"slices"
	"strings"
	"testing"
)

func TestLimits(t *testing.T) {
	const head = "apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\n"
	p, err := Parse([]byte(head + `protected:
- arn: arn:aws:iam::111122223333:role/BreakGlass
  username: emergency
  groups: ["system:masters"]
- {arn: "*:role/nodes-*"}
writers:
- groups: [team-a-ci]
  may: {arns: ["arn:aws:iam::111122223333:role/team-a-*"], usernames: ["team-a:*"], groups: ["team-a:*"]}
- users: [ops]
  may: {arns: ["*"]}
writersOnly: true
`))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Protected) != 2 || !p.Protected[0].Matches("arn:aws:iam::111122223333:role/breakglass", "emergency") || !slices.Equal(p.Protected[0].Groups, []string{"system:masters"}) ||
		!p.Protected[1].Matches("arn:aws:iam::111122223333:role/nodes-blue", "x") {
		t.Errorf("protected %+v", p.Protected)
	}
	if len(p.Limits.Writers) != 2 || !p.Limits.Only || p.Limits.Writers[1].May.Usernames != nil {
		t.Errorf("limits %+v", p.Limits)
	}
	for _, tt := range []struct {
		name, text, says string
	}{
		{name: "no ARN", text: "protected:\n- username: x\n", says: "arn is missing"},
		{name: "no list", text: "protected:\n  arn: x\n", says: "protected is a list"},
		{name: "no ARN at all", text: "protected:\n- arn: role/x\n", says: "an ARN begins with arn:"},
		{name: "a pattern of groups", text: "protected:\n- arn: arn:aws:iam::111122223333:role/x\n  groups: [\"a*\"]\n", says: "named in full"},
		{name: "nobody", text: "writers:\n- may: {arns: [\"*\"]}\n", says: "this writer is nobody"},
		{name: "nothing", text: "writers:\n- users: [x]\n", says: "may is missing"},
		{name: "no ARNs", text: "writers:\n- users: [x]\n  may: {groups: [\"*\"]}\n", says: "may write nothing"},
		{name: "nothing at all", text: "writers:\n- users: [x]\n  may: {}\n", says: "may write nothing"},
		{name: "another pattern", text: "writers:\n- users: [x]\n  may: {arns: [\"arn:aws:iam::111122223333:role/team-?\"]}\n", says: "a star stands for any text"},
		{name: "a path", text: "protected:\n- arn: arn:aws:iam::111122223333:role/team/x\n", says: "write arn:aws:iam::111122223333:role/x"},
		{name: "a session", text: "protected:\n- arn: arn:aws:sts::111122223333:assumed-role/x/jane\n", says: "nobody comes to EKS"},
		{name: "a short account", text: "protected:\n- arn: arn:aws:iam::1:role/x\n", says: "not 12 digits"},
		{name: "a field that is not known", text: "writers:\n- users: [x]\n  may: {arn: [\"*\"]}\n", says: `unknown field "arn"`},
		{name: "field managers", text: "writers:\n- fieldManagers: [x]\n  may: {}\n", says: `unknown field "fieldManagers"`},
		{name: "no boolean", text: "writersOnly: \"true\"\n", says: "writersOnly is true or false"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Parse([]byte(head + tt.text)); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
		})
	}
}

func TestLimitedWritersOverrideNothingFirm(t *testing.T) {
	p, err := Parse([]byte("apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\nwriters:\n- users: [ci]\n  may: {arns: [\"*\"]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	o := &Override{Rules: []string{"self-lockout", "protected-entry", "writer-scope"}}
	for _, tt := range []struct {
		name, user string
		groups     []string
		firm       int
	}{
		{name: "with limits", user: "ci", firm: 2},
		{name: "without limits", user: "jane"},
		{name: "an administrator", user: "ci", groups: []string{"system:masters"}},
		{name: "exempt", user: "eks:addon-manager"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if firm := p.Firm(o, tt.user, tt.groups); len(firm) != tt.firm {
				t.Errorf("firm: %q", firm)
			}
		})
	}
}
