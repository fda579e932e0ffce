package manifest

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func valuesCarrier() carrier {
	return carrier{
		name: "values of a Helm chart",
		is: func(r *reader, o object) bool {
			return o.kind == "" && !r.fields(o.get("data")).hasMapKey() && r.holdsLists(o)
		},
		read: func(r *reader, o object) {
			delete(r.seen, o.node)
			r.chartValues(o.node)
		},
	}
}

// holdsLists reports whether entries stand under keys of aws-auth: as lists, or deeper than a bare data section also as text.
func (r *reader) holdsLists(o object) bool {
	found := false
	r.eachMapping(o.node, func(n *yaml.Node, fields fields) bool {
		for _, f := range fields {
			found = found || r.isMapValue(f) && (f.value.Kind == yaml.SequenceNode || n != o.node && holdsEntries(f.value.Value)) ||
				isManifestText(f.value) || slices.ContainsFunc(items(f.value), isManifestText)
		}
		return !found
	})
	return found
}

// isManifestText reports whether a text is a manifest of the map or its data, in YAML or JSON, as charts take some that they pass
// on.
func isManifestText(n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode || !isText(n) {
		return false
	}
	return manifestStart.MatchString(n.Value) && manifestInText.MatchString(n.Value) ||
		dataStart.MatchString(n.Value) && speaksOfKeys(n.Value) && holdsData(n.Value)
}

// holdsData reports whether a text is the data of the map, and no sentence about it: a key has entries, whatever is wrong with
// them. Of a text that can't be read, the items tell.
func holdsData(text string) bool {
	v, err := decodeYAML(text)
	if err != nil {
		return itemField.MatchString(text)
	}
	top, _ := v.(map[string]any)
	under, _ := top["data"].(map[string]any)
	return slices.ContainsFunc(awsauth.Keys(), func(k awsauth.Key) bool {
		return likeEntries(k, top[string(k)]) || likeEntries(k, under[string(k)])
	})
}

// likeEntries reports whether a value is meant to be the list of a key.
func likeEntries(key awsauth.Key, v any) bool {
	if text, ok := v.(string); ok {
		var err error
		if v, err = decodeYAML(text); err != nil {
			return itemField.MatchString(text)
		}
	}
	switch v := v.(type) {
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Keys(v)), nearARN)
	case []any:
		return key == awsauth.MapAccounts && len(v) > 0 || slices.ContainsFunc(v, func(item any) bool { return likeEntries("", item) })
	}
	return false
}

// dataStart is how the data of a map begins.
var dataStart = regexp.MustCompile(`\A(?:\s|#[^\n]*\n|---[^\n]*\n)*(?:["']?(?:data|mapRoles|mapUsers|mapAccounts)["']?\s*:|\{\s*")`)

// manifestStart is how a manifest begins, unlike a script that applies one.
var manifestStart = regexp.MustCompile(`\A(?:\s|#[^\n]*\n|---[^\n]*\n)*["']?(?:apiVersion|kind|metadata|data)["']?:.*\n`)

// eachMapping visits the mappings of a tree from the outside in, and goes on below those that ask for it.
func (r *reader) eachMapping(n *yaml.Node, visit func(*yaml.Node, fields) bool) {
	if n == nil || n.Kind == yaml.MappingNode && !visit(n, r.fields(n)) {
		return
	}
	for _, child := range n.Content {
		r.eachMapping(child, visit)
	}
}

// chartValues reads the map in the values of a chart, under whatever key: texts, and lists that the chart writes out.
func (r *reader) chartValues(n *yaml.Node) {
	if n == nil || n.Kind == yaml.ScalarNode && !isManifestText(n) || !r.visit(n) {
		return
	}
	fields := r.fields(n)
	switch o := r.asObject(n); {
	case n.Kind == yaml.ScalarNode:
		r.manifestText(n)
		return
	case o.kind == kindConfigMap && r.fields(o.get("metadata")).get("name") != nil:
		r.configMap(o)
		return
	}
	if slices.ContainsFunc(fields, r.isMapValue) {
		m := r.nativeMap(n, "the chart writes the map from these values; change them here by hand")
		for _, f := range fields {
			switch {
			case !r.isMapValue(f):
			case f.value.Kind == yaml.ScalarNode:
				r.datum(m.d, f)
			default:
				m.list(f)
			}
		}
		m.end()
	}
	for _, child := range n.Content {
		r.chartValues(child)
	}
}

// isMapValue reports whether a value is a list of the map, as text or by itself.
func (r *reader) isMapValue(f field) bool {
	key := section(f.name)
	if key == "" && f.value.Kind == yaml.SequenceNode {
		key = mapArguments()[f.name]
	}
	if key == "" || f.value.Kind == yaml.ScalarNode {
		return key != "" && isText(f.value) && strings.TrimSpace(f.value.Value) != ""
	}
	return slices.ContainsFunc(items(f.value), func(item *yaml.Node) bool {
		return key == awsauth.MapAccounts && item.Kind == yaml.ScalarNode || slices.ContainsFunc(r.fields(item), func(f field) bool {
			return strings.EqualFold(f.name, awsauth.FieldRoleARN) || strings.EqualFold(f.name, awsauth.FieldUserARN)
		})
	})
}
