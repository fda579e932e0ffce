package validate

import "github.com/aws-auth-guard/aws-auth-guard/pkg/arn"

func iamPath() *Rule {
	return &Rule{
		Name:  "iam-path",
		Title: "IAM has this user under another path",
		Rationale: "A user arrives with the path that IAM has, unlike a role. Names are unique in an account whatever the path, so " +
			"an entry with a path that is wrong, or without the right one, never matches anybody. Write the ARN as IAM shows it.",
		Severity:      High,
		Standard:      Warn,
		Standing:      true,
		Needs:         []Topic{TopicIAM},
		SilentWithout: true,
		Repairs:       true,
		Bad:           []Example{{Data: map[string]string{"mapUsers": exampleBob}, IAM: exampleIAMUser("/team/")}},
		Good:          []Example{{Data: map[string]string{"mapUsers": exampleBob}, IAM: exampleIAMUser("/")}},
		Check: func(p *Pass) {
			p.eachInIAM(func(m *mappedInIAM) {
				if m.principal.Kind != arn.User || m.found == nil || arn.Fold(m.found.String()) == m.entry.FoldedARN() {
					return
				}
				p.Suppress(m.entry, "arn")
				p.reportRenamed(m, m.found.String(), "IAM has this user under another path, so EKS matches nobody")
			})
		},
	}
}
