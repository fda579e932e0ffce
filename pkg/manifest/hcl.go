package manifest

import (
	"bytes"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"go.yaml.in/yaml/v3"
)

// hclNodes turns expressions of Terraform into nodes as those of other files, each with its place: lists, objects and texts,
// as far as they are literal. What depends on anything else stays in a text as ${…}, or is a node that is unresolved.
type hclNodes struct {
	r *reader
	// src is the text of the expressions, at finds its places in the file.
	src []byte
	at  locator
	// locals are those of the file.
	locals map[string]func() *yaml.Node
	// known are templates that were read, missing names what would have to be known.
	known   map[*hclsyntax.TemplateExpr]bool
	missing []string
	// used are the places of the locals that were read.
	used []Span
	// left bounds the nodes: locals can multiply.
	left, depth int
}

// maxNodes and maxDepth are far more than a file that people write has.
const (
	maxNodes = 200_000
	maxDepth = 200
)

func (h *hclNodes) span(r hcl.Range) Span {
	return h.at.span(Span{Start: r.Start.Byte, End: r.End.Byte})
}

// node makes a node that stands in a range.
func (h *hclNodes) node(kind yaml.Kind, tag, value string, at hcl.Range) *yaml.Node {
	n := &yaml.Node{Kind: kind, Tag: tag, Value: value}
	h.r.spans[n] = h.span(at)
	return n
}

// body is a body of blocks as a mapping: a kind of block is a list, as providers have it.
func (h *hclNodes) body(b *hclsyntax.Body) *yaml.Node {
	out := h.node(yaml.MappingNode, "!!map", "", b.SrcRange)
	for _, a := range attributes(b) {
		out.Content = append(out.Content, h.node(yaml.ScalarNode, "!!str", a.Name, a.NameRange), h.expr(a.Expr))
	}
	lists := map[string]*yaml.Node{}
	for _, block := range b.Blocks {
		list := lists[block.Type]
		if list == nil {
			list = h.node(yaml.SequenceNode, "!!seq", "", block.TypeRange)
			lists[block.Type] = list
			out.Content = append(out.Content, h.node(yaml.ScalarNode, "!!str", block.Type, block.TypeRange), list)
		}
		list.Content = append(list.Content, h.body(block.Body))
	}
	return out
}

// attributes are those of a body in the order of the text.
func attributes(b *hclsyntax.Body) []*hclsyntax.Attribute {
	all := make([]*hclsyntax.Attribute, 0, len(b.Attributes))
	for _, a := range b.Attributes {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b *hclsyntax.Attribute) int { return a.NameRange.Start.Byte - b.NameRange.Start.Byte })
	return all
}

func (h *hclNodes) expr(e hclsyntax.Expression) *yaml.Node {
	if h.left--; h.left < 0 || h.depth > maxDepth {
		return h.unresolved(e)
	}
	h.depth++
	defer func() { h.depth-- }()
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return h.expr(e.Expression)
	case *hclsyntax.TemplateWrapExpr:
		return h.expr(e.Wrapped)
	case *hclsyntax.TemplateExpr:
		return h.template(e)
	case *hclsyntax.LiteralValueExpr:
		return h.literal(e)
	case *hclsyntax.ObjectConsExpr:
		return h.object(e)
	case *hclsyntax.TupleConsExpr:
		out := h.node(yaml.SequenceNode, "!!seq", "", e.SrcRange)
		for _, item := range e.Exprs {
			out.Content = append(out.Content, h.expr(item))
		}
		return out
	case *hclsyntax.FunctionCallExpr:
		return h.call(e)
	case *hclsyntax.ScopeTraversalExpr:
		return h.local(e)
	}
	return h.unresolved(e)
}

func (h *hclNodes) literal(e *hclsyntax.LiteralValueExpr) *yaml.Node {
	source := string(e.SrcRange.SliceBytes(h.src))
	switch {
	case e.Val.IsNull():
		return h.node(yaml.ScalarNode, "!!null", source, e.SrcRange)
	case e.Val.Type() == cty.Bool:
		return h.node(yaml.ScalarNode, "!!bool", source, e.SrcRange)
	case e.Val.Type() == cty.Number:
		return h.node(yaml.ScalarNode, "!!float", source, e.SrcRange)
	}
	return h.unresolved(e)
}

func (h *hclNodes) object(e *hclsyntax.ObjectConsExpr) *yaml.Node {
	out := h.node(yaml.MappingNode, "!!map", "", e.SrcRange)
	for _, item := range e.Items {
		name, diags := item.KeyExpr.Value(nil)
		if diags.HasErrors() || !name.IsKnown() || name.IsNull() || name.Type() != cty.String {
			h.missing = append(h.missing, names(item.KeyExpr)...)
			continue
		}
		out.Content = append(out.Content, h.node(yaml.ScalarNode, "!!str", name.AsString(), item.KeyExpr.Range()), h.expr(item.ValueExpr))
	}
	return out
}

