package manifest

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// chartValues reads the map in the values of a chart, under whatever key: texts, and lists that the chart writes out.
func (r *reader) chartValues(n *yaml.Node) {
	if n == nil || n.Kind == yaml.ScalarNode || !r.visit(n) {
		return
	}
	fields := r.fields(n)
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
	if key == "" || f.value.Kind == yaml.ScalarNode {
		return key != "" && isText(f.value) && strings.TrimSpace(f.value.Value) != ""
	}
	return slices.ContainsFunc(items(f.value), func(item *yaml.Node) bool {
		return key == awsauth.MapAccounts && item.Kind == yaml.ScalarNode || slices.ContainsFunc(r.fields(item), func(f field) bool {
			return strings.EqualFold(f.name, awsauth.FieldRoleARN) || strings.EqualFold(f.name, awsauth.FieldUserARN)
		})
	})
}
