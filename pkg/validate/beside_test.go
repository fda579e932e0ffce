package validate

import (
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// TestAnOldEntryIsNoReasonToRefuseANewOne: what can't be repaired in an old entry because of a new one is still the fault of
// the old one.
func TestAnOldEntryIsNoReasonToRefuseANewOne(t *testing.T) {
	for _, tt := range []struct{ name, rule, old, added string }{
		{name: "a path", rule: "role-path", old: ofRole + "team/dev\n  username: dev\n", added: ofRole + "dev\n  username: dev2\n"},
		{name: "a path of SSO", rule: "sso-role-path", old: ofRole + "aws-reserved/sso.amazonaws.com/AWSReservedSSO_X_0123456789abcdef\n  username: sso\n", added: ofRole + "AWSReservedSSO_X_0123456789abcdef\n  username: sso2\n"},
		{name: "upper case", rule: "username-uppercase", old: ofRole + "dev\n  username: Deployer\n", added: ofRole + "ops\n  username: deployer\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			old := awsauth.Read(map[string]string{"mapRoles": tt.old})
			found := false
			for _, f := range CheckEdit(old, awsauth.Read(map[string]string{"mapRoles": tt.old + tt.added}), Options{Bindings: &BindingFacts{}}) {
				if f.Rule != tt.rule {
					continue
				}
				if found = true; f.Touched {
					t.Errorf("the edit is blamed for %s[%d]: %s", f.Section, f.Entry, f.Sentence().Text)
				}
			}
			if !found {
				t.Error("nothing is reported")
			}
			for _, f := range CheckEdit(nil, awsauth.Read(map[string]string{"mapRoles": tt.old + tt.added}), Options{Bindings: &BindingFacts{}}) {
				if f.Rule == tt.rule && !f.Touched {
					t.Errorf("in a new map nobody is blamed: %s", f.Sentence().Text)
				}
			}
		})
	}
}
