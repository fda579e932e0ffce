package validate

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func templateInGroup() *Rule {
	return &Rule{
		Name:  "template-in-group",
		Title: "a group that the caller chooses",
		Rationale: "The authenticator renders templates in groups too, and whoever may assume the role chooses the session " +
			"name: with system:{{SessionName}} a session called masters is a cluster administrator. Write the groups " +
			"out.",
		Severity: Critical,
		Controls: []Control{clusterRoles()},
		Standard: Deny,
		Bad:      []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - system:{{SessionName}}\n")},
		Good:     []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - devs-{{AccountID}}\n")},
		Check: func(p *Pass) {
			for _, e := range p.Doc.Mappings() {
				for i, g := range e.Groups {
					if t := callerChosen(g); t != "" && !p.Suppressed(e, fmt.Sprintf("groups[%d]", i)) {
						reportGroup(p, e, i, fmt.Sprintf("the caller chooses %s, and with it the group %s%s", t, quote(g), mastersBySession(e, g)), "write the group out")
					}
				}
			}
		},
	}
}

// mastersBySession says by which session a caller becomes an administrator, "" for none.
func mastersBySession(e *awsauth.Entry, group string) string {
	pr := e.Principal()
	if pr == nil {
		return ""
	}
	if name, ok := awsauth.Render(group, pr); !ok || !name.CanBe(awsauth.MastersGroup) {
		return ""
	}
	return ": a session called masters could become " + awsauth.MastersGroup
}
