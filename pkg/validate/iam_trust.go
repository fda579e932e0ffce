package validate

import (
	"fmt"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/iam"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

func iamTrust() *Rule {
	return &Rule{
		Name:  "iam-trust",
		Title: "another account may assume the role",
		Rationale: "Who may become a role is in its trust policy, and nothing in the map shows it. The rule reports a role that another " +
			"account, or anybody in AWS, may assume, or whoever has a token of an OIDC provider, where no condition says whose token (sub): " +
			"whoever does gets in with the groups of the entry. `aud`, a sub of wildcards as `repo:*`, and what must not be say nobody. It names " +
			"the condition keys that a statement asks for, and judges neither other conditions nor statements that deny. List the accounts that are meant.",
		Severity:      Critical,
		Controls:      []Control{leastPrivilege(), cloudAccounts()},
		Standard:      Warn,
		Standing:      true,
		Needs:         []Topic{TopicIAM},
		SilentWithout: true,
		Params: []Param{{
			Name: paramAccounts, About: "Accounts that may assume mapped roles of other accounts.", Pattern: "^[0-9]{12}$",
			Check: func(item string) string {
				if !arn.IsAccountID(item) {
					return fmt.Sprintf("%q is not an account number of 12 digits", item)
				}
				return ""
			},
		}},
		Bad: []Example{
			{Data: map[string]string{"mapRoles": exampleDev}, IAM: exampleIAMTrust(`{"AWS":"arn:aws:iam::444455556666:root"}`)},
			{Data: map[string]string{"mapRoles": exampleDev}, IAM: exampleIAMTrust(`"*"`)},
		},
		Good: []Example{
			{Data: map[string]string{"mapRoles": exampleDev}, IAM: exampleIAMTrust(`{"AWS":"arn:aws:iam::111122223333:root"}`)},
			{Data: map[string]string{"mapRoles": exampleDev}, IAM: exampleIAMTrust(`{"AWS":"arn:aws:iam::444455556666:root"}`), Params: Params{paramAccounts: {"444455556666"}}},
		},
		Check: func(p *Pass) {
			p.eachInIAM(func(m *mappedInIAM) {
				if m.found == nil || m.principal.Kind != arn.Role {
					return
				}
				known := p.reportTrusted(m)
				if m.found.Untold == "" {
					return
				}
				what := "who may assume this role is not known: of its trust policy, %s"
				if known {
					what = "who else may assume this role is not known: of its trust policy, %s"
				}
				e := m.entry
				p.Report(Finding{Section: e.Section.Key, Entry: e.Index, Span: e.Span(), Inconclusive: true, What: fmt.Sprintf(what, m.found.Untold)})
			})
		},
	}
}

// maxTrusted bounds the accounts that a message names.
const maxTrusted = 3

// reportTrusted reports whom a role trusts beyond its account, and whether there is anybody.
func (p *Pass) reportTrusted(m *mappedInIAM) bool {
	byWho := map[string][]iam.Grant{}
	for _, g := range m.found.Trust {
		name := "the account " + g.Account
		switch {
		case g.Provider != "":
			name = "whoever has a token of " + text.Short(g.Provider, maxQuoted)
		case g.Account == "":
			name = "anybody in AWS"
		case g.Account == m.account.ID || slices.Contains(p.Params[paramAccounts], g.Account):
			continue
		}
		byWho[name] = append(byWho[name], g)
	}
	var who []string
	for name, grants := range byWho {
		who = append(who, name+conditions(grants))
	}
	if len(who) == 0 {
		return false
	}
	slices.Sort(who) // Anybody comes first.
	p.ReportEntry(m.entry, fmt.Sprintf("by its trust policy %s may assume this role, and gets in %s", text.Some(who, maxTrusted), getsIn(m.entry)),
		"name in the trust policy who needs the role, or list the account in the policy under "+paramAccounts+" of the rule")
	return true
}

// conditions are the keys that every way to assume a role asks for; "" where one asks for none.
func conditions(grants []iam.Grant) string {
	var keys []string
	for _, g := range grants {
		if len(g.Conditions) == 0 {
			return ""
		}
		keys = append(keys, g.Conditions...)
	}
	slices.Sort(keys)
	return " (with conditions on " + text.Short(text.List(slices.Compact(keys)), maxQuoted) + ", not judged)"
}
