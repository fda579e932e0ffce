package manifest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// maxMap is the size in bytes that the API server lets a ConfigMap have.
const maxMap = 1 << 20

// nativeMap is the text of the map that a tool writes of lists in its own file. The text is JSON, and what stands in the
// file byte by byte can be edited there.
type nativeMap struct {
	r       *reader
	d       *Document
	refusal string
	lists   map[awsauth.Key]*fragments
	// noted is set once a note says that ARNs have another name.
	noted bool
	// full is set once an entry did not fit.
	full bool
}

// nativeMap begins such a map in a document. refusal says why the rest of it is not edited.
func (r *reader) nativeMap(n *yaml.Node, refusal string) *nativeMap {
	if r.origin.refusal() != "" {
		refusal = r.origin.refusal()
	}
	return &nativeMap{r: r, d: r.document(n), refusal: refusal, lists: map[awsauth.Key]*fragments{}}
}

// begin is the text of a list, whose place is that of a key.
func (m *nativeMap) begin(key awsauth.Key, at Span) *fragments {
	if m.lists[key] == nil {
		m.lists[key] = &fragments{refusal: m.refusal, editable: m.r.origin.refusal() == ""}
		m.d.keys[string(key)] = at
	}
	return m.lists[key]
}

// item begins another item of a list and gives its text to write on; nil where no more fits.
func (m *nativeMap) item(key awsauth.Key, keyAt, at Span) *fragments {
	f := m.begin(key, keyAt)
	switch {
	case m.full:
		return nil
	case f.text.Len() > maxMap:
		m.full = true
		m.r.shapeProblem(at, key, "with this entry the map would be larger than 1 MiB, which no ConfigMap may be, so what follows was not checked",
			"remove entries, or move some to EKS access entries")
		return nil
	case f.text.Len() == 0:
		f.add("[", keyAt, nil)
	default:
		f.add(",\n", at, nil)
	}
	return f
}

// exactly reports fields in another case than their tool has, and those of aws-auth where the tool has its own name: it drops
// them, or refuses the file. The item that it gives has the right names, so that nothing else is said of them.
func (m *nativeMap) exactly(item *yaml.Node, names ...string) *yaml.Node {
	right := map[*yaml.Node]string{}
	for _, given := range m.r.fields(item) {
		for _, name := range names {
			if given.name != name && sameField(given.name, name) {
				m.r.shapeProblem(m.r.span(given.key), "", fmt.Sprintf("%s is not a field here, so it is refused or dropped", given.name), "write "+name)
				right[given.key] = name
			}
		}
	}
	if len(right) == 0 {
		return item
	}
	out := &yaml.Node{Kind: item.Kind, Tag: item.Tag, Content: slices.Clone(item.Content)}
	m.r.spans[out] = m.r.span(item)
	for i := 0; i < len(out.Content); i += 2 {
		if name := right[out.Content[i]]; name != "" {
			key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}
			m.r.spans[key] = m.r.span(out.Content[i])
			out.Content[i] = key
		}
	}
	return out
}

// sameField reports whether a field is meant by a name: in another case, with underscores, or an ARN under the name of aws-auth.
func sameField(given, name string) bool {
	given, name = strings.ToLower(strings.ReplaceAll(given, "_", "")), strings.ToLower(name)
	return given == name || name == "arn" && (given == "rolearn" || given == "userarn") || given == "arn" && (name == "rolearn" || name == "userarn")
}

// entry adds an entry with the fields that names give; "" leaves a field out, and one that names does not know stays as it is.
func (m *nativeMap) entry(key awsauth.Key, keyAt Span, item *yaml.Node, names map[string]string) {
	at := m.r.span(item)
	f := m.item(key, keyAt, at)
	switch {
	case f == nil:
		return
	case item.Kind != yaml.MappingNode:
		m.r.leaf(f, item)
		return
	}
	f.add("{", at, nil)
	separator := ""
	for _, given := range m.r.fields(item) {
		name, known := names[given.name]
		if !known {
			name = given.name
		}
		if name == "" {
			continue
		}
		f.add(fmt.Sprintf("%s%s:", separator, quoted(name)), m.r.span(given.key), nil)
		m.r.add(f, given.value)
		separator = ","
	}
	f.add("}", at, nil)
}

// listOf gives the items of a list that a tool takes. Anything but a list is a note where another tool fills it in, else a
// finding.
func (r *reader) listOf(f fields, name string) []*yaml.Node {
	n := f.get(name)
	switch {
	case n == nil || n.Kind != yaml.ScalarNode || isEmpty(n):
	case token.MatchString(n.Value) && r.origin == written:
		r.cover(n)
		r.file.note(r.span(n), Part, "%s is filled in by another tool (%s), so not checked; render it and check again", name, n.Value)
	default:
		r.shapeProblem(r.span(n), "", fmt.Sprintf("%s is not a list, so it is refused or dropped", name), "write each entry after a dash")
	}
	return items(n)
}

