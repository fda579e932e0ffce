package validate

import (
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// TestASessionWrittenAsARole: the last part of such an ARN is no role, so no repair makes it one, at admission neither.
func TestASessionWrittenAsARole(t *testing.T) {
	const account = "arn:aws:iam::111122223333:role/"
	const sso = "AWSReservedSSO_Ops_0123456789abcdef"
	for arn, tt := range map[string]struct {
		rule, message string
		fix           Applicability
	}{
		sso + "/pat@example.com": {"role-path", `"pat@example.com" is the name of a session, and EKS matches roles without it; write ` + account + sso, ""},
		sso + "/pat":             {"role-path", "write " + account + sso, ""},
		"aws-reserved/sso.amazonaws.com/" + sso + "/pat@example.com": {"sso-role-path", "write " + account + sso, ""},
		"nodes/i-0123456789abcdef0":                                  {"role-path", "write " + account + "nodes,", ""},
		"ci/botocore-session-1700000000":                             {"role-path", "write " + account + "ci,", ""},
		"ci/1700000000000000000":                                     {"role-path", "is the name of a session, write " + account + "ci", Suggested},
		"team/dev":                                                   {"role-path", "write " + account + "dev", Safe},
	} {
		doc := awsauth.Read(map[string]string{"mapRoles": "- rolearn: " + account + arn + "\n  username: x\n"})
		for name, found := range map[string][]Finding{
			"a text": Check(doc, Options{}), "an edit": CheckChange(&Change{Old: awsauth.Read(nil), New: doc}, Options{}),
		} {
			if len(found) != 1 || found[0].Rule != tt.rule || !strings.Contains(found[0].Sentence().Text, tt.message) {
				t.Errorf("%s, %s: got %+v, want %s: %s", arn, name, found, tt.rule, tt.message)
				continue
			}
			got := Applicability("")
			if found[0].Fix != nil {
				got = found[0].Fix.Applicability
			}
			if got != tt.fix {
				t.Errorf("%s, %s: the repair is %q, want %q", arn, name, got, tt.fix)
			}
		}
	}
}
