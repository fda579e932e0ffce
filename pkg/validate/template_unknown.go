package validate

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func templateUnknown() *Rule {
	return &Rule{
		Name:  "template-unknown",
		Title: "a template that EKS does not render",
		Rationale: "The authenticator renders {{EC2PrivateDNSName}}, {{AccountID}}, {{SessionName}}, {{SessionNameRaw}} and " +
			"{{AccessKeyID}}, spelled exactly like this. Anything else stays as literal text: with " +
			"admin:{{sessionname}} all people are one user, with {{EC2PrivateDnsName}} no node gets in.",
		Severity: High,
		Standard: Deny,
		Repairs:  true,
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev:{{sessionName}}\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: \"dev:{{ SessionName }}\"\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - team-{{Team}}\n"),
		},
		Good: []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev:{{AccountID}}:{{SessionName}}\n")},
		Check: func(p *Pass) {
			for _, e := range p.Doc.Mappings() {
				if found := misspeltTemplate(e.Username); found != "" && !p.Suppressed(e, awsauth.FieldUsername) {
					p.Suppress(e, awsauth.FieldUsername)
					f := e.Field(awsauth.FieldUsername)
					what, remedy := unrendered(found)
					p.ReportField(e, awsauth.FieldUsername, what, remedy, correctTemplate(e, f, found))
				}
				for i, g := range e.Groups {
					if found := misspeltTemplate(g); found != "" {
						what, remedy := unrendered(found)
						reportGroup(p, e, i, what, remedy)
					}
				}
			}
		},
	}
}

func unrendered(found string) (what, remedy string) {
	return quote(found) + " is not a template that EKS renders: it stays as literal text", "write " + cmp.Or(meantTemplate(found), "what it stands for")
}

// singleBraced is the name of a template in single or unpaired braces.
var singleBraced = regexp.MustCompile(`(?i)\{{1,2}[ \t]*(EC2PrivateDNSName|AccountID|SessionName|SessionNameRaw|AccessKeyID)[ \t]*\}{1,2}`)

// misspeltTemplate returns the first text that looks like a template and is none, or "".
func misspeltTemplate(s string) string {
	braces := strings.Count(s, "{")
	if braces == 0 {
		return ""
	}
	for _, t := range awsauth.Templates() {
		braces -= 2 * strings.Count(s, t)
	}
	if braces == 0 {
		return "" // Each belongs to a template.
	}
	for _, t := range awsauth.Templates() {
		s = strings.ReplaceAll(s, t, "")
	}
	if found := firstTemplate(s); found != "" {
		return found
	}
	return singleBraced.FindString(s)
}

// meantTemplate is the template that a text was meant to be, or "".
func meantTemplate(found string) string {
	name := strings.Trim(found, "{} \t")
	for _, t := range awsauth.Templates() {
		if strings.EqualFold(strings.Trim(t, "{}"), strings.NewReplacer("_", "", "-", "", " ", "").Replace(name)) {
			return t
		}
	}
	return ""
}

// correctTemplate suggests the right spelling in a username.
func correctTemplate(e *awsauth.Entry, f *awsauth.Field, found string) *Repair {
	meant := meantTemplate(found)
	at := strings.Index(e.Username, found)
	if meant == "" || f == nil || strings.Count(e.Username, found) != 1 || f.Value.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return nil
	}
	span, why := sourceRange(e, awsauth.FieldUsername, e.Username, at, at+len(found))
	if why != "" {
		return nil
	}
	return &Repair{
		Applicability: Suggested, Summary: fmt.Sprintf("wrote %s as %s", found, meant),
		Edits: []Edit{{Start: span.Start, End: span.End, New: meant}},
		Want:  []Reading{{Entry: e.Index, Field: ReadUsername, Value: e.Username[:at] + meant + e.Username[at+len(found):]}},
	}
}
