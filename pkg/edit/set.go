package edit

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// setUsername edits the username of an entry.
func setUsername(e *awsauth.Entry, username string) ([]validate.Edit, error) {
	flow := isFlow(e)
	f := e.Field(awsauth.FieldUsername)
	switch {
	case f == nil:
		st := styleOf(e.Section)
		st.flow = flow
		return addField(e, st.field(awsauth.FieldUsername, username), &st)
	case f.Aliased || f.Value.Kind != yaml.ScalarNode:
		return nil, ErrStyle
	}
	span, ok := e.Section.NodeSpan(f.Value)
	if !ok || span.End == span.Start { // The key stands alone.
		at := f.KeySpan().End
		if !strings.HasPrefix(e.Section.Text[at:], ":") {
			return nil, ErrStyle
		}
		return []validate.Edit{{Start: at + 1, End: at + 1, New: " " + scalar(username, plain, flow)}}, nil
	}
	return []validate.Edit{{Start: span.Start, End: span.End, New: scalar(username, quoteOf(f.Value), flow)}}, nil
}

func isFlow(e *awsauth.Entry) bool {
	n := e.Node()
	return n != nil && n.Style&yaml.FlowStyle != 0
}

// addField puts a field after the last one of an entry.
func addField(e *awsauth.Entry, field string, st *style) ([]validate.Edit, error) {
	fields := slices.DeleteFunc(slices.Clone(e.Fields()), func(f *awsauth.Field) bool { return f.Merged })
	if len(fields) == 0 || e.Node() == nil || e.Node().Kind != yaml.MappingNode {
		return nil, ErrStyle
	}
	last := fields[len(fields)-1].Span()
	if st.flow {
		if edits := appendLine(e.Section.Text, awsauth.Span{Start: fields[len(fields)-1].KeySpan().Start, End: last.End}, e.Span().End-1, field); edits != nil {
			return edits, nil
		}
		separator := st.comma
		if st.inner != "" {
			separator = "," + st.newline + st.inner
		}
		return []validate.Edit{{Start: last.End, End: last.End, New: separator + field}}, nil
	}
	at := len(strings.TrimRight(e.Section.Text[:lineEnd(e.Section.Text, max(last.Start, last.End-1))], "\r\n"))
	keys := strings.Repeat(" ", column(e.Section.Text, fields[0].KeySpan().Start))
	return []validate.Edit{{Start: at, End: at, New: st.newline + keys + field}}, nil
}

// setGroups edits the groups of an entry: those that go are cut, those that come are put after the last one.
func setGroups(e *awsauth.Entry, want []string) ([]validate.Edit, error) {
	f := e.Field(awsauth.FieldGroups)
	st := styleOf(e.Section)
	st.flow = isFlow(e)
	if f == nil {
		keys := ""
		if fields := e.Fields(); len(fields) > 0 {
			keys = strings.Repeat(" ", column(e.Section.Text, fields[0].KeySpan().Start))
		}
		return addField(e, st.groups(want, keys), &st)
	}
	if f.Aliased || f.Value.Kind != yaml.SequenceNode || f.Value.Anchor != "" {
		return nil, ErrStyle
	}
	var spans []awsauth.Span
	for i := range e.Groups {
		n := e.GroupNode(i)
		if n == nil || len(f.Value.Content) <= i || f.Value.Content[i].Kind == yaml.AliasNode {
			return nil, ErrStyle
		}
		span, ok := e.Section.NodeSpan(n)
		if !ok {
			return nil, ErrStyle
		}
		spans = append(spans, span)
	}
	mark := plain
	if len(e.Groups) > 0 {
		mark = quoteOf(e.GroupNode(0))
	} else if fields := e.Fields(); st.flow && quoteOf(fields[0].Key) == double {
		mark = double // JSON
	}
	kept, added := split(e.Groups, want)
	g := groupEdit{text: e.Section.Text, field: f, spans: spans, kept: kept, added: added, mark: mark, style: &st}
	if f.Value.Style&yaml.FlowStyle != 0 || len(spans) == 0 {
		return g.flow(e.Section)
	}
	return g.block()
}

// split says which of the groups stay, and which come.
func split(has, want []string) (kept []bool, added []string) {
	rest := slices.Clone(want)
	for _, g := range has {
		i := slices.Index(rest, g)
		kept = append(kept, i >= 0)
		if i >= 0 {
			rest = slices.Delete(rest, i, i+1)
		}
	}
	return kept, rest
}

type groupEdit struct {
	text  string
	field *awsauth.Field
	spans []awsauth.Span
	kept  []bool
	added []string
	mark  byte
	style *style
}

// flow writes the items of a list in brackets: those that stay and those that come.
func (g *groupEdit) flow(s *awsauth.Section) ([]validate.Edit, error) {
	list := g.field.Span()
	source := g.text[list.Start:list.End]
	if commented(s, list, g.field.Value) || !strings.HasPrefix(source, "[") {
		return nil, ErrStyle
	}
	separator := g.style.comma
	if len(g.spans) > 1 {
		separator = g.text[g.spans[0].End:g.spans[1].Start]
	} else if inner, broken := lines(source); broken {
		separator = "," + g.style.newline + inner
	}
	var items []string
	for i, span := range g.spans {
		if g.kept[i] {
			items = append(items, g.text[span.Start:span.End])
		}
	}
	for _, group := range g.added {
		items = append(items, scalar(group, g.mark, true))
	}
	if len(g.spans) == 0 || len(items) == 0 {
		return []validate.Edit{{Start: list.Start, End: list.End, New: "[" + strings.Join(items, separator) + "]"}}, nil
	}
	first, last := g.spans[0], g.spans[len(g.spans)-1]
	return []validate.Edit{{Start: first.Start, End: last.End, New: strings.Join(items, separator)}}, nil
}

// block cuts lines and puts lines in.
func (g *groupEdit) block() ([]validate.Edit, error) {
	if !slices.Contains(g.kept, true) && len(g.added) == 0 {
		start, _, ok := blockLines(g.text, g.spans[0])
		_, end, last := blockLines(g.text, g.spans[len(g.spans)-1])
		at := g.field.KeySpan().End
		if !ok || !last || !strings.HasPrefix(g.text[at:], ":") {
			return nil, ErrStyle
		}
		return []validate.Edit{{Start: at + 1, End: at + 1, New: " []"}, cutLines(g.text, start, end)}, nil
	}
	var edits []validate.Edit
	indent, gap := "", " "
	for i, span := range g.spans {
		start, end, ok := blockLines(g.text, span)
		if !ok {
			return nil, ErrStyle
		}
		dash := dashBefore(g.text, span.Start)
		indent, gap = g.text[start:dash], g.text[dash+1:span.Start]
		if !g.kept[i] {
			edits = append(edits, cutLines(g.text, start, end))
		}
	}
	if len(g.added) > 0 {
		_, end, _ := blockLines(g.text, g.spans[len(g.spans)-1])
		at := beforeBreak(g.text, end)
		var b strings.Builder
		for _, group := range g.added {
			b.WriteString(g.style.newline + indent + "-" + gap + scalar(group, g.mark, false))
		}
		edits = append(edits, validate.Edit{Start: at, End: at, New: b.String()})
	}
	return edits, nil
}
