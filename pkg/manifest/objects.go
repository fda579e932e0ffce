package manifest

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/unseen"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

// reader reads one document of a stream.
type reader struct {
	*places
	file *File
	yaml *yamlpos.File
	base int // where the document begins in the file
	seen map[*yaml.Node]bool
	// templates are the ranges of objects that are yet to be rendered.
	templates []Span
	// covered are the nodes of which all is read or reported.
	covered map[*yaml.Node]bool
	// extent is the range of the document.
	extent Span
	// origin of the objects.
	origin origin
	// resource is the one that is read, as in Document.
	resource string
	// aim is that of the file, or of the patch that is read.
	aim aim
	// givenNamespace is that of the file, or of the resource that is read.
	givenNamespace string
	// givenName is the name that a tool gives to an object without one, nil where there is none.
	givenName *yaml.Node
	// versioned is set where a tool knows the version of an object that does not say it.
	versioned bool
	// root is the whole document.
	root *yaml.Node
	// hidden is set once something is found that speaks of the map only when it is decoded.
	hidden bool
	// replaced is what a kustomization that is read replaces in what it makes.
	replaced []replacement
	computed
}

// computed are nodes that the parser of YAML does not know: what comes of expressions.
type computed struct {
	spans map[*yaml.Node]Span
	texts map[*yaml.Node]*fragments
	// unresolved are nodes of which nothing is known, and what they depend on.
	unresolved map[*yaml.Node][]string
}

func (f *File) readChunk(c chunk) {
	text := f.Text[c.Start:c.End]
	speaks := !f.found || f.speaks(text)
	if !speaks && !maySpeak(text) && !isKustomization(f.Name) {
		return
	}
	documents, problems, notes := len(f.Documents), len(f.Problems), len(f.Notes)
	r := f.reader(c)
	r.read(c, text)
	if ch, at, found := unseen.Break(text); found && !c.json && f.origin != live && len(f.Documents) > documents {
		f.problem(RuleSyntax, Span{Start: c.Start + at, End: c.Start + at + utf8.RuneLen(ch)}, "", fmt.Sprintf(
			"%s on this line is a line break to kubectl, and most editors don't show it: what follows it looks like a part of this line, "+
				"even of a comment, and is a line of its own", unseen.Describe(ch)), "write a plain line break")
	}
	if !speaks && !r.hidden && len(f.Documents) == documents {
		f.Problems, f.Notes = f.Problems[:problems], f.Notes[:notes]
	}
}

func (f *File) reader(c chunk) *reader {
	return &reader{
		places: newPlaces(), file: f, yaml: yamlpos.Unparsed(f.Text[c.Start:c.End]), base: c.Start, extent: c.Span, seen: map[*yaml.Node]bool{}, covered: map[*yaml.Node]bool{},
		origin: f.origin, givenNamespace: f.givenNamespace, aim: f.aim,
		computed: computed{spans: map[*yaml.Node]Span{}, texts: map[*yaml.Node]*fragments{}, unresolved: map[*yaml.Node][]string{}},
	}
}

// read takes what kubectl reads, and then finds its places.
func (r *reader) read(c chunk, text string) {
	v, err := c.decode(text)
	if err == nil && !r.file.speaks(text) && !maySpeak(text) && !isKustomization(r.file.Name) {
		return
	}
	if _, isList := v.([]any); (isList || err != nil) && r.carryText(text) {
		return
	}
	if err != nil {
		r.unparsed(c, text, err)
		return
	}
	var root *yaml.Node
	var tail int
	if r.yaml, root, tail = c.parse(text); tail >= 0 {
		r.tailProblem(text, tail)
	}
	n := r.conform(root, nil, v)
	r.root = n
	if r.file.values {
		r.chartValues(n)
	} else {
		r.objects(n)
	}
	if r.origin != live {
		r.unread(n, &container{what: r.rootKind(n)})
	}
}

