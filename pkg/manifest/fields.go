package manifest

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// field is one key of a mapping.
type field struct {
	name       string
	key, value *yaml.Node
	// repeated is the key that this one replaces, nil where there is none.
	repeated *yaml.Node
}

// fields are the keys of a mapping, each once.
type fields []field

// fields collects the keys of a mapping as YAML readers that make JSON of it do: of equal keys the last stays, and keys
// that a merge key brings in give way to those of the mapping itself.
func (r *reader) fields(n *yaml.Node) fields {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	var all fields
	index := map[string]int{}
	merged := map[string]bool{}
	add := func(f field, isMerged bool) {
		i, known := index[f.name]
		switch {
		case !known:
			index[f.name] = len(all)
			all = append(all, f)
			merged[f.name] = isMerged
		case merged[f.name] && !isMerged:
			all[i], merged[f.name] = f, false
		case !isMerged:
			f.repeated = all[i].key
			all[i] = f
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		if key.ShortTag() == "!!merge" {
			for _, m := range merges(val) {
				for j := 0; j+1 < len(m.Content); j += 2 {
					add(field{name: m.Content[j].Value, key: m.Content[j], value: m.Content[j+1]}, true)
				}
			}
			continue
		}
		if key = target(key); key.Kind == yaml.ScalarNode {
			add(field{name: key.Value, key: key, value: val}, false)
		}
	}
	return all
}

// merges are the mappings that stand behind a merge key.
func merges(n *yaml.Node) []*yaml.Node {
	n = target(n)
	candidates := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		candidates = n.Content
	}
	var found []*yaml.Node
	for _, c := range candidates {
		if c = target(c); c.Kind == yaml.MappingNode {
			found = append(found, c)
		}
	}
	return found
}

func (f fields) get(name string) *yaml.Node {
	for i := range f {
		if f[i].name == name {
			return f[i].value
		}
	}
	return nil
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
		v := target(f[i].value)
		if isMapKey(f[i].name) && v.Kind == yaml.ScalarNode && v.ShortTag() == "!!str" {
			return true
		}
	}
	return false
}

func isMapKey(name string) bool {
	for _, k := range awsauth.Keys() {
		if strings.EqualFold(string(k), name) {
			return true
		}
	}
	return false
}

// target follows an alias to the node that it stands for.
func target(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// text is the value of a scalar, or "".
func text(n *yaml.Node) string {
	if n = target(n); n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }
