package validate

import (
	"fmt"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// paramAccounts lists the AWS accounts that may be mapped; while it is empty the rule is silent.
const paramAccounts = "accounts"

func arnAccount() *Rule {
	return &Rule{
		Name:  "arn-account",
		Title: "an account that is not in the policy's list",
		Rationale: "If the policy lists accounts, the rule reports a mapping of any other account: a typo in the number, or " +
			"somebody else's account. Without the list the rule reports nothing.",
		Severity: High,
		Controls: []Control{cloudAccounts()},
		Standard: Off,
		Params: []Param{{
			Name: paramAccounts, About: "Accounts that may be mapped.", Pattern: "^[0-9]{12}$", Needed: true,
			NeededFor: "the account numbers that may be mapped",
			Check: func(item string) string {
				if !arn.IsAccountID(item) {
					return fmt.Sprintf("%q is not an account number of 12 digits", item)
				}
				return ""
			},
		}},
		Bad: []Example{{
			Data:   map[string]string{"mapRoles": "- rolearn: arn:aws:iam::444455556666:role/dev\n  username: dev\n"},
			Params: Params{paramAccounts: {"111122223333"}},
		}},
		Good: []Example{{
			Data:   map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"},
			Params: Params{paramAccounts: {"111122223333"}},
		}},
		Check: func(p *Pass) {
			if len(p.Params[paramAccounts]) == 0 {
				return
			}
			for _, e := range p.Doc.Mappings() {
				if pr := e.Principal(); pr != nil && !p.spokenBySyntax(e) && !slices.Contains(p.Params[paramAccounts], pr.Account) {
					p.ReportField(e, e.ARNField(), unlisted(pr.Account), listAccount, nil)
				}
			}
			for _, a := range p.Doc.Accounts.Accounts {
				if a.Valid && !slices.Contains(p.Params[paramAccounts], a.Value) {
					p.Report(Finding{Section: awsauth.MapAccounts, Entry: a.Index, Span: a.Span(), What: unlisted(a.Value), Remedy: listAccount})
				}
			}
		},
	}
}

// listAccount is what to do about an account that is not in the list.
const listAccount = "write one that is, or add it to the list"

func unlisted(account string) string {
	return fmt.Sprintf("the account %s is not in the policy's list of accounts", quote(account))
}

// spokenBySyntax reports whether the ARN is one that no caller can have anyway.
func (p *Pass) spokenBySyntax(e *awsauth.Entry) bool {
	return placeholderIn(e.ARN, true) != "" || hasARNTrouble(e)
}
