package validate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

const privilegeEscalationName = "privilege-escalation"

func privilegeEscalation() *Rule {
	return &Rule{
		Name:  privilegeEscalationName,
		Title: "a grant that the writer could not take",
		Rationale: "Whoever may edit aws-auth can give any group and any username to anybody, also to itself. As RBAC does with roles, this rule asks the API server (SubjectAccessReview) whether the writer " +
			"may impersonate what the edit newly grants; if not, the edit gives away more than the writer has.",
		Severity:  Critical,
		AboutEdit: true,
		Standard:  Warn,
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
			var beyond, unknown []string
			for _, g := range newGrants(p.Change) {
				may, known := p.Change.Facts.MayImpersonate[g]
				switch {
				case !known:
					unknown = append(unknown, g.Kind+" "+quote(g.Name))
				case !may:
					beyond = append(beyond, g.Kind+" "+quote(g.Name))
				}
			}
			who := quote(p.Change.Requester.Username)
			if len(beyond) > 0 {
				p.ReportEdit("", fmt.Sprintf("%s grants what it may not take itself (impersonate): %s", who, shorten(beyond)), false)
			}
			if len(unknown) > 0 && p.Change.Facts.Blind.Grants != "" {
				p.ReportEdit("", fmt.Sprintf("whether %s may grant %s could not be checked%s", who, shorten(unknown), because(p.Change.Facts.Blind.Grants)), true)
			}
		},
	}
}

// maxGrants bounds the questions that one edit asks, and what a message lists.
const (
	maxGrants      = 16
	maxGrantsNamed = 4
)

func shorten(names []string) string {
	more := ""
	if len(names) > maxGrantsNamed {
		more = fmt.Sprintf(" and %d more", len(names)-maxGrantsNamed)
		names = names[:maxGrantsNamed]
	}
	return strings.Join(names, ", ") + more
}

// newGrants are the users and groups that the edit newly gives to somebody. Templates are left out: nobody can
// say what they will be. Members of system:masters may grant anything.
func newGrants(c *Change) []Grant {
	if c.Requester == nil || c.Old == nil && c.New == nil {
		return nil
	}
	if slices.Contains(c.Requester.Groups, mastersGroup) {
		return nil
	}
	var grants []Grant
	seen := map[Grant]bool{}
	add := func(kind, name string) {
		g := Grant{kind, name}
		if name != "" && !seen[g] && firstTemplate(name) == "" && len(grants) < maxGrants {
			seen[g] = true
			grants = append(grants, g)
		}
	}
	for _, given := range c.Given() {
		for _, g := range given.Groups {
			add(GrantGroup, g)
		}
		add(GrantUser, given.Username)
	}
	return grants
}

// isLiveAdmin reports whether somebody is an administrator by this entry.
func isLiveAdmin(p *Pass, e *awsauth.Entry) bool {
	pr := e.Principal()
	if pr == nil || pr.Path != "" && pr.Kind == arn.Role || arnTrouble(e) != "" || !pr.Kind.IsCaller() {
		return false
	}
	if !slices.Contains(e.Groups, mastersGroup) {
		return false
	}
	w := p.winner(e)
	return w == nil || w == e
}
