package mutate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// TestNoRepairChangesWhatABindingGives tries usernames against the names that bindings have, as a new entry, as one that gets
// a group, in a file, and in a text that only another repair makes readable: whoever comes in is named by the same binding
// after the safe repairs as the text says, or by none. The names are those that the authenticator gives.
func TestNoRepairChangesWhatABindingGives(t *testing.T) {
	usernames := []string{
		"Admin", "ADMIN", "admin", "Ad-Min", "Admin:{{SessionName}}", "{{SessionName}}-Admin", "Admin{{SessionName}}", "A{{SessionName}}B{{AccountID}}",
		"Admin-{{AccountID}}", "Ädmin", "Admin:{{SessionNameRaw}}", "A{{AccessKeyID}}",
	}
	bound := []string{
		"admin", "Admin", "ADMIN", "ad-min", "admin:jane", "Admin:jane", "jane-admin", "jane-Admin", "adminjane", "ajaneb111122223333",
		"admin-111122223333", "ädmin", "aAKIA", "aakia",
	}
	outcomes := map[string]int{}
	for _, username := range usernames {
		for i := range bound {
			for _, second := range bound[i:min(i+2, len(bound))] {
				b := &validate.BindingFacts{Users: map[string]string{bound[i]: "ClusterRoleBinding one", second: "ClusterRoleBinding two"}}
				entry := fmt.Sprintf("- rolearn: %sops\n  username: %q\n", a, username)
				user := fmt.Sprintf("- userarn: %sops\n  username: %q\n", u, username)
				quotes := "- rolearn: " + a + "ci\n  username: {{SessionName}}-ci\n"
				for _, tt := range []struct {
					key, old, text string
					facts          validate.Facts
					file           bool
				}{
					{key: "mapRoles", text: entry, facts: validate.Facts{Bindings: b}},
					{key: "mapUsers", text: user, facts: validate.Facts{Bindings: b}},
					{key: "mapRoles", old: entry, text: entry + "  groups: [editors]\n", facts: validate.Facts{Bindings: b}},
					{key: "mapRoles", text: entry + quotes, facts: validate.Facts{Bindings: b}},
					{key: "mapRoles", text: entry + quotes},
					{key: "mapRoles", text: entry, facts: validate.Facts{Unavailable: validate.Unavailable{Bindings: "slow"}}},
					{key: "mapRoles", text: entry, facts: validate.Facts{Bindings: b}, file: true},
				} {
					c := &validate.Change{New: awsauth.Read(map[string]string{tt.key: tt.text}), Facts: tt.facts}
					if tt.old != "" {
						c.Old = awsauth.Read(map[string]string{tt.key: tt.old})
					}
					check := func(d *awsauth.Document) []validate.Finding {
						if tt.file {
							return validate.Check(d, validate.Options{Bindings: b})
						}
						return validate.CheckRepairs(c.With(d), validate.Options{})
					}
					r := Repair(c.New, check, safe, validate.Options{})
					meant := strings.ReplaceAll(tt.text, "{{SessionName}}-ci", "ci")
					before, after := named(tt.key, meant), named(tt.key, r.Doc.Section(awsauth.Key(tt.key)).Text)
					if (b.Users[before] != "" || b.Users[after] != "") && before != after {
						t.Errorf("%q is repaired to %q, where bindings name %q and %q", before, after, bound[i], second)
					}
					outcomes[fmt.Sprint(before == after, tt.facts.Bindings != nil)]++
				}
			}
		}
	}
	if len(outcomes) != 3 || outcomes["false false"] != 0 {
		t.Errorf("repaired or not, with the bindings or without: %v", outcomes)
	}
}

// named is who the caller is by a map.
func named(key, text string) string {
	caller := awsauth.Caller{ARN: "arn:aws:sts::111122223333:assumed-role/ops/jane", AccessKeyID: "AKIA"}
	if key == "mapUsers" {
		caller.ARN = u + "ops"
	}
	return awsauth.Read(map[string]string{key: text}).Resolve(caller).Username
}
