package manifest

import (
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// setName is a value of a chart that is the map, or a part of it: x.mapRoles, mapRoles[1].rolearn, mapRoles[1].groups[0].
var setName = regexp.MustCompile(`(?:^|\.)(mapRoles|mapUsers|mapAccounts)(?:\[(\d{1,4})\](?:\.(\w+)(?:\[\d+\])?)?)?$`)

// helmSet reads the values that a helm_release sets one by one.
func (r *reader) helmSet(values fields) {
	whole := map[awsauth.Key]field{}
	entries := map[awsauth.Key]map[int]*yaml.Node{}
	var first *yaml.Node
	for _, block := range slices.Concat(items(values.get("set")), items(values.get("set_list")), items(values.get("set_sensitive"))) {
		name, value := r.get(block, "name"), r.get(block, "value")
		m := setName.FindStringSubmatch(text(name))
		if m == nil || value == nil || r.unresolved[value] != nil {
			continue
		}
		if first == nil {
			first = block
		}
		key := awsauth.Key(m[1])
		if m[2] == "" && value.Kind == yaml.ScalarNode {
			whole[key] = field{name: m[1], key: name, value: value}
			continue
		}
		if entries[key] == nil {
			entries[key] = map[int]*yaml.Node{}
		}
		if m[2] == "" {
			for i, item := range value.Content { // set_list
				entries[key][i] = item
			}
			continue
		}
		index, _ := strconv.Atoi(m[2]) // up to four digits
		entries[key][index] = r.setField(entries[key][index], m[3], name, value)
	}
	if first == nil {
		return
	}
	m := r.nativeMap(first, "the chart writes the map from these values; change them here by hand")
	for key, f := range whole {
		r.datum(m.d, f)
		delete(entries, key)
	}
	for key, list := range entries {
		var indexes []int
		for i := range list {
			indexes = append(indexes, i)
		}
		slices.Sort(indexes)
		for _, i := range indexes {
			m.entry(key, r.span(first), list[i], nil)
		}
	}
	m.end()
}

// setField sets a field of an entry, or the entry itself. What is set at an index joins what is there.
func (r *reader) setField(entry *yaml.Node, name string, at, value *yaml.Node) *yaml.Node {
	if name == "" {
		return value
	}
	if entry == nil || entry.Kind != yaml.MappingNode {
		entry = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		r.spans[entry] = r.span(at)
	}
	isItem := text(at)[len(text(at))-1] == ']'
	for i := 0; i < len(entry.Content); i += 2 {
		if entry.Content[i].Value == name && isItem && entry.Content[i+1].Kind == yaml.SequenceNode {
			entry.Content[i+1].Content = append(entry.Content[i+1].Content, value)
			return entry
		}
	}
	if isItem {
		list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{value}}
		r.spans[list] = r.span(value)
		value = list
	}
	key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}
	r.spans[key] = r.span(at)
	entry.Content = append(entry.Content, key, value)
	return entry
}
