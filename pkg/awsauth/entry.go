package awsauth

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

// The fields of an entry that the authenticator knows: pkg/config/types.go, RoleMapping and UserMapping.
const (
	FieldRoleARN  = "rolearn"
	FieldUserARN  = "userarn"
	FieldUsername = "username"
	FieldGroups   = "groups"
	FieldUserID   = "userid"
	FieldSSO      = "sso"
)

// SSO is the sso: block of a role mapping, which matches nobody unless the authenticator's feature gate
// SSORoleMatch is on (off by default: pkg/config/features.go).
type SSO struct {
	PermissionSetName string `json:"permissionSetName"`
	AccountID         string `json:"accountID"`
	Partition         string `json:"partition"`
}

// Entry is one item of mapRoles or mapUsers as the authenticator reads it: a value that is missing or of the
// wrong type is empty.
type Entry struct {
	Section *Section
	// Index counts all items of the list from 0, whether kept or not.
	Index int
	// Valid is false where the authenticator drops the entry; Invalid says why.
	Valid   bool
	Invalid string

	// ARN is rolearn in mapRoles and userarn in mapUsers, as written.
	ARN      string
	SSO      *SSO
	Username string
	Groups   []string

	identity *identity
	fields   *[]*Field
}

// ARNField is the name of the field that holds the ARN in this entry's section.
func (e *Entry) ARNField() string {
	if e.Section.Key == MapUsers {
		return FieldUserARN
	}
	return FieldRoleARN
}

// Node is the entry in the syntax tree, an alias followed; nil where there is none.
func (e *Entry) Node() *yaml.Node { return yamlpos.Target(e.Section.item(e.Index)) }

// Shape is the type of the item; only a Mapping can be an entry.
func (e *Entry) Shape() Shape { return ShapeOf(e.Section.item(e.Index)) }

// Span is the range of the entry without its dash.
func (e *Entry) Span() Span {
	if s, ok := e.Section.NodeSpan(e.Section.item(e.Index)); ok {
		return s
	}
	return Span{}
}

// sameReading reports whether two entries say the same, letter by letter: ARN, username, groups in their order, and sso.
func (e *Entry) sameReading(o *Entry) bool {
	return e.Section.Key == o.Section.Key && e.ARN == o.ARN && e.Username == o.Username && slices.Equal(e.Groups, o.Groups) &&
		(e.SSO == nil) == (o.SSO == nil) && (e.SSO == nil || *e.SSO == *o.SSO)
}

// Reading is a key for what the entry says: ARN, username, groups and sso.
func (e *Entry) Reading() string {
	var b strings.Builder
	for _, part := range append([]string{string(e.Section.Key), e.ARN, e.Username}, e.Groups...) {
		b.WriteString(part)
		b.WriteByte(0)
	}
	if e.SSO != nil {
		b.WriteString(e.SSO.PermissionSetName + "\x00" + e.SSO.AccountID + "\x00" + e.SSO.Partition)
	}
	return b.String()
}

// Field is one key of an entry with its value, as it is in the text.
type Field struct {
	entry *Entry
	// Name is the key as written.
	Name string
	// Known is the field of the authenticator that the key means, in lower case, or "".
	Known string
	// Key and Value are the nodes; Value with an alias followed.
	Key, Value *yaml.Node
	// Merged fields come in through a merge key (<<).
	Merged bool
	// Aliased values are elsewhere: behind an alias or a merge key.
	Aliased bool
	// Effective is true where the authenticator reads this one: the last of equal keys, and of keys that differ
	// only in case the last in byte order, which is how encoding/json meets them.
	Effective bool
}

// KeySpan is the range of the key.
func (f *Field) KeySpan() Span { return f.span(f.Key) }

// Span is the range of the value as it is in the entry, or of the key where the value is empty.
func (f *Field) Span() Span {
	if s := f.span(f.Value); s.End > s.Start {
		return s
	}
	return f.KeySpan()
}

func (f *Field) span(n *yaml.Node) Span {
	s, _ := f.entry.Section.NodeSpan(n)
	return s
}

// Shape is the type of the value.
func (f *Field) Shape() Shape { return ShapeOf(f.Value) }

