package proof

import (
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/internal/admission"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// TestTheProofSeesAGuardThatFails: a guard that is silent, one that claims everything, and one whose message about a repair
// names somebody else.
func TestTheProofSeesAGuardThatFails(t *testing.T) {
	p := newProver(t)
	for name, c := range map[string]struct {
		fail func()
		want []string
	}{
		"silent": {
			fail: func() {
				p.validate = func(*policy.Policy, *admission.Request, *validate.Change) *admission.Decision {
					return &admission.Decision{Result: admission.Allowed}
				}
			},
			want: []string{"admitted without self-lockout", "admitted without node-access-lost", "admitted without admin-access-lost"},
		},
		"claims everything": {
			fail: func() {
				p.validate = func(*policy.Policy, *admission.Request, *validate.Change) *admission.Decision {
					d := &admission.Decision{Result: admission.Refused}
					for rule := range p.rules {
						f := validate.Finding{Rule: rule, Section: awsauth.MapRoles, Touched: true}
						d.Findings = append(d.Findings, admission.EvaluatedFinding{Finding: f, Refused: true})
					}
					return d
				}
			},
			want: claimed(p.rules),
		},
		"names others": {
			fail: func() {
				p.mutate = func(pol *policy.Policy, r *admission.Request, c *validate.Change) *admission.Decision {
					d := admission.Mutate(pol, r, c)
					for i, text := range d.Warnings {
						d.Warnings[i] = repairPlace.ReplaceAllString(text, "repaired mapUsers[0]")
					}
					return d
				}
			},
			want: []string{"repairs change others than they name"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p.mutate, p.validate, p.wrong = admission.Mutate, admission.Validate, map[string]*fault{}
			c.fail()
			p.run(t, writers()[:2], func(old int) []*small {
				if old%8 > 0 {
					return nil
				}
				return p.sample(old)
			})
			for _, want := range c.want {
				if p.wrong[want] == nil {
					t.Errorf("not seen: %s", want)
				}
			}
		})
	}
}

// claimed are the complaints about rules whose claims are not true of every edit.
func claimed(rules map[string]func(*claim) bool) []string {
	var all []string
	for rule := range rules {
		all = append(all, rule+" claims what the judge does not see")
	}
	return all
}
