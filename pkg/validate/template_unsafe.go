package validate

import (
	"fmt"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func templateUnsafe() *Rule {
	return &Rule{
		Name:  "template-unsafe",
		Title: "a username that the caller chooses",
		Rationale: "Whoever may assume the role chooses the session name. With {{SessionName}} alone as username a session can take the name of any other user, so put a prefix before it: " +
			"dev:{{SessionName}}. {{AccessKeyID}} could be forged in versions before 0.5.9 (CVE-2022-2385) and names nobody.",
		Severity: Medium,
		Standard: Warn,
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: \"{{SessionName}}\"\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev:{{AccessKeyID}}\n"),
		},
		Good: []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev:{{SessionName}}\n")},
		Check: func(p *Pass) {
			for _, e := range p.Doc.Mappings() {
				if p.Claimed(e, awsauth.FieldUsername) {
					continue
				}
				switch name := strings.TrimSpace(e.Username); {
				case strings.Contains(name, awsauth.TemplateAccessKeyID):
					p.ReportField(e, awsauth.FieldUsername, awsauth.TemplateAccessKeyID+" could be forged (CVE-2022-2385) and names nobody; use dev:{{SessionName}} or the like", nil)
				case name == awsauth.TemplateSessionName || name == awsauth.TemplateSessionNameRaw:
					p.ReportField(e, awsauth.FieldUsername, fmt.Sprintf("whoever assumes this role chooses the whole username by the session name; put a prefix before %s", name), nil)
				}
			}
		},
	}
}
