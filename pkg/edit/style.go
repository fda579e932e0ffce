package edit

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// style is how a list and its entries are written.
type style struct {
	newline string
	// indent stands before the dashes, gap between a dash and what follows.
	indent, gap string
	// flow is set where entries are written in braces.
	flow bool
	// keyMark is the mark around keys, colon and comma what follows a key and a value in flow style.
	keyMark      byte
	colon, comma string
	// inner and outer stand before the keys and before the closing brace of a flow entry over several lines; both are
	// empty where an entry has one line.
	inner, outer string
	// order of the fields, and the marks around their values; those of groups are around each.
	order []string
	marks map[string]byte
	// flowGroups is set where groups are written in brackets. Else each has a dash, with groupShift before it.
	flowGroups bool
	groupShift string
	groupGap   string
	// groupInner and groupOuter are for groups over several lines in brackets.
	groupInner, groupOuter string
}

// defaultStyle is for a list without an example: that of the EKS User Guide.
func defaultStyle(text string) style {
	st := style{
		newline: "\n", gap: " ", colon: ": ", comma: ", ", groupGap: " ", marks: map[string]byte{},
		order: []string{awsauth.FieldRoleARN, awsauth.FieldUserARN, awsauth.FieldUsername, awsauth.FieldGroups},
	}
	if strings.Contains(text, "\r\n") {
		st.newline = "\r\n"
	}
	return st
}

// styleOf reads the style off the last entry that is written out.
func styleOf(s *awsauth.Section) style {
	st := defaultStyle(s.Text)
	for _, e := range slices.Backward(s.Entries) {
		if n := e.Node(); n != nil && n.Kind == yaml.MappingNode && n.Alias == nil && len(e.Fields()) > 0 {
			st.dashOf(s.Text, e.Span().Start)
			st.learn(e, n)
			return st
		}
	}
	for _, a := range slices.Backward(s.Accounts) {
		if n := a.Node(); n != nil && n.Kind == yaml.ScalarNode {
			st.dashOf(s.Text, a.Span().Start)
			st.marks[""] = quoteOf(n)
			if n.Style == 0 {
				st.marks[""] = bare
			}
			return st
		}
	}
	st.marks[""] = double
	return st
}

// bare writes an account as it is: EKS reads mapAccounts as texts, whatever they look like.
const bare byte = 1

// dashOf learns where the dashes stand from what follows one.
func (st *style) dashOf(text string, start int) {
	dash := len(strings.TrimRight(text[:start], " \t\r\n")) - 1
	if dash < 0 || text[dash] != '-' {
		return
	}
	line := strings.LastIndexByte(text[:dash], '\n') + 1
	st.indent = strings.Repeat(" ", dash-line)
	if gap := text[dash+1 : start]; !strings.ContainsAny(gap, "\n") {
		st.gap = gap
	}
}

func (st *style) learn(e *awsauth.Entry, n *yaml.Node) {
	text := e.Section.Text
	st.flow = n.Style&yaml.FlowStyle != 0
	var order []string
	for i, f := range e.Fields() {
		if f.Merged || f.Known == "" {
			continue
		}
		if i == 0 {
			st.keyMark = quoteOf(f.Key)
			st.colon = between(text, f.KeySpan().End, f.Span().Start, st.colon)
		}
		if !slices.Contains(order, f.Known) {
			order = append(order, f.Known)
		}
		st.marks[f.Known] = quoteOf(f.Value)
		if f.Known == awsauth.FieldGroups && f.Value.Kind == yaml.SequenceNode && !f.Aliased {
			st.learnGroups(text, e, f)
		}
	}
	for _, known := range st.order {
		if !slices.Contains(order, known) {
			order = append(order, known)
		}
	}
	st.order = order
	if !st.flow {
		st.colon, st.comma = ": ", ", "
		return
	}
	st.flowGroups = true
	if st.keyMark == double { // JSON
		for _, known := range append(st.order, awsauth.FieldGroups) {
			st.marks[known] = double
		}
	}
	span := e.Span()
	if !strings.Contains(st.colon, ":") || strings.ContainsAny(st.colon, "\n#") {
		st.colon = ": "
	}
	if st.colon == ":" {
		st.comma = ","
	}
	if st.inner, _ = lines(text[span.Start:span.End]); st.inner != "" {
		st.outer = indentAt(text, span.End-1)
	}
}

// learnGroups reads the style of groups off those of one entry.
func (st *style) learnGroups(text string, e *awsauth.Entry, f *awsauth.Field) {
	st.flowGroups = f.Value.Style&yaml.FlowStyle != 0
	first := e.GroupNode(0)
	if first == nil {
		return
	}
	st.marks[awsauth.FieldGroups] = quoteOf(first)
	span, ok := e.Section.NodeSpan(first)
	if !ok {
		return
	}
	if st.flowGroups {
		list := f.Span()
		if st.groupInner, _ = lines(text[list.Start:list.End]); st.groupInner != "" {
			st.groupOuter = indentAt(text, list.End-1)
		}
		return
	}
	dash := strings.LastIndexByte(text[:span.Start], '-')
	key := f.KeySpan().Start
	shift := column(text, dash) - column(text, key)
	if dash < 0 || shift < 0 {
		return
	}
	st.groupShift = strings.Repeat(" ", shift)
	if gap := text[dash+1 : span.Start]; strings.Trim(gap, " ") == "" {
		st.groupGap = gap
	}
}

// lines is the line break and the blanks before what comes first in braces or brackets, where that is on a line of its own.
func lines(source string) (inner string, broken bool) {
	rest := source[min(1, len(source)):]
	ink := strings.IndexFunc(rest, func(r rune) bool { return r != ' ' && r != '\t' && r != '\r' && r != '\n' })
	if ink < 0 || !strings.Contains(rest[:ink], "\n") {
		return "", false
	}
	return rest[strings.LastIndexByte(rest[:ink], '\n')+1 : ink], true
}

func between(text string, from, to int, otherwise string) string {
	if from < 0 || to < from || to > len(text) {
		return otherwise
	}
	return text[from:to]
}

// indentAt are the blanks before what stands first on the line of an offset.
func indentAt(text string, at int) string {
	line := text[strings.LastIndexByte(text[:at], '\n')+1 : at]
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

func column(text string, at int) int {
	return at - (strings.LastIndexByte(text[:max(at, 0)], '\n') + 1)
}
