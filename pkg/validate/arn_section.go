package validate

import (
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func arnSection() *Rule {
	return &Rule{
		Name:  "arn-section",
		Title: "a role in mapUsers or a user in mapRoles",
		Rationale: "The authenticator looks for a caller in mapRoles first and then in mapUsers, whatever the kind of the " +
			"ARN. A role in mapUsers works, but any entry of mapRoles with the same ARN wins over it, wherever it is " +
			"in the list. Keep each kind in its own list.",
		Literal:  true,
		Severity: Low,
		Standard: Warn,
		Bad: []Example{
			users("- userarn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"),
			roles("- rolearn: arn:aws:iam::111122223333:user/bob\n  username: bob\n"),
		},
		Good: []Example{users("- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob\n")},
		Check: func(p *Pass) {
			for _, e := range p.Doc.Mappings() {
				pr := e.Principal()
				if pr == nil || p.Suppressed(e, "arn") && pr.Path == "" {
					continue
				}
				switch {
				case e.Section.Key == awsauth.MapUsers && pr.Kind == arn.Role:
					p.ReportField(e, e.ARNField(), "a role in mapUsers works, but an entry of mapRoles for it would win", "move it to mapRoles as "+awsauth.FieldRoleARN, nil)
				case e.Section.Key == awsauth.MapRoles && pr.Kind == arn.User:
					p.ReportField(e, e.ARNField(), "a user in mapRoles works, and wins over its entry in mapUsers", "move it to mapUsers as "+awsauth.FieldUserARN, nil)
				}
			}
		},
	}
}
