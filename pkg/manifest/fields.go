package manifest

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// field is one key of a mapping.
type field struct {
	name       string
	key, value *yaml.Node
}

// fields are the keys of a mapping, each once.
type fields []field

func (r *reader) fields(n *yaml.Node) fields {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	all := make(fields, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		all = append(all, field{name: n.Content[i].Value, key: n.Content[i], value: n.Content[i+1]})
	}
	return all
}

func (f fields) get(name string) *yaml.Node {
	for i := range f {
		if f[i].name == name {
			return f[i].value
		}
	}
	return nil
}

// text is the text of a key, "" where it has none.
func (f fields) text(name string) string {
	if n := f.get(name); n != nil && isText(n) {
		return n.Value
	}
	return ""
}

// hasMapKey reports whether a key of aws-auth is there, in any case: a wrong one is worth a word.
func (f fields) hasMapKey() bool {
	for i := range f {
		if isMapKey(f[i].name) {
			return true
		}
	}
	return false
}

// hasMapText reports whether a key of aws-auth is there with a text, as a ConfigMap has it.
func (f fields) hasMapText() bool {
	for i := range f {
		if isMapKey(f[i].name) && isText(f[i].value) {
			return true
		}
	}
	return false
}

// takesMapKey reports whether a key of aws-auth is there with null, as a merge patch has it.
func (f fields) takesMapKey() bool {
	return slices.ContainsFunc(f, func(f field) bool { return section(f.name) != "" && isNull(f.value) })
}

func isMapKey(name string) bool {
	for _, k := range awsauth.Keys() {
		if strings.EqualFold(string(k), name) {
			return true
		}
	}
	return false
}

// text is the value of a scalar, or "".
func text(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// isText reports whether kubectl reads a text here. A tag of somebody's own changes nothing of that.
func isText(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && (n.Tag == "!!str" || !strings.HasPrefix(n.Tag, "!!"))
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
