package admission

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// silent answers no question, and says why.
type silent string

func (s silent) Ask(_ context.Context, q validate.Questions, _ authenticationv1.UserInfo) validate.Facts {
	var facts validate.Facts
	if q.Nodes {
		facts.Unavailable.Nodes = string(s)
	}
	if q.Bindings {
		facts.Unavailable.Bindings = string(s)
	}
	if len(q.Grants) > 0 {
		facts.Unavailable.Grants = string(s)
	}
	return facts
}

// TestWithoutAnAnswerStrictRefuses: an edit that needs an answer about a grant or about nodes is refused under strict where
// there is none, and admitted with a warning elsewhere. Other questions refuse nothing. Exempt users and overrides pass.
func TestWithoutAnAnswerStrictRefuses(t *testing.T) {
	const (
		nodes = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
		dev   = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"
		ops   = "- rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n"
		bound = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - devs\n"
	)
	for name, tt := range map[string]struct {
		old, new, user, groups, override string
		// rule is the one without an answer; refused says whether strict refuses.
		rule    string
		refused bool
	}{
		"a grant":                      {old: nodes + dev, new: nodes + dev + ops, rule: "privilege-escalation", refused: true},
		"a grant, by an exempt user":   {old: nodes + dev, new: nodes + dev + ops, user: "eks:node-manager", rule: "privilege-escalation"},
		"a grant, with the override":   {old: nodes + dev, new: nodes + dev + ops, override: "privilege-escalation: agreed", rule: "privilege-escalation"},
		"a grant, by a master":         {old: nodes + dev, new: nodes + dev + ops, groups: `"system:masters"`},
		"nodes":                        {old: nodes + dev, new: dev, rule: "node-access-lost", refused: true},
		"nodes, by an exempt user":     {old: nodes + dev, new: dev, user: "eks:node-manager", rule: "node-access-lost"},
		"nodes, with the override":     {old: nodes + dev, new: dev, override: "node-access-lost: they are gone", rule: "node-access-lost"},
		"nodes, by a master":           {old: nodes + dev, new: dev, groups: `"system:masters"`, rule: "node-access-lost", refused: true},
		"bindings, by a master":        {old: nodes + dev, new: nodes + bound, groups: `"system:masters"`, rule: "group-unbound"},
		"nothing that needs an answer": {old: nodes + dev, new: "# again\n" + nodes + dev},
	} {
		for _, cluster := range []Cluster{silent("the API server did not answer in time"), nil} {
			for _, profile := range []validate.Profile{validate.Standard, validate.Strict} {
				t.Run(fmt.Sprintf("%s/%v/%s", name, cluster != nil, profile), func(t *testing.T) {
					if cluster == nil && tt.rule == "group-unbound" {
						t.Skip("says nothing without a cluster")
					}
					p := policy.Default()
					p.Profile = profile
					user := tt.user
					if user == "" {
						user = "jane"
					}
					changed := object("aws-auth", mapRoles(tt.new))
					if tt.override != "" {
						changed = strings.Replace(changed, `"metadata":{`, fmt.Sprintf(`"metadata":{"annotations":{%q:%q},`, policy.OverrideAnnotation, tt.override), 1)
					}
					o, _ := options(logr.Discard())
					o.Policy = func() *policy.Policy { return p }
					o.Cluster = cluster
					answer := serve(t, NewValidate(o), review(configMapFields, `"operation":"UPDATE"`,
						fmt.Sprintf(`"userInfo":{"username":%q,"groups":[%s]}`, user, tt.groups), `"oldObject":`+object("aws-auth", mapRoles(tt.old)), `"object":`+changed))
					refused := tt.refused && profile == validate.Strict
					if answer.Allowed == refused {
						t.Fatalf("allowed is %v: %v, %q", answer.Allowed, answer.Result, answer.Warnings)
					}
					said := strings.Join(answer.Warnings, "\n")
					if refused {
						said = answer.Result.Message
						for _, help := range []string{"try again", "override", "break-glass", "exempt"} {
							if !strings.Contains(said, help) {
								t.Errorf("it does not speak of %q: %s", help, said)
							}
						}
					}
					if tt.rule != "" && !(strings.Contains(said, "could not be checked") && strings.Contains(said, "["+tt.rule+"]")) || tt.rule == "" && said != "" {
						t.Errorf("it says %q", said)
					}
				})
			}
		}
	}
}
