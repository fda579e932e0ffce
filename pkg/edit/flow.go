package edit

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

func appendFlow(s *awsauth.Section, root *yaml.Node, write func(style) string) []validate.Edit {
	span, ok := s.NodeSpan(root)
	if !ok {
		return nil
	}
	st := styleOf(s)
	if len(root.Content) == 0 {
		if strings.Contains(s.Text[span.Start:span.End], "#") { // A comment stays where it is.
			st.flow, st.flowGroups = true, true
			at := lineEnd(s.Text, span.Start)
			return []validate.Edit{{Start: at, End: at, New: indentAt(s.Text, span.End-1) + "  " + write(st) + st.newline}}
		}
		if strings.TrimSpace(s.Text[:span.Start]+s.Text[span.End:]) == "" {
			return []validate.Edit{{Start: span.Start, End: span.End, New: "-" + st.gap + write(st)}}
		}
		st.flow, st.flowGroups = true, true
		return []validate.Edit{{Start: span.Start, End: span.End, New: "[" + write(st) + "]"}}
	}
	st.flow = true
	last, ok := s.NodeSpan(root.Content[len(root.Content)-1])
	if !ok {
		return nil
	}
	if edits := appendLine(s.Text, last, span.End-1, write(st)); edits != nil {
		return edits
	}
	separator := separatorIn(s, span, root)
	return []validate.Edit{{Start: last.End, End: last.End, New: separator + write(st)}}
}

// separatorIn is what stands between two items of a flow list: as between the last two, or as before the only one.
func separatorIn(s *awsauth.Section, list awsauth.Span, root *yaml.Node) string {
	n := len(root.Content)
	last, _ := s.NodeSpan(root.Content[n-1])
	if n > 1 {
		if before, ok := s.NodeSpan(root.Content[n-2]); ok {
			if sep := between(s.Text, before.End, last.Start, ", "); strings.Trim(sep, ", \t\r\n") == "" {
				return sep
			}
		}
	}
	if blanks := between(s.Text, list.Start+1, last.Start, " "); strings.TrimSpace(blanks) == "" && strings.Contains(blanks, "\n") {
		return "," + blanks
	}
	if !strings.Contains(s.Text, ": ") && root.Content[0].Kind == yaml.MappingNode {
		return ","
	}
	return ", "
}

// appendLine puts a text on a line of its own after the last item of a list or a mapping in brackets, where that has a comment after it
// or begins its line. end is the place of the closing bracket. It gives nil where the rest of the line is not free.
func appendLine(text string, last awsauth.Span, end int, item string) []validate.Edit {
	comma, at := afterComma(text, last.End, end)
	rest := restOfLine.FindStringSubmatch(text[at:end])
	line := strings.LastIndexByte(text[:last.Start], '\n') + 1
	first := strings.TrimSpace(text[line:last.Start]) == ""
	past := comma && strings.Contains(text[last.End:at], "#")
	switch {
	case rest == nil && past:
		return []validate.Edit{{Start: at, End: at, New: " " + item + ","}}
	case rest == nil, rest[1] == "" && !first && !past:
		return nil
	}
	indent := strings.Repeat(" ", last.Start-line)
	if first {
		indent = text[line:last.Start]
	}
	stop := at + len(rest[0]) - len(rest[2])
	if comma {
		return []validate.Edit{{Start: stop, End: stop, New: rest[2] + indent + item + ","}}
	}
	return []validate.Edit{{Start: last.End, End: last.End, New: ","}, {Start: stop, End: stop, New: rest[2] + indent + item}}
}

// restOfLine is what may follow an item and its comma on a line: a comment, and the line break.
var restOfLine = regexp.MustCompile(`^[ \t]*(#[^\r\n]*)?[ \t]*(\r?\n)`)

// afterComma looks for the comma after an item, over comments, and gives the offset after it; that of the end of the item where
// there is none.
func afterComma(text string, from, end int) (found bool, at int) {
	for i := from; i < end; i++ {
		switch text[i] {
		case ' ', '\t', '\r', '\n':
		case '#':
			i = min(lineEnd(text, i), end) - 1
		case ',':
			return true, i + 1
		default:
			return false, from
		}
	}
	return false, from
}

