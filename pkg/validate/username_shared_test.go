package validate

import (
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// TestUsernameShared_others: a username that is the ARN of somebody else, or whose template is the same for all callers of a
// role, is reported; what belongs to the principal itself, or differs from caller to caller, is not.
func TestUsernameShared_others(t *testing.T) {
	const (
		role = "- rolearn: arn:aws:iam::111122223333:role/dev\n"
		user = "- userarn: arn:aws:iam::111122223333:user/jane\n"
	)
	for name, test := range map[string]struct {
		section, entry, username string
		want                     string
	}{
		"another user":                    {"mapRoles", role, "arn:aws:iam::111122223333:user/alice", "ARN of another principal"},
		"another user by template":        {"mapRoles", role, "arn:aws:iam::{{AccountID}}:user/alice", "ARN of another principal"},
		"a user with a path":              {"mapRoles", role, "arn:aws:iam::{{AccountID}}:user/team/alice", "ARN of another principal"},
		"another role":                    {"mapRoles", role, "arn:aws:iam::{{AccountID}}:role/admin", "ARN of another principal"},
		"another role for a user":         {"mapUsers", user, "arn:aws:iam::{{AccountID}}:role/admin", "ARN of another principal"},
		"another session":                 {"mapRoles", role, "arn:aws:sts::{{AccountID}}:assumed-role/admin/bob", "ARN of another principal"},
		"another role's sessions":         {"mapRoles", role, "arn:aws:sts::{{AccountID}}:assumed-role/admin/{{SessionName}}", "ARN of another principal"},
		"a user of choice":                {"mapRoles", role, "arn:aws:iam::111122223333:user/{{SessionName}}", `becomes "arn:aws:iam::111122223333:user/alice"`},
		"a user of choice, raw":           {"mapRoles", role, "arn:aws:iam::{{AccountID}}:user/{{SessionNameRaw}}", "whoever assumes the role chooses which, by {{SessionNameRaw}}"},
		"a user of choice, in part":       {"mapRoles", role, "arn:aws:iam::{{AccountID}}:user/team/a-{{SessionName}}", "chooses which, by {{SessionName}}"},
		"a role of choice":                {"mapRoles", role, "arn:aws:iam::{{AccountID}}:role/{{SessionName}}", "chooses which"},
		"a role's session of choice":      {"mapRoles", role, "arn:aws:sts::{{AccountID}}:assumed-role/{{SessionName}}/x", "chooses which"},
		"a role of choice, or its own":    {"mapRoles", strings.Replace(role, "dev", "x", 1), "arn:aws:sts::{{AccountID}}:assumed-role/{{SessionName}}/x", "chooses which"},
		"a key of choice":                 {"mapRoles", role, "arn:aws:iam::{{AccountID}}:user/{{AccessKeyID}}", "chooses which"},
		"a user has no session":           {"mapUsers", user, "arn:aws:iam::{{AccountID}}:user/{{SessionName}}", ""},
		"a name of choice after its own":  {"mapRoles", role, "dev:{{SessionName}}", ""},
		"a name of choice alone":          {"mapRoles", role, "{{SessionNameRaw}}", ""},
		"another account":                 {"mapRoles", role, "arn:aws:iam::444455556666:role/dev", "ARN of another principal"},
		"the root user":                   {"mapRoles", role, "arn:aws:iam::{{AccountID}}:root", "ARN of another principal"},
		"the number for all":              {"mapRoles", role, "team-{{AccountID}}", "{{AccountID}} is the same for everybody"},
		"the number twice":                {"mapRoles", role, "{{AccountID}}:{{AccountID}}", "{{AccountID}} is the same for everybody"},
		"its own ARN":                     {"mapRoles", role, "arn:aws:iam::111122223333:role/dev", ""},
		"its own ARN in capitals":         {"mapRoles", role, "arn:aws:iam::111122223333:role/DEV", ""},
		"its own sessions":                {"mapRoles", role, "arn:aws:sts::111122223333:assumed-role/dev/{{SessionName}}", ""},
		"its own sessions by template":    {"mapRoles", role, "arn:aws:sts::{{AccountID}}:assumed-role/dev/{{SessionName}}", ""},
		"its own ARN, of a user":          {"mapUsers", user, "arn:aws:iam::{{AccountID}}:user/jane", ""},
		"a user's name with the number":   {"mapUsers", user, "jane-{{AccountID}}", ""},
		"the number and the session":      {"mapRoles", role, "dev:{{AccountID}}:{{SessionName}}", ""},
		"a literal":                       {"mapRoles", role, "dev", ""},
		"what is no caller":               {"mapRoles", role, "arn:aws:iam::111122223333:policy/x", ""},
		"what only begins like an ARN":    {"mapRoles", role, "arn:dev", ""},
		"what another tool fills in":      {"mapRoles", role, "arn:aws:iam::${account}:user/alice", ""},
		"the entry's ARN is filled later": {"mapRoles", "- rolearn: arn:aws:iam::${account}:role/dev\n", "x-{{AccountID}}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			doc := awsauth.Read(map[string]string{test.section: test.entry + "  username: \"" + test.username + "\"\n"})
			var got string
			for _, f := range Check(doc, Options{Later: func(s string) bool { return strings.Contains(s, "${") }}) {
				if f.Rule == "username-shared" {
					got += f.Sentence().Text
				}
			}
			if test.want == "" && got != "" || !strings.Contains(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
