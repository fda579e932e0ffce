package edit

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// appendItem puts an item after all others.
func appendItem(s *awsauth.Section, write func(style) string) []validate.Edit {
	root := yamlpos.Target(s.Root())
	switch {
	case !s.Present || s.Blank:
		st := styleOf(s)
		return []validate.Edit{{Start: 0, End: len(s.Text), New: "-" + st.gap + write(st) + st.newline}}
	case root != nil && root.Kind == yaml.SequenceNode && root.Style&yaml.FlowStyle != 0:
		return appendFlow(s, root, write)
	}
	st := styleOf(s)
	item := st.indent + "-" + st.gap + write(st)
	if root != nil && root.Kind == yaml.ScalarNode {
		if span, ok := s.NodeSpan(root); ok && span.End > span.Start { // A null that is written out.
			return []validate.Edit{{Start: span.Start, End: span.End, New: item}}
		}
	}
	at := afterItems(s, root)
	if at == 0 {
		return []validate.Edit{{Start: 0, End: 0, New: item + st.newline}}
	}
	// The line before keeps its own line break, and the new item takes it over for the end.
	newline := s.Text[at:lineEnd(s.Text, at)]
	if newline == "" {
		newline = st.newline
	}
	return []validate.Edit{{Start: at, End: at, New: newline + item}}
}

// afterItems is the end of the last line of the last item, before the line break. A comment below that does not belong to the item
// is of the list, and stays below: above the new item, it would go with it. Without items it is the end of all lines.
func afterItems(s *awsauth.Section, root *yaml.Node) int {
	if root != nil && root.Kind == yaml.SequenceNode && len(root.Content) > 0 {
		if item, ok := s.NodeSpan(root.Content[len(root.Content)-1]); ok {
			if _, end, ok := blockLines(s.Text, item); ok {
				return beforeBreak(s.Text, end)
			}
		}
	}
	at := afterLastLine(s.Text)
	if at == 0 {
		return 0
	}
	return beforeBreak(s.Text, lineEnd(s.Text, at))
}

// afterLastLine is the end of the last line that holds anything, markers of the document's end apart.
func afterLastLine(text string) int {
	end := len(text)
	for {
		end = len(strings.TrimRight(text[:end], " \t\r\n"))
		start := strings.LastIndexByte(text[:end], '\n') + 1
		if line := text[start:end]; start == 0 || line != "---" && line != "..." {
			return end
		}
		end = start
	}
}

// cutItems takes items out of their list, by their places in ascending order.
func cutItems(s *awsauth.Section, at []int) ([]validate.Edit, error) {
	root := yamlpos.Target(s.Root())
	if root == nil || root.Kind != yaml.SequenceNode || len(at) == 0 || at[0] < 0 || at[len(at)-1] >= len(root.Content) {
		return nil, ErrStyle
	}
	if root.Style&yaml.FlowStyle != 0 {
		return cutFlow(s, root, at)
	}
	var cuts []awsauth.Span
	indent := 0
	for _, i := range at {
		item, ok := s.NodeSpan(root.Content[i])
		if !ok {
			return nil, ErrStyle
		}
		start, end, ok := blockLines(s.Text, item)
		if !ok {
			return nil, ErrStyle
		}
		indent = column(s.Text, dashBefore(s.Text, item.Start))
		cuts = append(cuts, awsauth.Span{Start: withComments(s.Text, start, indent, named(s, i)), End: end})
	}
	var edits []validate.Edit
	if len(at) == len(root.Content) { // An empty list comes in the place of the last item.
		last := cuts[len(cuts)-1]
		cuts = cuts[:len(cuts)-1]
		edits = append(edits, validate.Edit{Start: last.Start, End: beforeBreak(s.Text, last.End), New: strings.Repeat(" ", indent) + "[]"})
	}
	for i := 0; i < len(cuts); i++ {
		cut := cuts[i]
		for ; i+1 < len(cuts) && cuts[i+1].Start == cut.End; i++ {
			cut.End = cuts[i+1].End
		}
		edits = append(edits, cutLines(s.Text, cut.Start, cut.End))
	}
	return edits, nil
}

// cutLines cuts whole lines: their content and the line break before them, so that the edit leaves the lines around them and
// what indents these in a file alone. Of the first lines it cuts the line break after them.
func cutLines(text string, start, end int) validate.Edit {
	if start == 0 {
		return validate.Edit{Start: start, End: end}
	}
	return validate.Edit{Start: beforeBreak(text, start), End: beforeBreak(text, end)}
}

