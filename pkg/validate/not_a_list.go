package validate

import (
	"fmt"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlfault"
)

func notAList() *Rule {
	return &Rule{
		Name:  "not-a-list",
		Title: "not a list",
		Rationale: "Each of the three values must be a YAML list. The authenticator discards a mapping (a missing dash, or " +
			"the key repeated inside its own value) and a text in quotes. Begin each entry with a dash.",
		Severity:  Critical,
		Standard:  Deny,
		Companion: true,
		Losses:    []string{"a missing dash: no list"},
		Bad: []Example{
			roles("rolearn: arn:aws:iam::111122223333:role/dev\nusername: dev\n"),
			roles("mapRoles:\n- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"),
			accounts("111122223333\n"),
			roles("\"\"\n- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"),
		},
		Good: []Example{roles("[]\n"), roles("# nobody yet\n")},
		Check: func(p *Pass) {
			for _, s := range p.Doc.Sections() {
				if s.Err != nil || !s.Discarded() {
					continue
				}
				start := len(s.Text) - len(strings.TrimLeft(s.Text, " \t\r\n\ufeff"))
				saw, remedy := "", writeAsList(s)
				if at, found, instead, ok := misplaced(s); ok {
					start, saw, remedy = at, found, instead
				} else if value, ok := yamlfault.EmptyLine(firstLine(s.Text[start:])); ok && len(s.Mentions()) > 0 {
					saw, remedy = value+" is the whole value, so nothing can follow it", "remove this "+value
				}
				what := fmt.Sprintf("%s is %s, not a list: EKS would lose all of it", s.Key, s.Shape)
				if saw != "" {
					what += "; " + saw
				}
				p.ReportSection(s, lineSpan(s.Text, start), what, remedy, nil)
			}
		},
	}
}

// writeAsList says how the value is to be written.
func writeAsList(s *awsauth.Section) string {
	switch {
	case s.Shape == awsauth.Mapping:
		return "begin each entry with a dash"
	case s.Key == awsauth.MapAccounts:
		return "write each account after a dash, in quotes"
	}
	return "write the entries as YAML, each after a dash, without quotes around the whole"
}
