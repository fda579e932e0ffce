package manifest

import (
	"errors"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

// origin says how a text came about.
type origin int

const (
	// written by people.
	written origin = iota
	// logged is what an audit log says that somebody wrote.
	logged
	// rendered by Helm: nothing is left to fill in.
	rendered
	// live objects come from a cluster: what looks like a template there is text.
	live
	// planned by Terraform: nothing is left to fill in.
	planned
	// state of Terraform: nothing is left to fill in.
	state
	// pulumi: what Pulumi prints of a stack.
	pulumi
	// source of Terraform: every ${…} is filled in.
	source
	// synthesized is source of Terraform that another tool writes.
	synthesized
	// stack: a CloudFormation template, of which the deployment fills in all references.
	stack
)

// isTerraform reports whether Terraform's words fit.
func (o origin) isTerraform() bool {
	return o == planned || o == state || o == source || o == synthesized
}

// refusal says why a text of this origin is not edited, "" where it is.
func (o origin) refusal() string {
	switch o {
	case rendered:
		return "Helm renders this; change the template or the values"
	case logged:
		return "an audit log is not edited"
	case planned:
		return "a Terraform plan is not edited; change the Terraform source that it was made from"
	case state:
		return "a Terraform state is not edited; change the Terraform source, and apply it"
	case pulumi:
		return "what Pulumi prints is not edited; change the program, and deploy it"
	case synthesized:
		return "what CDK for Terraform writes is not edited; change the program that it was made from"
	case stack:
		return "a CloudFormation template is not edited; change the source that it was made from"
	}
	return ""
}

// locator knows where a data value is in the file.
type locator interface {
	// span maps a range of the value to the file, or to the nearest place.
	span(in Span) Span
	// edit turns an edit of the value into one of the file, or says why that can't be done.
	edit(e Edit) (Edit, error)
}

// fragments are a text that is put together from pieces of a file: a manifest in the strings of a template, a list that a
// tool makes of its own fields. Its places are known, but it is not edited.
type fragments struct {
	text strings.Builder
	list []fragment
	// refusal says why what can't be edited here is not.
	refusal string
	// editable is set where pieces that stand in the file byte by byte are edited there.
	editable bool
}

// fragment is a piece of such a text.
type fragment struct {
	start, size int  // in the text
	at          Span // of the piece in the file
	// exact is nil where only the piece as a whole can be located.
	exact locator
	// literal is set where ${…} and %{…} in it are text.
	literal bool
}

// add appends a piece.
func (f *fragments) add(text string, at Span, exact locator) {
	f.list = append(f.list, fragment{start: f.text.Len(), size: len(text), at: at, exact: exact})
	f.text.WriteString(text)
}

// addLiteral appends a piece in which ${…} and %{…} are text.
func (f *fragments) addLiteral(text string, at Span, exact locator) {
	f.add(text, at, exact)
	f.list[len(f.list)-1].literal = true
}

// isLiteral reports whether ${…} and %{…} at an offset of the text are text.
func (f *fragments) isLiteral(offset int) bool {
	piece := f.holding(offset)
	if inner, ok := piece.exact.(*fragments); ok {
		return inner.isLiteral(offset - piece.start)
	}
	return piece.literal
}

// holding is the fragment that holds an offset of the text.
func (f *fragments) holding(offset int) fragment {
	i := sort.Search(len(f.list), func(i int) bool { return f.list[i].start > offset })
	if i == 0 {
		return fragment{}
	}
	return f.list[i-1]
}

func (f *fragments) span(in Span) Span {
	first, last := f.holding(in.Start), f.holding(max(in.Start, in.End-1))
	start, end := first.at.Start, last.at.End
	if first.exact != nil {
		start = first.exact.span(Span{Start: in.Start - first.start, End: in.Start - first.start}).Start
	}
	if last.exact != nil {
		end = last.exact.span(Span{Start: max(in.Start-last.start, 0), End: in.End - last.start}).End
	}
	return Span{Start: start, End: max(start, end)}
}

// edit edits the file where one piece alone is to change.
func (f *fragments) edit(e Edit) (Edit, error) {
	piece := f.holding(e.Start)
	if !f.editable || piece.exact == nil || e.End > piece.start+piece.size || e.Start < piece.start {
		return Edit{}, errors.New(f.refusal)
	}
	return piece.exact.edit(Edit{Start: e.Start - piece.start, End: e.End - piece.start, New: e.New})
}

// part is a value of which a text is a part that begins at an offset.
type part struct {
	locator
	start int
}

func (p part) span(in Span) Span {
	return p.locator.span(Span{Start: p.start + in.Start, End: p.start + in.End})
}

func (p part) edit(e Edit) (Edit, error) {
	return p.locator.edit(Edit{Start: p.start + e.Start, End: p.start + e.End, New: e.New})
}

// nested is a value of a manifest that itself is put together from fragments.
type nested struct {
	inner locator
	outer *fragments
}

func (n nested) span(in Span) Span { return n.outer.span(n.inner.span(in)) }

func (n nested) edit(e Edit) (Edit, error) {
	inner, err := n.inner.edit(e)
	if err != nil {
		return Edit{}, err
	}
	return n.outer.edit(inner)
}

// readOnly is a value that stands byte by byte in a file that people do not write themselves.
type readOnly struct {
	locator
	refusal string
}

func (v readOnly) edit(Edit) (Edit, error) { return Edit{}, errors.New(v.refusal) }

// refuse makes the document one that is not edited, for a reason.
func (d *Document) refuse(reason string) {
	for key, v := range d.values {
		d.values[key] = readOnly{locator: v, refusal: reason}
	}
}

// manifests reads the text of fragments and takes over what is found in it. The places that come out are those in this file.
func (r *reader) manifests(f *fragments, n *yaml.Node) {
	r.inner(&File{Text: f.text.String(), givenNamespace: r.givenNamespace, aim: r.aim}, f, n)
}

// valuesOf is manifests for the values of a chart.
func (r *reader) valuesOf(f *fragments, n *yaml.Node) {
	r.inner(&File{Text: f.text.String(), values: true, givenNamespace: r.givenNamespace}, f, n)
}

// inner reads a file in a file.
func (r *reader) inner(inner *File, f *fragments, n *yaml.Node) {
	inner.Name, inner.found, inner.origin, inner.carriers = r.file.Name, true, r.origin, r.file.carriers
	inner.role.replaced, inner.pieces = r.replaced, f
	readInto(inner)
	if len(inner.Documents)+len(inner.Problems)+len(inner.Notes) > 0 {
		r.cover(n)
	}
	for _, p := range inner.Problems {
		p.Span, p.Resource = f.span(p.Span), r.resource
		r.file.Problems = append(r.file.Problems, p)
	}
	for _, note := range inner.Notes {
		r.file.Notes = append(r.file.Notes, Note{Span: f.span(note.Span), What: note.What, Message: note.Message})
	}
	for _, d := range inner.Documents {
		outer := r.document(n)
		outer.Data, outer.BinaryData, outer.Immutable, outer.ignored = d.Data, d.BinaryData, d.Immutable, d.ignored
		outer.tokens, outer.masked, outer.Edit = d.tokens, d.masked, d.Edit
		if d.Edit != nil {
			outer.at = f.span(d.at)
		}
		for key, at := range d.keys {
			outer.keys[key] = f.span(at)
		}
		for key, v := range d.values {
			outer.values[key] = nested{inner: v, outer: f}
		}
	}
}
