package validate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// builtInGroups are the groups of Kubernetes and EKS that appear in aws-auth.
var builtInGroups = []string{
	mastersGroup, bootstrappersGroup, nodesGroup, "system:node-proxier", "system:authenticated", "system:unauthenticated",
	"system:serviceaccounts", "system:monitoring", "eks:kube-proxy-windows",
}

func groupName() *Rule {
	return &Rule{
		Name:      "group-name",
		Title:     "a group that can't be meant so",
		Rationale: "RBAC compares groups letter by letter. An empty group, one with blanks around it, or a built-in group in other letters (System:Masters) is just another name that no binding has.",
		Severity:  High,
		Standard:  Deny,
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - System:Masters\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - \"devs \"\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - \"\"\n"),
		},
		Good: []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - Devs\n")},
		Check: func(p *Pass) {
			for _, e := range p.Doc.Mappings() {
				for i, g := range e.Groups {
					if message := groupTrouble(e, i, g); message != "" {
						p.Claim(e, awsauth.FieldGroups)
						reportGroup(p, e, i, message)
					}
				}
			}
		},
	}
}

func groupTrouble(e *awsauth.Entry, i int, g string) string {
	if g == "" {
		if n := e.GroupNode(i); n == nil || awsauth.ShapeOf(n) != awsauth.String {
			return "" // wrong-type speaks of it
		}
		return "this group is empty; remove it or write a name"
	}
	if trimmed := strings.TrimSpace(g); trimmed != g {
		return fmt.Sprintf("the group %s has white space around it, so no binding fits it; write %s", quote(g), quote(trimmed))
	}
	if slices.Contains(builtInGroups, g) {
		return ""
	}
	for _, b := range builtInGroups {
		if strings.EqualFold(b, g) {
			return fmt.Sprintf("the group %s is not %s: groups are compared letter by letter", quote(g), b)
		}
	}
	return ""
}
