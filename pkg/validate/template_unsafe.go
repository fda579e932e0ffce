package validate

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func templateUnsafe() *Rule {
	return &Rule{
		Name:  "template-unsafe",
		Title: "a username that the caller chooses",
		Rationale: "Whoever may assume the role chooses the session name. With {{SessionName}} alone as username, a session " +
			"can take the name of any other user; with j{{SessionName}}, that of any user that begins with j; with " +
			"{{SessionName}}@corp, that of anybody at corp. Put a prefix with a separator before it: " +
			"dev:{{SessionName}}. {{AccessKeyID}} could be forged in versions before 0.5.9 (CVE-2022-2385) and " +
			"identifies nobody.",
		Severity: Medium,
		Controls: []Control{masquerading()},
		Standard: Warn,
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: \"{{SessionName}}\"\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: j{{SessionNameRaw}}\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: \"{{SessionName}}@corp\"\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev:{{AccessKeyID}}\n"),
		},
		Good: []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev:{{SessionName}}\n")},
		Check: func(p *Pass) {
			for _, e := range p.Doc.Mappings() {
				if p.Suppressed(e, awsauth.FieldUsername) {
					continue
				}
				pr := e.Principal()
				if pr == nil || !isTemplated(e.Username) {
					continue
				}
				name, _ := awsauth.Render(strings.TrimSpace(e.Username), pr)
				switch chosen := name.Chosen(); {
				case strings.Contains(e.Username, awsauth.TemplateAccessKeyID):
					p.ReportField(e, awsauth.FieldUsername, awsauth.TemplateAccessKeyID+" could be forged (CVE-2022-2385) and identifies nobody",
						"use dev:{{SessionName}} or the like", nil)
				case chosen == "" || setsApart(name.Prefix()):
				case name.String() == chosen:
					p.ReportField(e, awsauth.FieldUsername, "whoever assumes this role chooses the whole username with the session name", "put a prefix before "+chosen, nil)
				default:
					p.ReportField(e, awsauth.FieldUsername, "whoever assumes this role can take the name of every user of the form "+quote(name.String()),
						"put a prefix that no other user has, with a colon, before "+chosen, nil)
				}
			}
		},
	}
}

// setsApart reports whether names with this prefix are a set of their own: it ends in what separates words. Any name can begin
// with letters.
func setsApart(prefix string) bool {
	last, _ := utf8.DecodeLastRuneInString(prefix)
	return prefix != "" && !unicode.IsLetter(last) && !unicode.IsDigit(last)
}
