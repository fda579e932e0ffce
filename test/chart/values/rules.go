package values

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// parameters are what a rule may be given beside its action. A setting that is wrong is found by Helm before the guard refuses it.
func parameters() map[string]*schema {
	return map[string]*schema{
		"allow":    {Description: "ARNs that the rule does not speak of.", Type: "array", Items: &schema{Type: "string", Pattern: "^arn:"}},
		"accounts": {Description: "Accounts that may be mapped.", Type: "array", Items: &schema{Type: "string", Pattern: "^[0-9]{12}$"}},
	}
}

// rules are the schemas of the settings of each rule: those that the guard reads. It is asked itself.
func rules() (map[string]*schema, error) {
	settings := map[string]*schema{}
	for _, r := range validate.Rules() {
		s := &schema{Description: r.Title, Type: "object", AdditionalProperties: false, Properties: map[string]*schema{}}
		for name, parameter := range parameters() {
			if reads(r.Name, "action: warn, "+name+": []") {
				s.Properties[name] = parameter
			}
		}
		actions := actions(r.Name, s.Properties)
		if len(actions) == 0 {
			return nil, fmt.Errorf("the policy takes no action for the rule %s", r.Name)
		}
		s.Properties["action"] = &schema{Description: "What is done about a finding.", Enum: actions}
		if s.Properties["accounts"] != nil {
			needAccounts(s)
		}
		settings[r.Name] = s
	}
	return settings, nil
}

// actions are those that the policy takes for a rule with the parameters given.
func actions(rule string, parameters map[string]*schema) []string {
	var taken []string
	for _, a := range []validate.Action{validate.Off, validate.Warn, validate.Deny, validate.Fix} {
		setting := "action: " + string(a)
		if parameters["accounts"] != nil {
			setting += ", accounts: []"
		}
		if reads(rule, setting) {
			taken = append(taken, string(a))
		}
	}
	return taken
}

// needAccounts keeps apart what would have no effect: accounts without an action, an action without accounts.
func needAccounts(s *schema) {
	s.Dependencies = map[string][]string{"accounts": {"action"}}
	s.If = &schema{Required: []string{"action"}, Properties: map[string]*schema{"action": {Enum: []string{string(validate.Warn), string(validate.Deny)}}}}
	s.Then = &schema{Required: []string{"accounts"}}
}

// reads reports whether a policy with this setting of a rule is read without an error.
func reads(rule, setting string) bool {
	_, err := policy.Parse(fmt.Appendf(nil, "{apiVersion: %s, kind: %s, rules: {%s: {%s}}}", policy.APIVersion, policy.Kind, rule, setting))
	return err == nil
}
