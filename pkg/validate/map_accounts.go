package validate

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func mapAccounts() *Rule {
	return &Rule{
		Name:  "map-accounts",
		Title: "a whole account gets in",
		Rationale: "EKS authenticates every IAM user and role of an account in mapAccounts, with its ARN as username and " +
			"without groups. Each can do what system:authenticated can, and whatever a binding gives to its ARN.",
		Severity: Medium,
		Controls: []Control{leastPrivilege(), cloudAccounts()},
		Standard: Warn,
		Bad:      []Example{accounts("- \"111122223333\"\n")},
		Good:     []Example{accounts("[]\n")},
		Check: func(p *Pass) {
			for _, a := range p.Doc.Accounts.Accounts {
				if a.Valid && arn.IsAccountID(a.Value) {
					p.Report(Finding{
						Section: awsauth.MapAccounts, Entry: a.Index, Span: a.Span(),
						What:   fmt.Sprintf("every IAM user and role of the account %s may authenticate, with its ARN as username", a.Value),
						Remedy: "remove it, and map the roles that need access",
					})
				}
			}
		},
	}
}
