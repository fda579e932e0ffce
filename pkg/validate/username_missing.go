package validate

import "github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"

func usernameMissing() *Rule {
	return &Rule{
		Name:  "username-missing",
		Title: "no username",
		Rationale: "Without a username the authenticator lets the caller in as the user \"\", with the groups of the entry. " +
			"Audit logs then name nobody, the node authorizer refuses nodes, and aggregated APIs such as " +
			"metrics-server treat the caller as nobody.",
		Severity: High,
		Standard: Deny,
		Bad:      []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  groups:\n  - devs\n"), roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username:\n")},
		Good:     []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n")},
		Check: func(p *Pass) {
			for _, e := range p.Doc.Mappings() {
				if e.Username == "" && e.ARN != "" && !p.Suppressed(e, awsauth.FieldUsername) {
					p.Suppress(e, awsauth.FieldUsername)
					p.ReportField(e, awsauth.FieldUsername, "this entry has no username: EKS would let the caller in as the user \"\"", "write username: and a name", nil)
				}
			}
		},
	}
}