// beforeBreak is the offset before the line break that ends at an offset, if there is one.
func beforeBreak(text string, at int) int {
	return len(strings.TrimSuffix(strings.TrimSuffix(text[:at], "\n"), "\r"))
}

func dashBefore(text string, start int) int {
	return len(strings.TrimRight(text[:start], " \t\r\n")) - 1
}

// blockLines are the lines of an item of a block list: from that of its dash to the last one that belongs to it, comments
// that are indented more than the dash included.
func blockLines(text string, item awsauth.Span) (start, end int, ok bool) {
	dash := dashBefore(text, item.Start)
	if dash < 0 || text[dash] != '-' {
		return 0, 0, false
	}
	start = strings.LastIndexByte(text[:dash], '\n') + 1
	if strings.TrimSpace(strings.TrimPrefix(text[start:dash], "\ufeff")) != "" {
		return 0, 0, false
	}
	indent := dash - start
	end = lineEnd(text, max(item.Start, len(strings.TrimRight(text[:item.End], " \t\r\n"))))
	for next := end; next < len(text); {
		stop := lineEnd(text, next)
		line := strings.TrimRight(text[next:stop], " \t\r\n")
		ink := strings.TrimLeft(line, " ")
		switch {
		case ink == "":
		case strings.HasPrefix(ink, "#") && len(line)-len(ink) > indent:
			end = stop
		default:
			return start, end, true
		}
		next = stop
	}
	return start, end, true
}

// lineEnd is the offset after the line break of the line of an offset.
func lineEnd(text string, at int) int {
	if n := strings.IndexByte(text[at:], '\n'); n >= 0 {
		return at + n + 1
	}
	return len(text)
}

// named are the words by which a comment names an item: its ARN or the name in it.
func named(s *awsauth.Section, at int) []string {
	if at < len(s.Accounts) {
		return []string{s.Accounts[at].Value}
	}
	e := s.Entries[at]
	names := []string{e.ARN}
	if p := e.Principal(); p != nil && len(p.Name) >= minName {
		names = append(names, p.Name)
	}
	return names
}

// minName is how long a name must be to be known as one in a comment.
const minName = 3

// withComments moves the start of an item up over the comments that belong to it: those directly above, with the dash's
// indentation and a blank line or another item above them. At the head of the list a comment may speak of the whole list, so
// there it has to name the item. An entry that is commented out belongs to nobody.
func withComments(text string, start, indent int, names []string) int {
	top := start
	var comments []string
	for top > 0 {
		line := strings.LastIndexByte(text[:top-1], '\n') + 1
		content := strings.TrimRight(text[line:top], " \t\r\n")
		ink := strings.TrimLeft(content, " ")
		if !strings.HasPrefix(ink, "#") || len(content)-len(ink) != indent || isEntry(ink) || isHeading(ink) {
			break
		}
		comments = append(comments, ink)
		top = line
	}
	if len(comments) == 0 {
		return start
	}
	if strings.TrimSpace(strings.TrimPrefix(text[:top], "\ufeff")) == "" && !mentions(comments, names) {
		return start
	}
	return top
}

func mentions(comments, names []string) bool {
	for _, c := range comments {
		for _, n := range names {
			if n != "" && hasWord(strings.ToLower(c), strings.ToLower(n)) {
				return true
			}
		}
	}
	return false
}

// hasWord reports whether a text has a word, with nothing beside it that a name could go on with.
func hasWord(text, word string) bool {
	partOfName := func(c byte) bool {
		return c == '-' || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= utf8.RuneSelf
	}
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(word)
		if (start == 0 || !partOfName(text[start-1])) && (end == len(text) || !partOfName(text[end])) {
			return true
		}
		from = start + 1
	}
}

// isHeading reports whether a comment divides the list: # ---- team A ----.
func isHeading(comment string) bool {
	ink := strings.TrimLeft(comment, "# ")
	return strings.HasPrefix(comment, "##") || strings.HasPrefix(ink, "--") || strings.HasPrefix(ink, "==") || strings.HasPrefix(ink, "**")
}

// isEntry reports whether a comment is a part of an entry that is commented out.
func isEntry(comment string) bool {
	ink := strings.TrimLeft(comment, "# ")
	if strings.HasPrefix(ink, "- ") {
		return true
	}
	for _, f := range []string{awsauth.FieldRoleARN, awsauth.FieldUserARN, awsauth.FieldUsername, awsauth.FieldGroups} {
		if strings.HasPrefix(strings.ToLower(ink), f+":") {
			return true
		}
	}
	return false
}
