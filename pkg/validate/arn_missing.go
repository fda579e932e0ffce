package validate

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func arnMissing() *Rule {
	return &Rule{
		Name:  "arn-missing",
		Title: "an entry without its ARN",
		Rationale: "An entry in mapRoles needs rolearn, an entry in mapUsers needs userarn. Without it, or with the field of " +
			"the other section, the authenticator drops the entry.",
		Severity: High,
		Standard: Deny,
		Bad: []Example{
			roles("- username: dev\n  groups:\n  - devs\n"),
			roles("- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob\n"),
			users("- userarn: \"\"\n  username: bob\n"),
		},
		Good: []Example{users("- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob\n")},
		Check: func(p *Pass) {
			for _, e := range p.Doc.DoubtfulEntries() {
				if e.Valid || e.ARN != "" || p.Suppressed(e, "arn") {
					continue
				}
				f := e.Field(e.ARNField())
				if e.Field(awsauth.FieldSSO) != nil || f != nil && f.Shape() != awsauth.String && f.Shape() != awsauth.Null {
					continue
				}
				if other := e.Field(otherARNField(e)); other != nil {
					p.ReportField(e, otherARNField(e), fmt.Sprintf("%s is not read in %s, so EKS would drop this entry", other.Name, e.Section.Key),
						fmt.Sprintf("write %s, or move the entry to the other list", e.ARNField()), nil)
					continue
				}
				p.ReportField(e, e.ARNField(), fmt.Sprintf("this entry has no %s: EKS would drop it", e.ARNField()), "write "+e.ARNField()+": and the ARN", nil)
			}
		},
	}
}
