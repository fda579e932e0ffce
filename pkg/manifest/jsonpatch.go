package manifest

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

func jsonPatchCarrier() carrier {
	return carrier{name: "JSON patch", list: (*reader).jsonPatch}
}

// jsonPatch reads what a JSON patch (RFC 6902) puts into a ConfigMap, and reports whether the list is such a patch.
func (r *reader) jsonPatch(n *yaml.Node) bool {
	var d *Document
	for _, item := range items(n) {
		operation := r.fields(item)
		op, path := operation.text("op"), operation.text("path")
		if op == "" || operation.get("path") == nil {
			return false
		}
		if !slices.Contains([]string{"add", "replace"}, op) {
			continue
		}
		value := operation.get("value")
		switch key := strings.TrimPrefix(path, "/data/"); {
		case value == nil:
		case path == "" || path == "/":
			r.object(value)
		case path == "/data" && r.fields(value).hasMapKey():
			d = r.patched(d, n, item)
			r.dataSection(d, value, r.span(operation.get("path")))
		case key != path && isMapKey(unescapePointer(key)):
			d = r.patched(d, n, item)
			r.datum(d, field{name: unescapePointer(key), key: operation.get("path"), value: value})
		}
	}
	if d != nil {
		r.noteTokens(d)
	}
	return len(items(n)) > 0
}

// patched is the document of a patch, which is one for all its operations.
func (r *reader) patched(d *Document, patch, item *yaml.Node) *Document {
	if d == nil {
		d = r.document(patch)
		delete(r.covered, patch)
	}
	r.cover(item)
	return d
}

// unescapePointer is a part of a JSON pointer (RFC 6901) as a key.
func unescapePointer(s string) string { return strings.NewReplacer("~1", "/", "~0", "~").Replace(s) }
