package validate

import (
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func duplicateField() *Rule {
	return &Rule{
		Name:  "duplicate-field",
		Title: "a field given twice",
		Rationale: "If a field appears twice in an entry, the authenticator silently takes the last one. If the fields " +
			"differ in case (roleARN and rolearn), it takes the last one in byte order. The other value is lost: keep " +
			"one.",
		Severity: High,
		Standard: Deny,
		Compares: true,
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  rolearn: arn:aws:iam::111122223333:role/ops\n  username: dev\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [a]\n  Groups: [b]\n"),
		},
		Good: []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n")},
		Check: func(p *Pass) {
			for _, e := range p.Doc.DoubtfulEntries() {
				checkDuplicates(p, e)
			}
		},
	}
}

func checkDuplicates(p *Pass, e *awsauth.Entry) {
	first := map[string]*awsauth.Field{}
	for _, f := range e.Fields() {
		key := f.Known
		if key == "" {
			key = strings.ToLower(f.Name)
		}
		before := first[key]
		if before == nil {
			first[key] = f
			continue
		}
		// A merge key is there to be overridden; only one that overrides what is above it surprises.
		surprise := !f.Merged || f.Effective && f.Value.Value != before.Value.Value
		if before.Merged || !surprise {
			if before.Merged {
				first[key] = f
			}
			continue
		}
		winner := "the last"
		if before.Effective {
			winner = "the first"
		}
		said := awsauth.Say(f.Name, " appears twice in this entry (", e.Section.Line(before.KeySpan().Start), " and ", e.Section.Line(f.KeySpan().Start),
			"): EKS takes ", winner, " and ignores the other")
		p.Report(Finding{
			Section: e.Section.Key, Entry: e.Index, Field: f.Name, Span: f.KeySpan(), What: said.Text, Lines: said.Lines, Remedy: "keep one",
		})
	}
}
