package values

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// rules are the schemas of the settings of each rule, so that Helm finds a setting that is wrong before the guard refuses it.
// Which actions a rule takes the guard itself is asked.
func rules() (map[string]*schema, error) {
	settings := map[string]*schema{}
	for _, r := range validate.Rules() {
		s := &schema{Description: r.Title, Type: "object", AdditionalProperties: false, Properties: map[string]*schema{}}
		for _, p := range r.Params {
			s.Properties[p.Name] = &schema{Description: p.About, Type: "array", Items: &schema{Type: "string", Pattern: p.Pattern}}
		}
		actions := actions(r)
		if len(actions) == 0 {
			return nil, fmt.Errorf("the policy takes no action for the rule %s", r.Name)
		}
		s.Properties["action"] = &schema{Description: "What is done about a finding.", Enum: actions}
		for _, p := range r.Params {
			if p.Needed {
				s.need(p.Name)
			}
		}
		settings[r.Name] = s
	}
	return settings, nil
}

// actions are those that the policy takes for a rule.
func actions(rule *validate.Rule) []string {
	var taken []string
	for _, a := range []validate.Action{validate.Off, validate.Warn, validate.Deny, validate.Fix} {
		setting := "action: " + string(a)
		for _, p := range rule.Params {
			setting += ", " + p.Name + ": []"
		}
		if reads(rule.Name, setting) {
			taken = append(taken, string(a))
		}
	}
	return taken
}

// need keeps apart what would have no effect: the parameter without an action, an action without the parameter.
func (s *schema) need(parameter string) {
	s.Dependencies = map[string][]string{parameter: {"action"}}
	s.If = &schema{Required: []string{"action"}, Properties: map[string]*schema{"action": {Enum: []string{string(validate.Warn), string(validate.Deny)}}}}
	s.Then = &schema{Required: []string{parameter}}
}

// reads reports whether a policy with this setting of a rule is read without an error.
func reads(rule, setting string) bool {
	_, err := policy.Parse(fmt.Appendf(nil, "{apiVersion: %s, kind: %s, rules: {%s: {%s}}}", policy.APIVersion, policy.Kind, rule, setting))
	return err == nil
}
