package validate

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
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
					what = text.Count(lost, "mapping") + " from here on"
				}
				span, saw, remedy := afterDocument(s, at)
				where := "above this line"
				if span.Start < at {
					where, what = "before its end", strings.Replace(what, "from here on", "after that", 1)
				}
				what = fmt.Sprintf("EKS stops reading %s %s and would ignore %s", s.Key, where, what)
				if saw != "" {
					what += "; " + saw
				}
				p.ReportSection(s, span, what, remedy, nil)
			}
		},
	}
}

// afterDocument says what follows the first document where that can be told, what to do about it, and where.
func afterDocument(s *awsauth.Section, at int) (span awsauth.Span, saw, remedy string) {
	if at, saw, remedy, ok := misplaced(s); ok {
		return lineSpan(s.Text, at), saw, remedy
	}
	line := firstLine(s.Text[at:])
	before := strings.TrimRight(withoutComments(s.Text[:at]), " \t\r\n")
	if m := marker.FindString(line); m != "" {
		return lineSpan(s.Text, at), "", "remove the " + m + " here, so that all is one list"
	}
	if strings.HasSuffix(before, "]") && strings.HasPrefix(line, "[") {
		return lineSpan(s.Text, at), "", "write one list: put a comma in the place of the ] and the [ between the two"
	}
	if fault, ok := s.Fault(); ok {
		if saw, remedy := fault.Words(); remedy != "" {
			return fault.Span, saw, remedy
		}
	}
	return lineSpan(s.Text, at), "", "indent all items alike, or remove what stands here"
}

// marker ends a document.
var marker = regexp.MustCompile(`^(?:---|\.\.\.)`)