// unparsed reports a document that kubectl can't read. What is not meant to be a manifest is only noted, where it speaks of the map.
func (r *reader) unparsed(c chunk, text string, err error) {
	at, speaks := speaksInText(text)
	switch {
	case r.isTemplateOf(c.Span, true):
	case r.file.isManifest():
		r.syntaxProblem(text, err)
	case speaks:
		r.file.noteUnread(Span{Start: c.Start + at.Start, End: c.Start + at.End}, text[at.Start:at.End], r.file.fileKind())
	}
}

// objects looks for aws-auth in a document: an object, or a List, which for kubectl is whatever has items.
func (r *reader) objects(n *yaml.Node) {
	fields := r.fields(n)
	kind, items := fields.text("kind"), fields.get("items")
	list := items != nil && items.Kind == yaml.SequenceNode
	switch {
	case kind == kindConfigMap && items != nil:
		r.itemsInConfigMap(fields)
	case kind == "" || !list:
		r.object(n)
		return
	}
	if !list {
		return
	}
	versioned := r.versioned
	for _, item := range items.Content {
		r.versioned = versioned || fields.text("apiVersion") != ""
		r.typed(item, strings.TrimSuffix(kind, "List"))
		r.versioned = versioned
	}
}

// typed reads an item of a List. One with neither a kind nor a version has those of the List.
func (r *reader) typed(item *yaml.Node, kind string) {
	fields := r.fields(item)
	switch {
	case kind == "" || fields.text("kind") != "" || fields.text("apiVersion") != "":
		r.object(item)
	case kind == kindConfigMap && r.visit(item):
		r.configMap(object{node: item, fields: fields, kind: kind})
	}
}

// object looks for aws-auth in one object, or in each item of a List.
func (r *reader) object(n *yaml.Node) {
	if !r.visit(n) {
		return
	}
	if n.Kind == yaml.SequenceNode {
		if r.carryList(n) {
			return
		}
		for _, item := range n.Content {
			r.object(item)
		}
		return
	}
	o := r.asObject(n)
	items := o.get("items")
	if o.kind == "" || items == nil || items.Kind != yaml.SequenceNode {
		r.carry(o)
		return
	}
	for _, item := range items.Content {
		r.object(item)
	}
}

// visit reports whether a node is there and is seen for the first time. An object is taken once: aliases can't multiply
// Lists of Lists, nor lead in a circle.
func (r *reader) visit(n *yaml.Node) bool {
	if n == nil || r.seen[n] {
		return false
	}
	r.seen[n] = true
	return true
}

func (r *reader) document(n *yaml.Node) *Document {
	d := newDocument(r.span(n))
	d.Resource = r.resource
	r.file.Documents = append(r.file.Documents, d)
	r.cover(n)
	return d
}

func newDocument(at Span) *Document {
	return &Document{
		Data: map[string]string{}, BinaryData: map[string][]byte{}, at: at,
		values: map[string]locator{}, keys: map[string]Span{}, lines: map[string]*yamlpos.File{},
	}
}

// span is the range of a node in the file, or of the nearest around it. It is empty where the node is not there, or where no
// places are known.
func (r *reader) span(n *yaml.Node) Span {
	if s, ok := r.spans[n]; ok {
		return s
	}
	if n != nil && n.Kind == yaml.ScalarNode {
		if s, ok := r.yaml.Scalar(n); ok {
			start, _ := r.yaml.Start(n)
			return r.inFile(Span{Start: start, End: s.End})
		}
	}
	s, ok := r.yaml.Span(r.source[n])
	if !ok {
		return Span{Start: r.base, End: r.base}
	}
	return r.inFile(s)
}

// whole is the range of an object, that of the document where the places of the object are not known.
func (r *reader) whole(n *yaml.Node) Span {
	if s := r.span(n); s.End > s.Start {
		return s
	}
	return r.extent
}

// inFile moves a range of the document into the file. The line feed that kubectl adds to the last line lies outside.
func (r *reader) inFile(s Span) Span {
	return Span{Start: min(r.base+s.Start, len(r.file.Text)), End: min(r.base+s.End, len(r.file.Text))}
}

// section is the data key that a key names, or "".
func section(key string) awsauth.Key {
	for _, k := range awsauth.Keys() {
		if string(k) == key {
			return k
		}
	}
	return ""
}
