package validate

import (
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func accountID() *Rule {
	return &Rule{
		Name:  "account-id",
		Title: "not an account number",
		Rationale: "EKS compares an item of mapAccounts with the caller's account as text: 12 digits and nothing else. " +
			"Quotes are optional, leading zeros are kept.",
		Severity: Medium,
		Standard: Deny,
		Bad:      []Example{accounts("- 1111-2222-3333\n"), accounts("- \"11112222333\"\n"), accounts("- [x]\n"), accounts("-\n")},
		Good:     []Example{accounts("# none\n")},
		Check: func(p *Pass) {
			for _, a := range p.Doc.Accounts.Accounts {
				if a.Valid && (arn.IsAccountID(a.Value) || placeholderIn(a.Value, true) != "") {
					continue
				}
				what := quote(a.Value)
				if !a.Valid {
					what = awsauth.ShapeOf(a.Node()).String()
				}
				what, remedy := what+" is not an AWS account: EKS would match no caller with it", "write the 12 digits"
				if a.Valid && a.Node() != nil && awsauth.ShapeOf(a.Node()) == awsauth.Null {
					what, remedy = "this item is null, which EKS reads as an empty text: it matches no caller", "write the 12 digits, or remove the item"
				}
				p.Report(Finding{Section: awsauth.MapAccounts, Entry: a.Index, Span: a.Span(), What: what, Remedy: remedy})
			}
		},
	}
}