// Fields are the keys of the entry in the order of the text; those that a merge key brings in come where it
// stands. Nil for an entry that is not a mapping.
func (e *Entry) Fields() []*Field {
	if e.fields == nil {
		fields := []*Field{}
		if n := e.Node(); n != nil && n.Kind == yaml.MappingNode {
			fields = e.collect(nil, n, false, map[*yaml.Node]bool{})
			markEffective(fields)
		}
		e.fields = &fields
	}
	return *e.fields
}

// maxFields bounds the fields of one entry, so that merge keys can't multiply without end.
const maxFields = 1000

func (e *Entry) collect(fields []*Field, n *yaml.Node, merged bool, seen map[*yaml.Node]bool) []*Field {
	if n.Kind != yaml.MappingNode || seen[n] {
		return fields
	}
	seen[n] = true
	defer delete(seen, n)
	for i := 0; i+1 < len(n.Content) && len(fields) < maxFields; i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.ScalarNode && key.Value == "<<" && key.ShortTag() == "!!merge" {
			fields = e.merge(fields, value, seen)
			continue
		}
		key = yamlpos.Target(key)
		f := &Field{
			entry: e, Name: key.Value, Known: e.Section.known(key.Value), Key: key, Value: yamlpos.Target(value),
			Merged: merged, Aliased: merged || value.Kind == yaml.AliasNode,
		}
		fields = append(fields, f)
	}
	return fields
}

// merge brings in the fields of a merge key. Of a list the earlier mapping takes precedence (yaml.v2,
// decode.go, merge), so it comes last here.
func (e *Entry) merge(fields []*Field, value *yaml.Node, seen map[*yaml.Node]bool) []*Field {
	value = yamlpos.Target(value)
	switch value.Kind {
	case yaml.MappingNode:
		return e.collect(fields, value, true, seen)
	case yaml.SequenceNode:
		for _, v := range slices.Backward(value.Content) {
			fields = e.collect(fields, yamlpos.Target(v), true, seen)
		}
	}
	return fields
}

// knownFields are those of each section, and the two that belong to the other one.
var knownFields = []string{FieldRoleARN, FieldUserARN, FieldUsername, FieldGroups, FieldUserID, FieldSSO}

// known folds a key as encoding/json does when it looks for a struct field.
func (s *Section) known(key string) string {
	for _, k := range knownFields {
		if strings.EqualFold(k, key) {
			return k
		}
	}
	return ""
}

// markEffective finds for each field of the authenticator the key that it is read from. Keys reach
// encoding/json sorted, a later one overwrites, and null or a value of the wrong type leaves what was there.
func markEffective(fields []*Field) {
	winners := map[string]*Field{}
	lastOf := map[string]*Field{}
	for _, f := range fields {
		lastOf[f.Name] = f
	}
	for _, f := range fields {
		if f.Known == "" || lastOf[f.Name] != f {
			continue
		}
		w := winners[f.Known]
		switch {
		case w == nil, readable(f) && !readable(w):
			winners[f.Known] = f
		case readable(w) && !readable(f):
		case f.Name > w.Name:
			winners[f.Known] = f
		}
	}
	for _, f := range winners {
		f.Effective = true
	}
}

// readable reports whether the value has the type that the authenticator wants.
func readable(f *Field) bool {
	switch shape := f.Shape(); f.Known {
	case FieldGroups:
		return shape == List
	case FieldSSO:
		return shape == Mapping
	default:
		return shape == String
	}
}

// Field returns the key that the authenticator reads a field from, or nil. Its value may still be of a wrong
// type where no better one is there.
func (e *Entry) Field(known string) *Field {
	for _, f := range e.Fields() {
		if f.Effective && f.Known == known {
			return f
		}
	}
	return nil
}

// GroupNode is the node of the i-th group with aliases followed, or nil.
func (e *Entry) GroupNode(i int) *yaml.Node {
	f := e.Field(FieldGroups)
	if f == nil || f.Value.Kind != yaml.SequenceNode || i >= len(f.Value.Content) {
		return nil
	}
	return f.Value.Content[i]
}
