package manifest

import (
	"regexp"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"go.yaml.in/yaml/v3"
)

// call is the result of a function, where that is as literal as its arguments.
func (h *hclNodes) call(e *hclsyntax.FunctionCallExpr) *yaml.Node {
	if len(e.Args) == 0 || e.ExpandFinal {
		return h.unresolved(e)
	}
	switch e.Name {
	case "yamlencode", "jsonencode":
		n := h.expr(e.Args[0])
		if h.r.unresolved[n] != nil {
			return n
		}
		if !h.afford(n, 0) {
			return h.unresolved(e)
		}
		f := &fragments{refusal: "this value is computed in the Terraform source; change it there by hand", editable: h.r.origin.refusal() == ""}
		h.encode(f, n, true)
		if f.text.Len() > maxMap {
			return h.unresolved(e)
		}
		return h.text(f, e.Range())
	case "file", "templatefile":
		return h.file(e)
	case "concat", "setunion", "flatten", "distinct", "tolist", "toset", "compact":
		return h.concat(e)
	case "merge":
		return h.merge(e)
	case "yamldecode", "jsondecode", // whoever wants an object reads the text
		"trimspace", "chomp", "nonsensitive", "sensitive", "tostring", "tomap", "try":
		return h.expr(e.Args[0])
	}
	return h.unresolved(e)
}

// ownFolder is what Terraform calls the folder of the file.
var ownFolder = regexp.MustCompile(`^\$\{path\.(?:module|root|cwd)\}/`)

// file is a text of another file, which is read by itself: its value is not known here, and nothing is missing. Where it does not
// speak of the map, or can't be read, it is missing.
func (h *hclNodes) file(e *hclsyntax.FunctionCallExpr) *yaml.Node {
	out := h.unresolved(e)
	path := ownFolder.ReplaceAllString(h.expr(e.Args[0]).Value, "")
	if _, isOther := h.at.(another); isOther {
		return out
	}
	if _, ok := h.r.file.takesFrom(path); ok {
		h.used = append(h.used, h.span(e.Range()))
		h.r.unresolved[out] = []string{}
	}
	return out
}

// merge is a mapping of the keys of all arguments: of equal ones the last counts.
func (h *hclNodes) merge(e *hclsyntax.FunctionCallExpr) *yaml.Node {
	out := h.node(yaml.MappingNode, "!!map", "", e.Range())
	at := map[string]int{}
	for _, arg := range e.Args {
		n := h.expr(arg)
		if n.Kind != yaml.MappingNode {
			h.missing = append(h.missing, names(arg)...)
			continue
		}
		if h.nodes -= len(n.Content); h.nodes < 0 {
			return h.unresolved(e)
		}
		for _, f := range h.r.fields(n) {
			if i, given := at[f.name]; given {
				out.Content[i], out.Content[i+1] = f.key, f.value
				continue
			}
			at[f.name] = len(out.Content)
			out.Content = append(out.Content, f.key, f.value)
		}
	}
	return out
}

// concat is a list of the items of all arguments. Lists in lists are flattened, as flatten does. Where no item is known, the
// list is not known.
func (h *hclNodes) concat(e *hclsyntax.FunctionCallExpr) *yaml.Node {
	unknown := false
	out := h.node(yaml.SequenceNode, "!!seq", "", e.Range())
	for _, arg := range e.Args {
		n := h.expr(arg)
		if n.Kind != yaml.SequenceNode {
			unknown = true
			h.missing = append(h.missing, names(arg)...)
			continue
		}
		for _, item := range n.Content {
			found := []*yaml.Node{item}
			if e.Name == "flatten" && item.Kind == yaml.SequenceNode {
				found = item.Content
			}
			if h.nodes -= len(found); h.nodes < 0 {
				return h.unresolved(e)
			}
			out.Content = append(out.Content, found...)
		}
	}
	if unknown && len(out.Content) == 0 {
		return h.unresolved(e)
	}
	return out
}

// encode writes a node as JSON, one that can be afforded. An entry of which nothing is known is left out of the outermost list.
func (h *hclNodes) encode(f *fragments, n *yaml.Node, outermost bool) {
	at := h.r.span(n)
	switch n.Kind {
	case yaml.MappingNode:
		f.add("{", at, nil)
		last := map[string]int{}
		for i := 0; i < len(n.Content); i += 2 {
			last[n.Content[i].Value] = i // merge: the last one counts
		}
		separator := ""
		for i := 0; i < len(n.Content); i += 2 {
			if last[n.Content[i].Value] != i {
				continue
			}
			f.add(separator+quoted(n.Content[i].Value)+":", h.r.span(n.Content[i]), nil)
			h.encode(f, n.Content[i+1], false)
			separator = ","
		}
		f.add("}", at, nil)
	case yaml.SequenceNode:
		f.add("[", at, nil)
		separator := ""
		for _, item := range n.Content {
			if missing := h.r.unresolved[item]; outermost && missing != nil {
				h.missing = append(h.missing, missing...)
				continue
			}
			f.add(separator, at, nil)
			h.encode(f, item, false)
			separator = ",\n"
		}
		f.add("]", at, nil)
		if outermost {
			f.add("\n", at, nil)
		}
	default:
		h.r.leaf(f, n)
	}
}