// native reads the lists that stand under the keys of aws-auth in a mapping of an object, in the field names of aws-auth.
func (r *reader) native(o object, in *yaml.Node, refusal string) {
	fields := r.fields(in)
	if !fields.hasMapKey() || r.isTemplate(r.whole(o.node)) {
		return
	}
	if !slices.ContainsFunc(fields, func(f field) bool { return isMapKey(f.name) && f.value.Kind == yaml.SequenceNode }) {
		for _, f := range fields {
			if isMapKey(f.name) {
				r.listOf(fields, f.name)
			}
		}
		r.cover(o.node)
		return
	}
	m := r.nativeMap(o.node, refusal)
	in = m.exactly(in, string(awsauth.MapRoles), string(awsauth.MapUsers), string(awsauth.MapAccounts))
	for _, f := range r.fields(in) {
		key := section(f.name)
		if key == "" {
			continue
		}
		if f.value.Kind != yaml.SequenceNode {
			r.listOf(fields, f.name)
			continue
		}
		arnField := awsauth.FieldRoleARN
		if key == awsauth.MapUsers {
			arnField = awsauth.FieldUserARN
		}
		m.begin(key, r.span(f.key))
		for _, item := range f.value.Content {
			m.entry(key, r.span(f.key), m.exactly(item, arnField, awsauth.FieldUsername, awsauth.FieldGroups), nil)
		}
	}
	m.end()
}

// list adds a list that stands under a key of aws-auth.
func (m *nativeMap) list(f field) {
	key, at := cmp.Or(section(f.name), mapArguments()[f.name]), m.r.span(f.key)
	m.begin(key, at)
	for _, item := range f.value.Content {
		m.renamed(key, at, item)
	}
}

// renamed adds an entry of a tool that writes the map in a way of its own. An ARN under arn is taken for that of the entry, and
// noted: what the tool writes, nobody knows here.
func (m *nativeMap) renamed(key awsauth.Key, keyAt Span, item *yaml.Node) {
	given := m.r.fields(item)
	if given.get("arn") == nil || given.get(awsauth.FieldRoleARN) != nil || given.get(awsauth.FieldUserARN) != nil {
		m.entry(key, keyAt, item, nil)
		return
	}
	if !m.noted {
		m.noted = true
		m.r.file.note(m.r.span(given.get("arn")), Part, "the ARN stands under arn, taken for rolearn or userarn: "+
			"whether the tool writes it so is not checked; check the ConfigMap that comes of it: `… | kubectl aws-auth lint -`")
	}
	field := awsauth.FieldRoleARN
	if key == awsauth.MapUsers {
		field = awsauth.FieldUserARN
	}
	m.entry(key, keyAt, item, map[string]string{"arn": field})
}

// byARN adds an entry with the field arn to the list that it belongs to, without the fields that are named.
func (m *nativeMap) byARN(keyAt Span, item *yaml.Node, without ...string) {
	key, field := awsauth.MapRoles, awsauth.FieldRoleARN
	if p, err := arn.ParsePrincipal(text(m.r.get(item, "arn"))); err == nil && p.Kind == arn.User {
		key, field = awsauth.MapUsers, awsauth.FieldUserARN
	}
	names := map[string]string{"arn": field}
	for _, name := range without {
		names[name] = ""
	}
	m.entry(key, keyAt, item, names)
}

// end puts the texts into the document.
func (m *nativeMap) end() {
	for key, f := range m.lists {
		if f.text.Len() == 0 {
			f.add("[", m.d.keys[string(key)], nil)
		}
		f.add("]\n", m.d.keys[string(key)], nil)
		m.d.Data[string(key)] = f.text.String()
		m.d.values[string(key)] = f
	}
	m.r.noteTokens(m.d)
}

// add writes a value as JSON: a list in brackets, a scalar as leaf does.
func (r *reader) add(f *fragments, n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		r.leaf(f, n)
		return
	}
	at := r.span(n)
	f.add("[", at, nil)
	for i, item := range n.Content {
		if i > 0 {
			f.add(",", at, nil)
		}
		r.leaf(f, item)
	}
	f.add("]", at, nil)
}

// leaf writes a string in quotes, and a number, a boolean or null as it stands. What no field of the map can hold is
// written as an empty one of its kind: the kind alone is wrong.
func (r *reader) leaf(f *fragments, n *yaml.Node) {
	switch {
	case n.Kind == yaml.SequenceNode:
		f.add("[]", r.span(n), nil)
	case n.Kind == yaml.MappingNode:
		f.add("{}", r.span(n), nil)
	case n.ShortTag() != "!!str" && json.Valid([]byte(n.Value)):
		f.add(n.Value, r.span(n), nil)
	case quoted(n.Value) != `"`+n.Value+`"`:
		f.add(quoted(n.Value), r.span(n), nil)
	default:
		f.add(`"`, r.span(n), nil)
		f.add(n.Value, r.span(n), r.value(n))
		f.add(`"`, r.span(n), nil)
	}
}

// quoted is a text as a JSON string.
func quoted(s string) string {
	b, _ := json.Marshal(s) //nolint:errchkjson // a string can always be encoded
	return string(b)
}