// cutFlow cuts items with what stands before the next one; where none follows that stays, with what stands after the one before.
func cutFlow(s *awsauth.Section, root *yaml.Node, at []int) ([]validate.Edit, error) {
	items := root.Content
	span := func(n *yaml.Node) awsauth.Span { p, _ := s.NodeSpan(n); return p }
	first := len(items) // of those that go and that none follows
	for i := len(at) - 1; i >= 0 && at[i] == first-1; i-- {
		first--
	}
	list := span(root)
	if first > 0 || commented(s, list, root) {
		if edits, err := cutFlowLines(s, root, at); err == nil {
			return edits, nil
		}
	}
	var edits []validate.Edit
	unsure := false // whether a comment goes too that perhaps belongs to another one
	cut := func(start, end int, with []*yaml.Node) {
		unsure = unsure || end < start || commented(s, awsauth.Span{Start: start, End: end}, with...)
		edits = append(edits, validate.Edit{Start: start, End: end})
	}
	for _, i := range at {
		if i < first {
			cut(span(items[i]).Start, span(items[i+1]).Start, items[i:i+1])
		}
	}
	switch {
	case first == 0:
		cut(list.Start+1, list.End-1, items)
	case first < len(items):
		cut(span(items[first-1]).End, span(items[len(items)-1]).End, items[first:])
	}
	if unsure {
		return nil, ErrStyle
	}
	return edits, nil
}

// cutFlowLines cuts items that have lines of their own, with the comments on these. It refuses what is written otherwise.
func cutFlowLines(s *awsauth.Section, root *yaml.Node, at []int) ([]validate.Edit, error) {
	list, ok := s.NodeSpan(root)
	if !ok {
		return nil, ErrStyle
	}
	spans := make([]awsauth.Span, len(root.Content))
	for i, n := range root.Content {
		if spans[i], ok = s.NodeSpan(n); !ok {
			return nil, ErrStyle
		}
	}
	goes := map[int]bool{}
	var edits []validate.Edit
	for _, i := range at {
		goes[i] = true
		_, after := afterComma(s.Text, spans[i].End, list.End-1)
		rest := restOfLine.FindString(s.Text[after:list.End])
		start := strings.LastIndexByte(s.Text[:spans[i].Start], '\n') + 1
		if rest == "" || start < lineEnd(s.Text, list.Start) || strings.TrimSpace(s.Text[start:spans[i].Start]) != "" {
			return nil, ErrStyle
		}
		head := lineEnd(s.Text, list.Start)
		start = head + withComments(s.Text[head:], start-head, spans[i].Start-start, named(s, i))
		edits = append(edits, cutLines(s.Text, start, after+len(rest)))
	}
	last, kept := len(spans)-1, len(spans)-1
	for kept >= 0 && goes[kept] {
		kept--
	}
	if comma, _ := afterComma(s.Text, spans[last].End, list.End-1); !comma && kept >= 0 && kept < last {
		_, after := afterComma(s.Text, spans[kept].End, list.End-1)
		edits = append(edits, validate.Edit{Start: after - 1, End: after})
	}
	return edits, nil
}

// commented reports whether a part of the text with these nodes has a # outside of its scalars: a comment, or what may be one.
func commented(s *awsauth.Section, part awsauth.Span, with ...*yaml.Node) bool {
	if part.End < part.Start || !strings.Contains(s.Text[part.Start:part.End], "#") {
		return false
	}
	at, found := part.Start, false
	until := func(end int) {
		found = found || at < end && strings.Contains(s.Text[at:end], "#")
	}
	var walk func(nodes []*yaml.Node)
	walk = func(nodes []*yaml.Node) {
		for _, n := range nodes {
			if span, ok := s.NodeSpan(n); ok && n.Kind == yaml.ScalarNode {
				until(span.Start)
				at = max(at, span.End)
			}
			walk(n.Content)
		}
	}
	walk(with)
	until(part.End)
	return found
}
