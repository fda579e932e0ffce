package validate

import "github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"

func ssoField() *Rule {
	return &Rule{
		Name:  "sso-field",
		Title: "sso: instead of rolearn",
		Rationale: "The authenticator's sso: block works only with its feature gate SSORoleMatch, which is off by default " +
			"and which EKS does not document: such an entry matches nobody. Map the permission set's role by its ARN, " +
			"without the path.",
		Severity: High,
		Standard: Deny,
		Bad: []Example{
			roles("- sso:\n    permissionSetName: Admin\n    accountID: \"111122223333\"\n  username: admin\n"),
		},
		Good: []Example{roles("- rolearn: arn:aws:iam::111122223333:role/AWSReservedSSO_Admin_0123456789abcdef\n  username: admin\n")},
		Check: func(p *Pass) {
			for _, e := range p.Doc.Roles.Entries {
				if e.SSO == nil && (e.Valid || p.Suppressed(e, "arn")) {
					continue
				}
				f := e.Field(awsauth.FieldSSO)
				if f == nil {
					continue
				}
				p.Suppress(e, "arn")
				what, remedy := "sso: matches nobody on EKS", "write rolearn: with the ARN of the permission set's role (AWSReservedSSO_…), without its path"
				if e.ARN != "" {
					what, remedy = "an entry with both rolearn and sso is dropped", "remove sso:"
				}
				p.ReportField(e, awsauth.FieldSSO, what, remedy, nil)
			}
		},
	}
}
