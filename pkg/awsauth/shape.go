package awsauth

import (
	"strings"

	yamlv2 "go.yaml.in/yaml/v2"
	"go.yaml.in/yaml/v3"
)

// Shape is the type of a YAML value as JSON knows it.
type Shape int

// The shapes.
const (
	NoValue Shape = iota
	Null
	Bool
	Number
	String
	List
	Mapping
)

// String names the shape for people, with its article.
func (s Shape) String() string {
	return [...]string{"nothing", "null", "a boolean", "a number", "a string", "a list", "a mapping"}[s]
}

// ShapeOf is the type of a node, aliases followed, as the authenticator's YAML 1.1 reader takes it.
func ShapeOf(n *yaml.Node) Shape {
	n = target(n)
	if n == nil {
		return NoValue
	}
	switch n.Kind {
	case yaml.SequenceNode:
		return List
	case yaml.MappingNode:
		return Mapping
	}
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 && n.Style&yaml.TaggedStyle == 0 {
		return String
	}
	if n.Style&yaml.TaggedStyle != 0 {
		return shapeOfTag(n)
	}
	return plainShape(n.Value)
}

func shapeOfTag(n *yaml.Node) Shape {
	switch n.ShortTag() {
	case "!!null":
		return Null
	case "!!bool":
		return Bool
	case "!!int", "!!float":
		return Number
	}
	return String
}

// maxPlainScalar is longer than any number, boolean or null that is written on purpose.
const maxPlainScalar = 64

// plainShape asks the library that the authenticator uses what a plain scalar is: YAML 1.1 takes yes, on, 0x1f
// and many more for something else than text.
func plainShape(value string) Shape {
	if value == "" {
		return Null
	}
	if len(value) > maxPlainScalar || !strings.ContainsRune("+-.0123456789yYnNtTfFoO~", rune(value[0])) {
		return String
	}
	var v any
	if err := yamlv2.Unmarshal([]byte(value), &v); err != nil {
		return String
	}
	switch v.(type) {
	case nil:
		return Null
	case bool:
		return Bool
	case int, int64, uint64, float64:
		return Number
	}
	return String
}
