package validate

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

func unquotedTemplate() *Rule {
	return &Rule{
		Name:  "unquoted-template",
		Title: "a template without quotes",
		Rationale: "In YAML a value that begins with {{ is a mapping, not text. Because of it the authenticator loses the " +
			"whole list (up to v0.5 only that username). Put the value in quotes: username: \"{{SessionName}}\". A " +
			"template that does not begin the value, as in admin:{{SessionName}}, needs no quotes.",
		Severity: Critical,
		Standard: Fix,
		Losses:   []string{"`username: {{SessionName}}` without quotes"},
		Repairs:  true,
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: {{AccountID}}:{{SessionName}}\n"),
			roles("- {rolearn: 'arn:aws:iam::111122223333:role/dev', username: dev:{{SessionName}}, groups: [devs]}\n"),
		},
		Good: []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: \"{{AccountID}}:{{SessionName}}\"\n")},
		Check: func(p *Pass) {
			for _, s := range p.Doc.Sections() {
				edits := quotesThatFix(s)
				if edits == nil {
					continue
				}
				first := awsauth.Span{Start: edits[0].Start, End: edits[1].End}
				p.ReportSection(s, first, fmt.Sprintf("%s is not in quotes, so %s does not parse and EKS would lose %s", s.Text[first.Start:first.End], s.Key, lostText(s)),
					"put it in quotes",
					&Repair{Applicability: Safe, Summary: fmt.Sprintf("put %s in quotes", text.Count(len(edits)/2, "template")), Edits: edits})
			}
		},
	}
}
