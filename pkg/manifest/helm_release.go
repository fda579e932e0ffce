package manifest

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

// terraformRelease reads the values of a Helm chart, put together as Helm does it: of the values that are given, later ones win,
// and those that are set one by one win over all.
func (r *reader) terraformRelease(values fields) {
	r.inNamespace(text(values.get("namespace")), func() {
		var merged *yaml.Node
		known := r.unresolved[values.get("values")] == nil
		for _, n := range items(values.get("values")) {
			if r.unresolved[n] != nil {
				known = false
				continue
			}
			if isText(n) {
				decoded := r.decodeText(n)
				if decoded == nil {
					r.valuesOf(r.textOf(n), n) // says what is wrong with it
					known = false
					continue
				}
				r.cover(n)
				n = decoded
			}
			merged = r.mergeValues(merged, n)
		}
		merged = r.setValues(merged, values, known)
		r.chartValues(merged)
		r.unread(merged, &container{what: "values of a helm_release"})
	})
}

// decodeText reads a text of the file as nodes of the file; nil where it is not one document that can be read as a whole.
func (r *reader) decodeText(n *yaml.Node) *yaml.Node {
	f := r.textOf(n)
	inner := &File{Name: r.file.Name, Text: f.text.String(), origin: r.origin, carriers: r.file.carriers}
	inner.lines = &yamlpos.File{Text: inner.Text}
	chunks, halts := split(inner.Text)
	if len(chunks) != 1 || len(halts) > 0 {
		return nil
	}
	c := chunks[0]
	text := inner.Text[c.Start:c.End]
	v, err := c.decode(text)
	if err != nil {
		return nil
	}
	ir := inner.reader(c)
	var root *yaml.Node
	var tail int
	if ir.yaml, root, tail = c.parse(text); tail >= 0 {
		return nil
	}
	return r.adopt(ir, f, ir.conform(root, nil, v))
}

// adopt takes over the nodes of a text.
func (r *reader) adopt(inner *reader, f *fragments, n *yaml.Node) *yaml.Node {
	out := &yaml.Node{Kind: n.Kind, Style: n.Style, Tag: n.Tag, Value: n.Value}
	r.spans[out] = f.span(inner.span(n))
	if n.Kind == yaml.ScalarNode && isText(n) {
		r.texts[out] = &fragments{refusal: f.refusal, editable: f.editable}
		r.texts[out].add(n.Value, r.spans[out], nested{inner: inner.value(n), outer: f})
	}
	for _, child := range n.Content {
		out.Content = append(out.Content, r.adopt(inner, f, child))
	}
	return out
}

// mergeValues puts values over others: mappings key by key, and all else in the place of what was there. null takes away.
func (r *reader) mergeValues(base, over *yaml.Node) *yaml.Node {
	if base == nil || base.Kind != yaml.MappingNode || over.Kind != yaml.MappingNode {
		return over
	}
	out := &yaml.Node{Kind: yaml.MappingNode, Tag: base.Tag, Content: slices.Clone(base.Content)}
	r.spans[out] = r.span(base)
	for _, f := range r.fields(over) {
		r.put(out, f.key, func(before *yaml.Node) *yaml.Node { return r.mergeValues(before, f.value) })
	}
	return out
}

// put changes the value of a key of a mapping. before is nil where there is none yet.
func (r *reader) put(mapping, key *yaml.Node, change func(before *yaml.Node) *yaml.Node) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key.Value {
			mapping.Content[i+1] = change(mapping.Content[i+1])
			return
		}
	}
	mapping.Content = append(mapping.Content, key, change(nil))
}
