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
	// looked is set once the locals of the other files of the folder are defined, and ref is what refers to such a local.
	looked bool
	ref    Span
	// known are templates that were read, missing names what would have to be known.
	known   map[*hclsyntax.TemplateExpr]bool
	missing []string
	// used are the places of the locals that were read.
	used []Span
	// nodes and bytes are how much may still come of the expressions: locals can multiply.
	nodes, bytes int
	depth        int
}

// These limits are far more than a file that people write has.
const (
	maxNodes = 500_000
	maxBytes = 16 << 20
	maxDepth = 200
)

func (r *reader) hclNodes() *hclNodes {
	return &hclNodes{
		r: r, locals: map[string]func() *yaml.Node{}, known: map[*hclsyntax.TemplateExpr]bool{}, nodes: maxNodes, bytes: maxBytes,
	}
}

// define sets a local. It is made once, where it is asked for. While it is made, it is nil: a local that depends on itself has
// no value.
func (h *hclNodes) define(name string, make func() *yaml.Node) {
	var n *yaml.Node
	var missing []string
	begun := false
	h.locals[name] = func() *yaml.Node {
		if !begun {
			begun = true
			before := h.missing
			h.missing = nil
			n = make()
			slices.Sort(h.missing)
			missing, h.missing = slices.Compact(h.missing), before
		}
		h.missing = append(h.missing, missing...)
		return n
	}
}

// afford takes a node, with all that is in it, from what may still come of expressions. It is false where that is too much:
// nodes can be shared, so written out they can be many more than there are.
func (h *hclNodes) afford(n *yaml.Node, depth int) bool {
	h.nodes--
	h.bytes -= len(n.Value)
	if h.nodes < 0 || h.bytes < 0 || depth > maxDepth {
		return false
	}
	for _, child := range n.Content {
		if !h.afford(child, depth+1) {
			return false
		}
	}
	return true
}

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
	if h.nodes--; h.nodes < 0 || h.depth > maxDepth {
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
	if _, isOther := h.at.(another); !isOther {
		h.ref = h.span(e.Range())
	}
	var n *yaml.Node
	for i, step := range e.Traversal[1:] {
		attr, ok := step.(hcl.TraverseAttr)
		switch {
		case !ok:
			return h.unresolved(e)
		case i > 0:
			n = h.r.get(n, attr.Name)
		case h.locals[attr.Name] == nil:
			if h.lookBeside(); h.locals[attr.Name] != nil {
				n = h.locals[attr.Name]()
			}
		default:
			n = h.locals[attr.Name]()
		}
		if n == nil {
			return h.unresolved(e)
		}
	}
	return n
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
	known, unknown := false, false
	for _, part := range e.Parts {
		if lit, ok := part.(*hclsyntax.LiteralValueExpr); ok && lit.Val.Type() == cty.String && !lit.Val.IsNull() {
			h.pieces(f, lit, isQuoted)
			known = known || strings.TrimSpace(lit.Val.AsString()) != ""
			continue
		}
		switch part.(type) {
		case *hclsyntax.ConditionalExpr, *hclsyntax.TemplateJoinExpr, *hclsyntax.ForExpr:
			return h.unresolved(e)
		}
		n := h.expr(part)
		if h.bytes -= len(n.Value); n.Kind != yaml.ScalarNode || h.bytes < 0 || f.text.Len()+len(n.Value) > maxMap {
			return h.unresolved(e)
		}
		known, unknown = known || h.r.unresolved[n] == nil, unknown || h.r.unresolved[n] != nil
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
	if unknown && !known {
		h.r.unresolved[n] = names(e)
	}
	return n
}

// unresolved is a node for what is not known.
func (h *hclNodes) unresolved(e hclsyntax.Expression) *yaml.Node {
	missing := names(e)
	f := &fragments{refusal: "this value is computed in the Terraform source; change it there by hand"}
	f.add("${"+missing[0]+"}", h.span(e.Range()), nil)
	n := h.text(f, e.Range())
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
