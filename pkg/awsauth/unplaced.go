package awsauth

import (
	"encoding/base64"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

// Unplaced says why the nodes of a text can't be trusted: the authenticator reads the text, but the parser that says where
// things stand does not, or it reads something else. It is nil where both agree.
//
// What stands in such a text besides what the authenticator reads of it is unknown, so it is not fit to be stored or
// to be repaired.
func (s *Section) Unplaced() *SyntaxError {
	if !s.compared {
		s.compared = true
		if !s.Blank && !s.Discarded() && !s.isPlain() {
			s.unplaced = s.compare()
		}
	}
	return s.unplaced
}

func (s *Section) compare() *SyntaxError {
	if err := s.source().Err; err != nil {
		return s.syntaxError(err)
	}
	root := yamlpos.Target(s.Root())
	if items := len(s.Entries) + len(s.Accounts); root == nil || root.Kind != yaml.SequenceNode {
		if items > 0 {
			return otherReading(0)
		}
		return nil
	} else if len(root.Content) != items {
		return otherReading(s.start(root))
	}
	for _, e := range s.Entries {
		if !e.agrees() {
			return otherReading(s.start(e.Section.item(e.Index)))
		}
	}
	for _, a := range s.Accounts {
		if !a.agrees() {
			return otherReading(s.start(a.Node()))
		}
	}
	return nil
}

func otherReading(at int) *SyntaxError {
	return &SyntaxError{Message: "it reads otherwise than it looks", Offset: at}
}

func (s *Section) start(n *yaml.Node) int {
	at, _ := s.places().Start(n)
	return at
}

// agrees reports whether the nodes of an entry say what was read of it.
func (e *Entry) agrees() bool {
	if textOf(e.Field(e.ARNField())) != e.ARN || textOf(e.Field(FieldUsername)) != e.Username {
		return false
	}
	if e.SSO != nil && e.Field(FieldSSO) == nil {
		return false
	}
	f := e.Field(FieldGroups)
	if f == nil || f.Shape() != List {
		return len(e.Groups) == 0
	}
	if len(f.Value.Content) != len(e.Groups) {
		return false
	}
	for i, g := range e.Groups {
		if nodeText(f.Value.Content[i]) != g {
			return false
		}
	}
	return true
}

func textOf(f *Field) string {
	if f == nil {
		return ""
	}
	return nodeText(f.Value)
}

// nodeText is what the authenticator reads of a node that must be text: nothing where it is none.
func nodeText(n *yaml.Node) string {
	n = yamlpos.Target(n)
	if ShapeOf(n) != String {
		return ""
	}
	if n.ShortTag() != "!!binary" {
		return n.Value
	}
	text, err := base64.StdEncoding.DecodeString(n.Value)
	if err != nil {
		return ""
	}
	return strings.ToValidUTF8(string(text), "\ufffd")
}

// agrees reports whether the node of an account says what was read of it.
func (a *Account) agrees() bool {
	n := yamlpos.Target(a.Node())
	switch {
	case n.Kind != yaml.ScalarNode:
		return !a.Valid
	case !a.Valid:
		return false
	case ShapeOf(n) == Null:
		return a.Value == ""
	case n.ShortTag() == "!!binary":
		return nodeText(n) == a.Value
	}
	return n.Value == a.Value
}
