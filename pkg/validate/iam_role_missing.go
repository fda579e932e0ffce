package validate

import "fmt"

func iamRoleMissing() *Rule {
	return &Rule{
		Name:  "iam-role-missing",
		Title: "IAM has no such role or user",
		Rationale: "EKS compares names alone. An entry whose role or user is not there lets nobody in now. Whoever may create one of " +
			"that name in the account gets in later with the groups of the entry, and no edit of the map shows it. Remove the " +
			"entry, or create the role or user first.",
		Severity:      High,
		Controls:      []Control{leastPrivilege(), cloudAccounts()},
		Standard:      Warn,
		Standing:      true,
		Needs:         []Topic{TopicIAM},
		SilentWithout: true,
		Bad:           []Example{{Data: map[string]string{"mapRoles": exampleDev}, IAM: exampleIAM("ops")}},
		Good:          []Example{{Data: map[string]string{"mapRoles": exampleDev}, IAM: exampleIAM("dev")}},
		Check: func(p *Pass) {
			p.eachInIAM(func(m *mappedInIAM) {
				if m.found != nil || p.Suppressed(m.entry, "arn") {
					return
				}
				p.ReportField(m.entry, m.entry.ARNField(), fmt.Sprintf("IAM has no %s of this name in the account %s, so EKS matches nobody now; whoever may create one there gets in as %s %s",
					m.principal.Kind, m.account.ID, quote(m.entry.Username), getsIn(m.entry)), fmt.Sprintf("remove the entry, or create the %s first", m.principal.Kind), nil)
			})
		},
	}
}
