package manifest

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

func crossplaneCarrier() carrier {
	return carrier{
		name: "Crossplane Object",
		is: func(_ *reader, o object) bool {
			return isCrossplaneObject(o) || o.group == "apiextensions.crossplane.io" && o.kind == "Composition"
		},
		read: (*reader).crossplane,
	}
}

func isCrossplaneObject(o object) bool {
	return o.kind == "Object" && slices.Contains([]string{"kubernetes.crossplane.io", "kubernetes.m.crossplane.io"}, o.group)
}

// crossplane reads the manifest that an Object applies, and those of all Objects in a Composition. A manifest without a name gets
// that of its Object.
func (r *reader) crossplane(o object) {
	if isCrossplaneObject(o) {
		r.givenName = r.get(o.get("metadata"), "name")
		defer func() { r.givenName = nil }()
		r.object(r.get(r.get(o.get("spec"), "forProvider"), "manifest"))
		return
	}
	r.objectsIn(o.get("spec"), isCrossplaneObject)
}

// objectsIn reads all objects of a kind below a node.
func (r *reader) objectsIn(n *yaml.Node, is func(object) bool) {
	if n == nil || n.Kind == yaml.ScalarNode || r.seen[n] {
		return
	}
	if is(r.asObject(n)) {
		r.object(n)
		return
	}
	r.seen[n] = true
	for _, child := range n.Content {
		r.objectsIn(child, is)
	}
}
