package policy

import (
	"maps"
	"slices"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/glob"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// What a policy document calls itself.
const (
	APIVersion = "aws-auth-guard.dev/v1alpha1"
	Kind       = "GuardPolicy"
)

// Policy says what is done about findings. It is not changed after it was read, so many may use it at once.
type Policy struct {
	// Profile gives every rule its action where Rules does not.
	Profile validate.Profile
	// Rules are the settings by rule name.
	Rules map[string]Rule
	// FieldManagers are the writers whose edits are repaired, as globs with "*".
	FieldManagers []string
	// ExemptUsers are never refused and never rewritten, as globs with "*".
	ExemptUsers []string
	// OverrideUsers and OverrideGroups may override refusals, as globs with "*". While both are empty everybody
	// may who may edit aws-auth.
	OverrideUsers  []string
	OverrideGroups []string
	// Protected are the entries that must stay.
	Protected []validate.Protected
	// Limits are those of the writers.
	Limits validate.Limits
	// MaxAge is how old a snapshot of the access entries may be to count, above 0.
	MaxAge time.Duration
}

// Rule is the setting of one rule.
type Rule struct {
	// Action replaces that of the profile where it is not empty.
	Action validate.Action
	// Params are the rule's parameters.
	Params validate.Params
}

// Default is the policy of an empty file.
func Default() *Policy {
	return &Policy{
		Profile:       validate.Standard,
		Rules:         map[string]Rule{},
		FieldManagers: []string{"kubectl", "kubectl-*", "k9s", "eksctl"},
		ExemptUsers:   []string{"eks:*"},
		MaxAge:        time.Hour,
	}
}

// Action is what is done about findings of a rule: the policy's setting, else the profile's. In the profile
// audit nothing is more than warned about, whatever the settings say; so switching to it stands the guard down.
// A rule that is not known is off.
func (p *Policy) Action(rule string) validate.Action {
	r := validate.Lookup(rule)
	if r == nil {
		return validate.Off
	}
	return p.action(r)
}

func (p *Policy) action(r *validate.Rule) validate.Action {
	action := p.Rules[r.Name].Action
	if action == "" {
		action = r.Action(p.Profile)
	}
	if p.Profile == validate.Audit && action != validate.Off {
		return validate.Warn
	}
	return action
}

// Options choose what the rules check: those whose action is off do not run.
func (p *Policy) Options() validate.Options {
	o := validate.Options{Off: map[string]bool{}, Params: map[string]validate.Params{}, Protected: p.Protected, Limits: p.Limits}
	for _, r := range validate.Rules() {
		if p.action(r) == validate.Off || r.Configured != nil && !r.Configured(&o) {
			o.Off[r.Name] = true
		}
	}
	for name, r := range p.Rules {
		if len(r.Params) > 0 {
			o.Params[name] = r.Params
		}
	}
	return o
}

// Exempt reports whether the user is never refused and never rewritten.
func (p *Policy) Exempt(user string) bool { return glob.Any(p.ExemptUsers, user) }

// MayOverride reports whether the user may override refusals.
func (p *Policy) MayOverride(user string, groups []string) bool {
	if len(p.OverrideUsers)+len(p.OverrideGroups) == 0 {
		return true
	}
	return glob.Any(p.OverrideUsers, user) || slices.ContainsFunc(groups, func(g string) bool { return glob.Any(p.OverrideGroups, g) })
}

// Firm are the rules of an override that count for nothing, because their writer has limits. Exempt users have none.
func (p *Policy) Firm(o *Override, user string, groups []string) []string {
	if o == nil || p.Exempt(user) || !p.Limits.Limits(user, groups) {
		return nil
	}
	var firm []string
	for _, name := range o.Rules {
		if validate.Lookup(name).Firm {
			firm = append(firm, name)
		}
	}
	return firm
}

// RepairsFor reports whether edits of this writer are repaired. An empty name is a writer that did not say who
// it is.
func (p *Policy) RepairsFor(fieldManager string) bool { return glob.Any(p.FieldManagers, fieldManager) }

// names returns the names of all rules, sorted.
func names() []string {
	set := map[string]bool{}
	for _, r := range validate.Rules() {
		set[r.Name] = true
	}
	return slices.Sorted(maps.Keys(set))
}
