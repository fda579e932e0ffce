package validate

import (
	"regexp"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func placeholder() *Rule {
	return &Rule{
		Name:  "placeholder",
		Title: "a placeholder that nobody filled in",
		Rationale: "Examples contain <ARN of instance role>, ${ACCOUNT_ID} or XXXXXXXXXXXX for a person or a tool to fill " +
			"in. EKS takes them literally. In an ARN it renders no templates, not even {{AccountID}}.",
		Severity: High,
		Standard: Deny,
		Bad: []Example{
			roles("- rolearn: <ARN of instance role (not instance profile)>\n  username: dev\n"),
			roles("- rolearn: arn:aws:iam::XXXXXXXXXXXX:role/dev\n  username: dev\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - <admin>\n"),
			users("- userarn: arn:aws:iam::${ACCOUNT_ID}:user/bob\n  username: bob\n"),
			accounts("- \"${ACCOUNT_ID}\"\n"),
		},
		Good: []Example{roles("- rolearn: arn:aws:iam::111122223333:role/XXL-shirts\n  username: \"{{AccountID}}:{{SessionName}}\"\n")},
		Check: func(p *Pass) {
			for _, e := range p.Doc.Mappings() {
				if found := p.placeholder(e.ARN, true); found != "" && !p.Suppressed(e, "arn") {
					p.Suppress(e, "arn")
					what, remedy := placeholderWords(found)
					p.ReportField(e, e.ARNField(), what, remedy, nil)
				}
				if found := p.placeholder(e.Username, false); found != "" {
					p.Suppress(e, awsauth.FieldUsername)
					what, remedy := placeholderWords(found)
					p.ReportField(e, awsauth.FieldUsername, what, remedy, nil)
				}
				for i, g := range e.Groups {
					if found := p.placeholder(g, false); found != "" {
						what, remedy := placeholderWords(found)
						reportGroup(p, e, i, what, remedy)
					}
				}
			}
			for _, a := range p.Doc.Accounts.Accounts {
				if found := p.placeholder(a.Value, true); found != "" {
					what, remedy := placeholderWords(found)
					p.Report(Finding{Section: awsauth.MapAccounts, Entry: a.Index, Span: a.Span(), What: what, Remedy: remedy})
				}
			}
		},
	}
}

// placeholder is placeholderIn for a text that no other tool will change.
func (p *Pass) placeholder(s string, isARN bool) string {
	if p.filledLater(s) {
		return ""
	}
	return placeholderIn(s, isARN)
}

func placeholderWords(found string) (what, remedy string) {
	if strings.HasPrefix(found, "{{") {
		return found + " is not rendered here: EKS takes it literally and would never match", "write the account number"
	}
	return quote(found) + " is a placeholder: EKS takes it literally", "write the real value"
}

var (
	anglePlaceholder  = regexp.MustCompile(`<[^<>]*>`)
	dollarPlaceholder = regexp.MustCompile(`\$\{[^{}]*\}?|\$\([^()]*\)`)
	accountXs         = regexp.MustCompile(`(?i)(?:^|:)([0-9]*x{3,}[0-9x]*)(?:$|:)|\bx{12}\b`)
)

// placeholderIn returns the placeholder in a text, or "". Only in ARNs are templates placeholders too.
func placeholderIn(s string, isARN bool) string {
	if strings.Contains(s, "<") {
		if found := anglePlaceholder.FindString(s); found != "" && !strings.HasPrefix(found, "<arn:") {
			return found
		}
	}
	if strings.Contains(s, "$") {
		if found := dollarPlaceholder.FindString(s); found != "" {
			return found
		}
	}
	if strings.Contains(s, "xxx") || strings.Contains(s, "XXX") {
		if found := accountXs.FindString(s); isARN && found != "" || len(found) >= 12 {
			return strings.Trim(found, ":")
		}
	}
	if isARN && strings.Contains(s, "{{") {
		return firstTemplate(s)
	}
	return ""
}
