package validate

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func wrongType() *Rule {
	return &Rule{
		Name:  "wrong-type",
		Title: "a value of the wrong type",
		Rationale: "The ARN, the username and each group must be text, and groups must be a list. The authenticator reads " +
			"YAML 1.1, where 123, yes, on and 1e3 are not text: such a username becomes empty, and such a group " +
			"becomes the group \"\". If groups is not a list, the caller has no groups. The caller gets in all the " +
			"same. Put numbers and such words in quotes, and each group after its own dash.",
		Severity: High,
		Standard: Deny,
		Repairs:  true,
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: 123\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: yes\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: system:masters\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - system: masters\n"),
		},
		Good: []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: \"123\"\n  groups:\n  - \"yes\"\n")},
		Check: func(p *Pass) {
			for _, e := range p.Doc.DoubtfulEntries() {
				checkText(p, e, e.ARNField(), e.ARN, "EKS would drop this entry")
				checkText(p, e, awsauth.FieldUsername, e.Username, "the caller would get the empty username")
				checkGroups(p, e)
			}
		},
	}
}

// checkText looks at a field that must be text.
func checkText(p *Pass, e *awsauth.Entry, field, read, consequence string) {
	if read != "" {
		return
	}
	f := e.Field(field)
	if f == nil || f.Shape() == awsauth.String || f.Shape() == awsauth.Null {
		return
	}
	p.Suppress(e, suppressName(field))
	change := Reading{Entry: e.Index, Field: ReadUsername}
	if field != awsauth.FieldUsername {
		change.Field = ReadARN
	}
	p.ReportField(e, field, fmt.Sprintf("%s is %s, not text: %s", field, f.Shape(), consequence), writeText(f.Value), quoteScalar(e, f.Value, change))
}

func writeText(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		return "put " + quote(n.Value) + " in quotes"
	}
	return "write one text"
}

// quoteScalar suggests quotes around a plain scalar.
func quoteScalar(e *awsauth.Entry, n *yaml.Node, want Reading) *Repair {
	s, ok := e.Section.Scalar(n)
	if !ok || n.Style != 0 || s.End == s.Start {
		return nil
	}
	want.Value = n.Value
	return &Repair{
		Applicability: Suggested, Summary: "put " + n.Value + " in quotes",
		Edits: []Edit{{Start: s.Start, End: s.Start, New: `"`}, {Start: s.End, End: s.End, New: `"`}}, Want: []Reading{want},
	}
}

func checkGroups(p *Pass, e *awsauth.Entry) {
	f := e.Field(awsauth.FieldGroups)
	if f == nil || f.Shape() == awsauth.Null {
		return
	}
	if f.Shape() != awsauth.List {
		p.Suppress(e, awsauth.FieldGroups)
		p.ReportField(e, awsauth.FieldGroups, fmt.Sprintf("groups is %s, not a list: the caller would get no groups at all", f.Shape()),
			"write each group after a dash of its own", listOfOne(e, f))
		return
	}
	for i, n := range f.Value.Content {
		if i >= len(e.Groups) || e.Groups[i] != "" {
			continue
		}
		if shape := awsauth.ShapeOf(n); shape != awsauth.String {
			p.Suppress(e, awsauth.FieldGroups)
			span, _ := e.Section.NodeSpan(n)
			p.Report(Finding{
				Section: e.Section.Key, Entry: e.Index, Field: fmt.Sprintf("groups[%d]", i), Span: span,
				What:   fmt.Sprintf("this group is %s, not text: it would become the group \"\"", shape),
				Remedy: writeGroup(n),
			})
		}
	}
}

func writeGroup(n *yaml.Node) string {
	if n.Kind == yaml.MappingNode && len(n.Content) > 2 {
		return "indent a separate entry less, its dash under the other dashes"
	}
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[1].Kind == yaml.ScalarNode && n.Content[1].Value != "" {
		return fmt.Sprintf("write %s:%s without a blank", n.Content[0].Value, n.Content[1].Value)
	}
	if n.Kind == yaml.ScalarNode && n.Value != "" {
		return writeText(n)
	}
	return "remove it or write a name"
}

// listOfOne suggests brackets around a single group.
func listOfOne(e *awsauth.Entry, f *awsauth.Field) *Repair {
	s, ok := e.Section.Scalar(f.Value)
	if !ok || f.Aliased || s.End == s.Start || strings.ContainsAny(f.Value.Value, " \t,;[]{}") ||
		f.Value.Style&^(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 || strings.Contains(e.Section.Text[s.Start:s.End], "\n") {
		return nil
	}
	open, end := "[", "]"
	if f.Value.Style == 0 && f.Shape() != awsauth.String {
		open, end = `["`, `"]`
	}
	return &Repair{
		Applicability: Suggested, Summary: "made groups a list",
		Edits: []Edit{{Start: s.Start, End: s.Start, New: open}, {Start: s.End, End: s.End, New: end}},
		Want:  []Reading{{Entry: e.Index, Field: ReadGroups, Groups: []string{f.Value.Value}}},
	}
}
