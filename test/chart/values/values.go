package values

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Value is one key of values.yaml.
type Value struct {
	// Path leads to it from the root, with dots.
	Path string
	// Section is the heading that it is under.
	Section string
	// Text is its comment, with a space for each line break. Only an object may have none.
	Text string
	// Default is its value, as YAML decodes it.
	Default any
	// Fields are the keys of an object, in the order of the file. A value without fields is a leaf.
	Fields []*Value

	key string
	// schema is what the notes of the comment say, whose names notes are.
	schema schema
	notes  []string
}

// Leaves are the values without fields, in the order of the file.
func (v *Value) Leaves() []*Value {
	if v.Fields == nil {
		return []*Value{v}
	}
	var leaves []*Value
	for _, f := range v.Fields {
		leaves = append(leaves, f.Leaves()...)
	}
	return leaves
}

// Parse reads values.yaml. The root is a Value without a path. Everything that is wrong is reported at once: a leaf without a comment, and a
// comment that leaves open what is allowed, or whose notes (lines that begin with "@") do not fit the default.
func Parse(text []byte) (*Value, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("the values are no mapping")
	}
	r := &reader{lines: strings.Split(string(text), "\n")}
	root := &Value{}
	r.fields(root, document.Content[0])
	return root, errors.Join(r.problems...)
}

// reader goes through the file. Comments are taken from its lines: a YAML library guesses which key they belong to.
type reader struct {
	lines    []string
	section  string
	read     int
	problems []error
}

// section matches the heading of the values that follow, at the margin.
var section = regexp.MustCompile(`^# @section (.+)$`)

func (r *reader) fields(v *Value, n *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		v.Fields = append(v.Fields, r.value(v, n.Content[i], n.Content[i+1]))
	}
}

func (r *reader) value(parent *Value, key, content *yaml.Node) *Value {
	for ; r.read < key.Line; r.read++ {
		if m := section.FindStringSubmatch(r.lines[r.read]); m != nil {
			r.section = m[1]
		}
	}
	v := &Value{Path: strings.TrimPrefix(parent.Path+"."+key.Value, "."), Section: r.section, key: key.Value}
	problem := func(err error) {
		if err != nil {
			r.problems = append(r.problems, fmt.Errorf("%d: %s: %w", key.Line, v.Path, err))
		}
	}
	problem(v.comment(r.above(key.Line)))
	problem(content.Decode(&v.Default))
	if content.Kind == yaml.MappingNode && len(content.Content) > 0 && !slices.Contains(v.notes, "@free") {
		r.fields(v, content)
	} else if v.Text == "" {
		problem(errors.New("it has no comment"))
	}
	if v.Section == "" {
		problem(errors.New("it stands under no @section"))
	}
	problem(v.check())
	return v
}

// above are the lines of the comment right above a line, which counts from 1.
func (r *reader) above(line int) []string {
	last := line - 1
	first := last
	for first > 0 && strings.HasPrefix(strings.TrimSpace(r.lines[first-1]), "#") {
		first--
	}
	var comment []string
	for _, l := range r.lines[first:last] {
		comment = append(comment, strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(l), "#"), " "))
	}
	return comment
}