// local is the value of local.x or of a part of it, where the file says it.
func (h *hclNodes) local(e *hclsyntax.ScopeTraversalExpr) *yaml.Node {
	if e.Traversal.RootName() != "local" || len(e.Traversal) < 2 {
		return h.unresolved(e)
	}
	var n *yaml.Node
	for i, step := range e.Traversal[1:] {
		attr, ok := step.(hcl.TraverseAttr)
		switch {
		case !ok:
			return h.unresolved(e)
		case i > 0:
			n = h.r.get(n, attr.Name)
		case h.locals[attr.Name] != nil:
			n = h.locals[attr.Name]()
		}
		if n == nil {
			return h.unresolved(e)
		}
	}
	return n
}

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
		f := &fragments{refusal: "this value is computed in the Terraform source; change it there by hand", editable: h.r.origin.refusal() == ""}
		h.encode(f, n, true)
		return h.text(f, e.Range())
	case "concat", "setunion", "flatten", "distinct", "tolist", "toset", "compact":
		return h.concat(e)
	case "merge":
		out := h.node(yaml.MappingNode, "!!map", "", e.Range())
		for _, arg := range e.Args {
			n := h.expr(arg)
			if n.Kind != yaml.MappingNode {
				h.missing = append(h.missing, names(arg)...)
				continue
			}
			out.Content = append(out.Content, n.Content...)
		}
		return out
	case "yamldecode", "jsondecode", // whoever wants an object reads the text
		"trimspace", "chomp", "nonsensitive", "sensitive", "tostring", "tomap", "try":
		return h.expr(e.Args[0])
	}
	return h.unresolved(e)
}

// concat is a list of the items of all arguments. Lists in lists are flattened, as flatten does.
func (h *hclNodes) concat(e *hclsyntax.FunctionCallExpr) *yaml.Node {
	out := h.node(yaml.SequenceNode, "!!seq", "", e.Range())
	for _, arg := range e.Args {
		n := h.expr(arg)
		if n.Kind != yaml.SequenceNode {
			h.missing = append(h.missing, names(arg)...)
			continue
		}
		for _, item := range n.Content {
			if e.Name == "flatten" && item.Kind == yaml.SequenceNode {
				out.Content = append(out.Content, item.Content...)
			} else {
				out.Content = append(out.Content, item)
			}
		}
	}
	return out
}

// encode writes a node as JSON. An entry of which nothing is known is left out of the outermost list.
func (h *hclNodes) encode(f *fragments, n *yaml.Node, outermost bool) {
	if f.text.Len() > maxMap {
		return
	}
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

// text is a node of a text that was put together.
func (h *hclNodes) text(f *fragments, at hcl.Range) *yaml.Node {
	n := h.node(yaml.ScalarNode, "!!str", f.text.String(), at)
	h.r.texts[n] = f
	return n
}

// template is a text with what can't be resolved as ${…}. Of one that has statements, or such a thing on a line by itself,
// nobody knows what comes out.
func (h *hclNodes) template(e *hclsyntax.TemplateExpr) *yaml.Node {
	f := &fragments{refusal: "this text is computed in the Terraform source; change it there by hand", editable: h.r.origin.refusal() == ""}
	isQuoted := bytes.HasPrefix(e.SrcRange.SliceBytes(h.src), []byte(`"`))
	h.known[e] = true
	for _, part := range e.Parts {
		if lit, ok := part.(*hclsyntax.LiteralValueExpr); ok && lit.Val.Type() == cty.String && !lit.Val.IsNull() {
			h.pieces(f, lit, isQuoted)
			continue
		}
		switch part.(type) {
		case *hclsyntax.ConditionalExpr, *hclsyntax.TemplateJoinExpr, *hclsyntax.ForExpr:
			return h.unresolved(e)
		}
		n := h.expr(part)
		if n.Kind != yaml.ScalarNode {
			return h.unresolved(e)
		}
		var exact locator
		if inner := h.r.texts[n]; inner != nil {
			exact = inner
		}
		f.add(n.Value, h.span(part.Range()), exact)
	}
	n := h.text(f, e.SrcRange)
	if strings.Count(n.Value, "\n") > 1 && aloneOnLine.MatchString(n.Value) {
		return h.unresolved(e)
	}
	return n
}

// unresolved is a node for what is not known.
func (h *hclNodes) unresolved(e hclsyntax.Expression) *yaml.Node {
	missing := names(e)
	n := h.node(yaml.ScalarNode, "!!str", "${"+missing[0]+"}", e.Range())
	h.r.unresolved[n] = missing
	return n
}

// names are what an expression depends on, at least one.
func names(e hclsyntax.Expression) []string {
	var all []string
	for _, traversal := range e.Variables() {
		name := traversal.RootName()
		for _, step := range traversal[1:] {
			if attr, ok := step.(hcl.TraverseAttr); ok {
				name += "." + attr.Name
			}
		}
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	if call, ok := e.(*hclsyntax.FunctionCallExpr); ok && len(all) == 0 {
		all = append(all, call.Name+"(…)")
	}
	if len(all) == 0 {
		all = append(all, "an expression")
	}
	return all
}
