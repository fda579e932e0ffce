package validate

import (
	"fmt"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

func privilegeEscalation() *Rule {
	return &Rule{
		Name:  "privilege-escalation",
		Title: "a grant beyond the writer's own rights",
		Rationale: "Whoever may edit aws-auth can give any group and any username to anybody, including themselves. As RBAC " +
			"does with roles, this rule asks the API server (SubjectAccessReview) whether the writer may impersonate " +
			"what the edit newly grants. If not, the edit grants more than the writer has. Templates count as what " +
			"they render to: {{AccountID}} is the account's number. If the caller chooses a part of the name, as in " +
			"j{{SessionNameRaw}}, the rule asks whether the writer may impersonate everybody. It asks about 16 names " +
			"per edit, the most dangerous first, and reports the rest as not checked. Under strict, a question " +
			"without an answer is a refusal.",
		Severity:    Critical,
		Controls:    []Control{escalation(), clusterRoles()},
		AboutEdit:   true,
		NeedsAnswer: true,
		Needs:       []Topic{TopicGrants},
		Ask:         func(c *Change) Questions { return Questions{Grants: questionsOf(newGrants(c))} },
		Standard:    Warn,
		Bad: []Example{{
			Old:       map[string]string{"mapRoles": exampleDev},
			Data:      map[string]string{"mapRoles": exampleDev + "- rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n  groups:\n  - operators\n"},
			Requester: &Requester{Username: "dev"},
			Facts: Facts{
				MayImpersonate: map[Grant]bool{{GrantUser, "ops"}: true, {GrantGroup, "operators"}: false},
				Bindings:       &BindingFacts{Groups: map[string]string{"operators": "ClusterRoleBinding operators"}},
			},
		}},
		Good: []Example{{
			Old:       map[string]string{"mapRoles": exampleDev},
			Data:      map[string]string{"mapRoles": exampleDev + "- rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n  groups:\n  - operators\n"},
			Requester: &Requester{Username: "admin", Groups: []string{"system:masters"}},
			Facts:     Facts{Bindings: &BindingFacts{Groups: map[string]string{"operators": "ClusterRoleBinding operators"}}},
		}},
		Check: func(p *Pass) {
			if p.Change == nil || p.Change.Requester == nil {
				return
			}
			grants := newGrants(p.Change)
			if len(grants) == 0 {
				return
			}
			told := judgeGrants(grants, &p.Change.Facts)
			who := quote(p.Change.Requester.Username)
			if len(told.beyond) > 0 {
				p.ReportEdit("", fmt.Sprintf("%s grants more than it has; it may not impersonate: %s", who, shorten(told.beyond)), "let somebody who has it make the edit", false)
			}
			if len(told.unasked) > 0 {
				p.ReportEdit("", fmt.Sprintf("whether %s may grant %s was not checked: the guard checks %d grants per edit",
					who, shorten(told.unasked), maxNamed), "split the edit", false)
			}
			if len(told.unknown) > 0 && p.Change.Facts.Unavailable.Grants != "" {
				p.ReportEdit("", fmt.Sprintf("whether %s may grant %s could not be checked%s", who, shorten(told.unknown), because(p.Change.Facts.Unavailable.Grants)), "", true)
			}
		},
	}
}

// maxGrantsNamed bounds what a message lists.
const maxGrantsNamed = 4

// newGrant is a user or a group that an edit newly gives to somebody. Where the caller chooses a part of the name, the
// question is whether the writer may take any name.
type newGrant struct {
	Grant
	// name is it for people.
	name string
}

// judged are the grants of an edit in words, by what is known of them.
type judgedGrants struct {
	// beyond are those that the writer may not take, unknown had no answer, unasked are too many for one edit.
	beyond, unknown, unasked []string
}

func judgeGrants(grants []newGrant, facts *Facts) (told judgedGrants) {
	unasked := map[Grant]bool{}
	if len(facts.MayImpersonate) > 0 {
		_, rest := Questions{Grants: questionsOf(grants)}.Named(facts.MayImpersonate)
		for _, g := range rest {
			unasked[g] = true
		}
	}
	for _, g := range grants {
		may, known := facts.MayImpersonate[g.Grant]
		switch {
		case may || facts.MayImpersonate[g.Any()]:
		case known:
			told.beyond = append(told.beyond, g.name)
		case unasked[g.Grant]:
			told.unasked = append(told.unasked, g.name)
		default:
			told.unknown = append(told.unknown, g.name)
		}
	}
	return told
}

// questionsOf are the questions about grants, each once.
func questionsOf(grants []newGrant) []Grant {
	var questions []Grant
	seen := map[Grant]bool{}
	for _, g := range grants {
		if !seen[g.Grant] {
			seen[g.Grant] = true
			questions = append(questions, g.Grant)
		}
	}
	return questions
}

// newGrants are the users and groups that the edit newly gives to somebody, as they are when the templates are rendered, the
// most dangerous first. Members of system:masters may grant anything.
func newGrants(c *Change) []newGrant {
	if c.Requester == nil || c.Old == nil && c.New == nil {
		return nil
	}
	if slices.Contains(c.Requester.Groups, awsauth.MastersGroup) {
		return nil
	}
	before := map[string]*access.Identity{}
	for i := range c.Access() {
		if !c.Access()[i].Widens() {
			before[arn.Fold(c.Access()[i].ARN)] = c.Access()[i].Old
		}
	}
	var grants []newGrant
	seen := map[string]bool{}
	for _, given := range c.Given() {
		if given.Account {
			continue
		}
		had := map[string]bool{}
		for _, g := range identityGrants(given.ARN, before[arn.Fold(given.ARN)]) {
			had[g.name] = true
		}
		for _, g := range identityGrants(given.ARN, &access.Identity{Username: given.Username, Groups: given.Groups}) {
			if !had[g.name] && !seen[g.name] {
				seen[g.name] = true
				grants = append(grants, g)
			}
		}
	}
	slices.SortStableFunc(grants, func(a, b newGrant) int { return danger(a.Grant) - danger(b.Grant) })
	return grants
}

// identityGrants are the groups and the username that a principal has by an identity; nil has none, and neither has one whose
// callers EKS denies.
func identityGrants(principal string, identity *access.Identity) []newGrant {
	pr, err := arn.ParsePrincipal(principal)
	if identity == nil || err != nil {
		return nil
	}
	var grants []newGrant
	add := func(kind, text string) bool {
		rendered, ok := awsauth.Render(text, &pr)
		switch {
		case text == "":
		case rendered.Same():
			grants = append(grants, newGrant{Grant{kind, rendered.String()}, kind + " " + quote(rendered.String())})
		case !isNodeName(rendered):
			grants = append(grants, newGrant{Grant{Kind: kind}, "every " + kind + " of the form " + quote(rendered.String())})
		}
		return ok
	}
	for _, g := range identity.Groups {
		if !add(GrantGroup, g) {
			return nil
		}
	}
	if !add(GrantUser, identity.Username) {
		return nil
	}
	return grants
}

// isNodeName reports the username of EC2 nodes: the caller does not choose it, and it counts for something only with the
// groups of nodes, which are asked about.
func isNodeName(r awsauth.Rendering) bool {
	return r.String() == awsauth.NodeUsernamePrefix+awsauth.TemplateEC2PrivateDNSName
}

// danger orders grants: those first that Kubernetes or EKS give a meaning to, then groups, because bindings mostly name those.
func danger(g Grant) int {
	switch {
	case g == Grant{GrantGroup, awsauth.MastersGroup}:
		return 0
	case g.Name == "" || snapshot.ReservedPrefix(g.Name) != "":
		return 1
	case g.Kind == GrantGroup:
		return 2
	}
	return 3
}
