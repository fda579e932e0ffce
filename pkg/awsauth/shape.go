package awsauth

import (
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
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
	n = yamlpos.Target(n)
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

// plainShape says what the library that the authenticator uses takes a plain scalar for: yaml.v2, resolve.go. It
// follows that function step by step, because the library offers no way to it but a parser for each value, and a
// hostile map has hundreds of thousands of them. TestPlainShape and FuzzPlainShape hold it against the library.
func plainShape(value string) Shape {
	if value == "" {
		return Null
	}
	if len(value) > maxPlainScalar {
		return String
	}
	switch value {
	case "~", "null", "Null", "NULL":
		return Null
	case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON",
		"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return Bool
	case ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF":
		return Number
	}
	switch c := value[0]; {
	case c == '.' && isFloat(value), (c == '+' || c == '-' || c >= '0' && c <= '9') && isNumber(value):
		return Number
	}
	return String
}

// yamlFloat is yaml.v2's pattern of the same purpose.
var yamlFloat = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)

func isNumber(value string) bool {
	if strings.IndexFunc(value, notInNumbers) >= 0 {
		return false
	}
	plain := strings.ReplaceAll(value, "_", "")
	if isInteger(plain, 0) || yamlFloat.MatchString(plain) && isFloat(plain) {
		return true
	}
	if digits, ok := strings.CutPrefix(plain, "0b"); ok {
		return isInteger(digits, 2)
	}
	if digits, ok := strings.CutPrefix(plain, "-0b"); ok {
		_, err := strconv.ParseInt("-"+digits, 2, 64)
		return err == nil
	}
	return false
}

// notInNumbers keeps most texts from being parsed for nothing.
func notInNumbers(r rune) bool { return !strings.ContainsRune("0123456789+-._abcdefxoABCDEFXO", r) }

func isInteger(s string, base int) bool {
	if _, err := strconv.ParseInt(s, base, 64); err == nil {
		return true
	}
	_, err := strconv.ParseUint(s, base, 64)
	return err == nil
}

func isFloat(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}
