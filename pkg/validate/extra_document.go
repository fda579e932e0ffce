package validate

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func extraDocument() *Rule {
	return &Rule{
		Name:  "extra-document",
		Title: "content after the first YAML document",
		Rationale: "The authenticator reads only the first YAML document of the value. A line with --- or ..., a second JSON " +
			"list, or an item that is indented less than the first one ends that document. EKS silently ignores " +
			"everything after it, even if it does not parse. Indent all items alike and remove the markers.",
		Severity: Critical,
		Standard: Deny,
		Losses:   []string{"entries after a `---` or an out-dented item"},
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n---\n- rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n--- - rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n"),
			roles("  - rolearn: arn:aws:iam::111122223333:role/dev\n    username: dev\n- rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n"),
		},
		Good: []Example{roles("---\n- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n---\n")},
		Check: func(p *Pass) {
			for _, s := range p.Doc.Sections() {
				at, ok := s.Trailing()
				if !ok {
					continue
				}
				lost := 0
				for _, m := range s.Mentions() {
					if m.Span.Start >= at {
						lost++
					}
				}
				what := "what follows"
				if lost > 0 {
					what = plural(lost, "mapping") + " from here on"
				}
				p.ReportSection(s, awsauth.Span{Start: at, End: at + len(withoutComment(firstLine(s.Text[at:])))},
					fmt.Sprintf("EKS stops reading %s above this line and would ignore %s; indent all items alike and remove --- and ...", s.Key, what), nil)
			}
		},
	}
}
