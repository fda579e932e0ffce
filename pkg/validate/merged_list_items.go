package validate

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func mergedListItems() *Rule {
	return &Rule{
		Name:  "merged-list-items",
		Title: "two groups merged into one",
		Rationale: "An item that is indented one space too far continues the item above it: YAML reads one text, " +
			"\"system:bootstrappers - system:nodes\". The authenticator silently takes it as one group of that name; a " +
			"node role then admits no nodes. Align the dashes.",
		Severity: Critical,
		Standard: Deny,
		Losses:   []string{"groups merged by one space too many"},
		Repairs:  true,
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n   - system:nodes\n"),
		},
		Good: []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - \"dev - c\"\n")},
		Check: func(p *Pass) {
			left := maxSplit
			for _, e := range p.Doc.Mappings() {
				for i, g := range e.Groups {
					if strings.Contains(g, " ") && checkMerged(p, e, i, left >= len(e.Groups)) {
						left -= len(e.Groups)
					}
				}
			}
		},
	}
}

// builtInBehindDash tells two groups on one line from a group whose name holds a dash.
var builtInBehindDash = regexp.MustCompile(`\s-\s+(?:system|eks):`)

// maxSplit bounds the groups that all suggestions together repeat: each says how the whole list is to read.
const maxSplit = 100_000

// checkMerged looks at one group, and reports whether it made a suggestion, which it does only if it may.
func checkMerged(p *Pass, e *awsauth.Entry, i int, may bool) bool {
	n := e.GroupNode(i)
	if n == nil || n.Kind != yaml.ScalarNode || n.Style != 0 {
		return false
	}
	span, ok := e.Section.NodeSpan(n)
	if !ok {
		return false
	}
	source := e.Section.Text[span.Start:span.End]
	if !strings.ContainsAny(source, "\n\r") && !builtInBehindDash.MatchString(source) {
		return false
	}
	p.Suppress(e, awsauth.FieldGroups)
	p.Suppress(e, fmt.Sprintf("groups[%d]", i))
	var fix *Repair
	if may {
		fix = splitItems(e, i, span)
	}
	p.Report(Finding{
		Section: e.Section.Key, Entry: e.Index, Field: fmt.Sprintf("groups[%d]", i), Span: span,
		What:   "EKS reads this as one group " + quote(e.Groups[i]),
		Remedy: "write each group after its own dash, all in one column",
		Fix:    fix,
	})
	return fix != nil
}

// continuation is a line that was meant as an item of its own.
var continuation = regexp.MustCompile(`(?:\r\n|\n|\r)([ \t]*)- +[^\s]`)

// splitItems suggests to move the dashes of the lines below under the first one.
func splitItems(e *awsauth.Entry, i int, span awsauth.Span) *Repair {
	text := e.Section.Text
	begin := strings.LastIndexAny(text[:span.Start], "\n\r") + 1
	indent, dash, ok := strings.Cut(text[begin:span.Start], "-")
	if !ok || strings.TrimSpace(indent) != "" || strings.TrimSpace(dash) != "" {
		return nil
	}
	r := &Repair{Applicability: Suggested, Summary: "moved the dashes into one column"}
	source := text[span.Start:span.End]
	for _, m := range continuation.FindAllStringSubmatchIndex(source, -1) {
		r.Edits = append(r.Edits, Edit{Start: span.Start + m[2], End: span.Start + m[3], New: indent})
	}
	lines := strings.FieldsFunc(source, func(c rune) bool { return c == '\n' || c == '\r' })
	if len(r.Edits) == 0 || len(lines) != len(r.Edits)+1 {
		return nil
	}
	want := Reading{Entry: e.Index, Field: ReadGroups}
	want.Groups = append(want.Groups, e.Groups[:i]...)
	for k, l := range lines {
		l = strings.TrimSpace(l)
		if k > 0 {
			l = strings.TrimSpace(strings.TrimPrefix(l, "-"))
		}
		want.Groups = append(want.Groups, l)
	}
	want.Groups = append(want.Groups, e.Groups[i+1:]...)
	r.Want = []Reading{want}
	return r
}
