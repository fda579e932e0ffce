package validate

import (
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
)

func ssoRolePath() *Rule {
	return &Rule{
		Name:  "sso-role-path",
		Title: "an IAM Identity Center role ARN with a path",
		Rationale: "IAM shows the roles of permission sets under aws-reserved/sso.amazonaws.com/ (and a region, except in us-east-1). Their sessions arrive without that path, " +
			"so such an entry never matches. Write role/AWSReservedSSO_NAME_SUFFIX alone. The suffix changes when AWS provisions the permission set again.",
		Literal:  true,
		Severity: High,
		Standard: Fix,
		Losses:   []string{"an IAM Identity Center role with its path"},
		Repairs:  true,
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Dev_0123456789abcdef\n  username: dev\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef\n  username: dev\n"),
		},
		Good: []Example{roles("- rolearn: arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_0123456789abcdef\n  username: dev\n")},
		Check: func(p *Pass) {
			checkPath(p, true, func(*arn.Principal) string {
				return "this is the IAM Identity Center role with its path: callers arrive without it, so EKS would never match it"
			})
		},
	}
}
