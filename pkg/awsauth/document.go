package awsauth

import (
	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

// The one ConfigMap that the authenticator reads.
const (
	Namespace = "kube-system"
	Name      = "aws-auth"
)

// Key is one of the three data keys that the authenticator reads, in exactly this case.
type Key string

// The data keys.
const (
	MapRoles    Key = "mapRoles"
	MapUsers    Key = "mapUsers"
	MapAccounts Key = "mapAccounts"
)

// Keys returns the data keys in the order in which a document is checked and reported.
func Keys() []Key { return []Key{MapRoles, MapUsers, MapAccounts} }

// Span is a half-open range of byte offsets in the text of a section.
type Span = yamlpos.Span

// Position is a 1-based line and column, the column in Unicode code points.
type Position = yamlpos.Position

// Document is the data of one aws-auth ConfigMap. It is not safe for concurrent use: positions are worked out
// when they are first asked for.
type Document struct {
	Roles    *Section
	Users    *Section
	Accounts *Section
	// OtherKeys are the data keys that the authenticator does not read, sorted.
	OtherKeys []string
	// BinaryKeys are the keys of binaryData, which the authenticator never reads, sorted.
	BinaryKeys []string
	// Immutable is the field of the ConfigMap of that name: nobody can change the data any more. Whoever has the object sets it.
	Immutable bool
	// Bytes is the size of all data, keys and binaryData included, as the API server counts it against its limit.
	Bytes int

	mappings   []*Entry
	difference *Difference
	meant      *Document
}

// Sections returns the three sections in the order of Keys.
func (d *Document) Sections() []*Section { return []*Section{d.Roles, d.Users, d.Accounts} }

// Section returns the section of a key, or nil for another key.
func (d *Document) Section(k Key) *Section {
	for _, s := range d.Sections() {
		if s.Key == k {
			return s
		}
	}
	return nil
}

// Data returns the texts of the sections that are present.
func (d *Document) Data() map[string]string {
	data := map[string]string{}
	for _, s := range d.Sections() {
		if s.Present {
			data[string(s.Key)] = s.Text
		}
	}
	return data
}

// Mappings returns the role and user entries that the authenticator keeps, roles first. The list must not be changed.
func (d *Document) Mappings() []*Entry {
	if d.mappings == nil {
		d.mappings = make([]*Entry, 0, len(d.Roles.Entries)+len(d.Users.Entries))
		for _, s := range []*Section{d.Roles, d.Users} {
			for _, e := range s.Entries {
				if e.Valid {
					d.mappings = append(d.mappings, e)
				}
			}
		}
	}
	return d.mappings
}

// Naming are those of the mappings that name one of the principals, by folded ARN, in their order.
func (d *Document) Naming(principals map[string]bool) []*Entry {
	var named []*Entry
	if len(principals) == 0 {
		return named
	}
	for _, e := range d.Mappings() {
		if principals[e.FoldedARN()] {
			named = append(named, e)
		}
	}
	return named
}

// Section is the text under one data key and what the authenticator makes of it.
type Section struct {
	Key     Key
	Present bool
	Text    string
	// Blank texts (white space, "", '' and two backticks) are skipped: configmap.go, isSkippable.
	Blank bool
	// Err says that the text does not parse: the authenticator loses the whole list.
	Err *SyntaxError
	// TypeErr is the first value of a wrong type. The authenticator logs it, leaves that value empty and goes on.
	TypeErr error
	// Shape of the top-level value; anything but List and Null loses the list as well.
	Shape Shape
	// Entries are the items of mapRoles or mapUsers, kept or not, in their order.
	Entries []*Entry
	// Accounts are the items of mapAccounts, kept or not, in their order.
	Accounts []*Account

	file     *yamlpos.File
	plain    *bool
	parts    *parts
	compared bool
	unplaced *SyntaxError
	fault    *foundFault
}

// Discarded reports that a text is there and its whole list is thrown away.
func (s *Section) Discarded() bool {
	return s.Err != nil || s.Present && !s.Blank && s.Shape != List && s.Shape != Null
}

// whyLost says in a few words why the list is thrown away.
func (s *Section) whyLost() string {
	if s.Err != nil {
		return "does not parse"
	}
	return "is not a list"
}

// Position of a byte offset of the text.
func (s *Section) Position(offset int) Position { return s.places().Position(offset) }

// NodeSpan is the source range of a node of this section.
func (s *Section) NodeSpan(n *yaml.Node) (Span, bool) { return s.places().Span(n) }

// Scalar is the source of a scalar node's value, if it is certain.
func (s *Section) Scalar(n *yaml.Node) (*yamlpos.Scalar, bool) { return s.places().Scalar(n) }

// Trailing is the offset of content after the first YAML document: the authenticator never sees it.
func (s *Section) Trailing() (int, bool) {
	if s.Blank || s.Discarded() || s.isPlain() {
		return 0, false
	}
	return s.source().Trailing()
}

// Root is the top-level node, nil where the text does not parse.
func (s *Section) Root() *yaml.Node { return s.source().Root }

func (s *Section) source() *yamlpos.File {
	if s.file == nil {
		s.file = yamlpos.Parse(s.Text)
	}
	return s.file
}

// places says where nodes stand, whether the text was parsed as a whole or in parts.
func (s *Section) places() *yamlpos.File {
	if s.file == nil && s.apart() {
		return s.parts.file
	}
	return s.source()
}

// item is the node of the i-th item of the list, or nil.
func (s *Section) item(i int) *yaml.Node {
	if s.file == nil && s.apart() {
		if n, ok := s.parts.item(i); ok {
			return n
		}
	}
	root := yamlpos.Target(s.Root())
	if root == nil || root.Kind != yaml.SequenceNode || i >= len(root.Content) {
		return nil
	}
	return root.Content[i]
}
