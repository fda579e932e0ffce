package manifest

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

func jsonPatchCarrier() carrier {
	return carrier{name: "JSON patch", list: (*reader).jsonPatch}
}

// jsonPatch reads what a JSON patch (RFC 6902) puts into a ConfigMap and takes from it, and reports whether the list is such a
// patch.
func (r *reader) jsonPatch(n *yaml.Node) bool {
	for _, item := range items(n) {
		if operation := r.fields(item); operation.text("op") == "" || operation.get("path") == nil {
			return false
		}
	}
	p := &patch{reader: r, node: n}
	for _, item := range items(n) {
		p.operation(item, r.fields(item))
	}
	if p.d != nil {
		if p.whole != nil {
			p.d.onlyData(*p.whole)
		}
		p.d.replace(r.file.role.replaced, "", n == r.root)
		r.noteTokens(p.d)
	}
	return len(items(n)) > 0
}

// patch is a JSON patch that is read. It has one document for all its operations.
type patch struct {
	*reader
	node *yaml.Node
	d    *Document
	// whole is the operation that took all data away, nil where none did.
	whole *Span
}

func (p *patch) operation(item *yaml.Node, operation fields) {
	op, path, value := operation.text("op"), operation.text("path"), operation.get("value")
	if op == "move" || op == "copy" {
		p.moves(item, op == "move", operation)
	}
	if op == "remove" {
		p.remove(item, path)
	}
	if op != "add" && op != "replace" || value == nil {
		return
	}
	switch key := strings.TrimPrefix(path, "/data/"); {
	case isNull(value):
		p.remove(item, path)
	case path == "" && p.reader.lacksData(value) && p.forMap(p.span(item)):
		p.takeAll(item)
	case path == "" || path == "/":
		p.object(value)
	case path == "/data" && p.fields(value).hasMapKey():
		p.document(item)
		p.d.Edit, p.d.Data = nil, map[string]string{}
		at := p.span(item)
		p.whole = &at
		p.dataSection(p.d, value, p.span(operation.get("path")))
	case path == "/data":
		if value.Kind == yaml.MappingNode && p.forMap(p.span(item)) {
			p.takeAll(item)
		}
	case key != path && strings.Contains(key, "/") && isMapKey(key[:strings.IndexByte(key, '/')]):
		name := key[:strings.IndexByte(key, '/')]
		p.cover(item)
		p.shapeProblem(p.span(operation.get("path")), section(name), fmt.Sprintf("%s is one text, so no operation can change a part of it and this patch fails", name),
			"write `path: /data/"+name+"`, and all entries as a text")
	case key != path && isMapKey(unescapePointer(key)):
		p.document(item)
		p.d.put(unescapePointer(key))
		p.datum(p.d, field{name: unescapePointer(key), key: operation.get("path"), value: value})
	}
}

// lacksData reports whether an object has nothing of the map under data.
func (r *reader) lacksData(n *yaml.Node) bool {
	data := r.get(n, "data")
	return n.Kind == yaml.MappingNode && (data == nil || !r.fields(data).hasMapKey())
}

// remove takes away what a path names.
func (p *patch) remove(item *yaml.Node, path string) {
	whole, key := dataPointer(path)
	switch {
	case whole && p.forMap(p.span(item)):
		p.takeAll(item)
	case key != "" && p.aim != elsewhere:
		p.document(item)
		p.d.take(key, p.span(item))
	}
}

func (p *patch) takeAll(item *yaml.Node) {
	p.document(item)
	at := p.span(item)
	p.d.Edit, p.d.Data, p.whole = nil, map[string]string{}, &at
}

// moves reads a move or a copy. What comes to the map by it, nobody knows here.
func (p *patch) moves(item *yaml.Node, away bool, operation fields) {
	from, path := operation.text("from"), operation.text("path")
	if from == path {
		return
	}
	if away {
		p.remove(item, from)
	}
	whole, key := dataPointer(path)
	if p.aim == elsewhere || key == "" && (!whole || !p.forMap(p.span(item))) {
		return
	}
	p.document(item)
	if whole {
		p.d.Edit, p.whole = nil, nil
	}
	p.d.put(string(key))
	p.cover(item)
	p.file.note(p.span(item), Part, "%s takes %s of aws-auth from %s, which is not in this file, so it was not checked; write the text with `op: replace`",
		operation.text("op"), path, from)
}

// document makes sure that the patch has a document, of which an operation is part.
func (p *patch) document(item *yaml.Node) {
	if p.d == nil {
		p.d = p.reader.document(p.node)
		delete(p.covered, p.node)
	}
	p.cover(item)
}

// unescapePointer is a part of a JSON pointer (RFC 6901) as a key.
func unescapePointer(s string) string { return strings.NewReplacer("~1", "/", "~0", "~").Replace(s) }
