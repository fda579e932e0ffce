package manifest

import (
	"encoding/base64"
	"fmt"
	"slices"
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
	// extent is the range of the document.
	extent Span
	// origin of the objects.
	origin origin
}

func (f *File) readChunk(c chunk) {
	text := f.Text[c.Start:c.End]
	speaks := !f.found || speaksOfAWSAuth(text)
	if !speaks && !maySpeak(text) {
		return
	}
	documents, problems, notes := len(f.Documents), len(f.Problems), len(f.Notes)
	r := &reader{places: newPlaces(), file: f, base: c.Start, extent: c.Span, seen: map[*yaml.Node]bool{}, origin: f.origin}
	r.read(c, text)
	if ch, at, found := unseen.Break(text); found && !c.json && len(f.Documents) > documents {
		f.problem(RuleSyntax, Span{Start: c.Start + at, End: c.Start + at + utf8.RuneLen(ch)}, "", fmt.Sprintf(
			"%s on this line is a line break to kubectl, and most editors don't show it: what follows it looks like a part of this line, "+
				"even of a comment, and is a line of its own; write a plain line break", unseen.Describe(ch)))
	}
	if !speaks && len(f.Documents) == documents {
		f.Problems, f.Notes = f.Problems[:problems], f.Notes[:notes]
	}
}

// read takes what kubectl reads, and then finds its places.
func (r *reader) read(c chunk, text string) {
	r.yaml = yamlpos.Unparsed(text)
	v, err := c.decode(text)
	if _, isList := v.([]any); (isList || err != nil) && r.list(text) {
		return
	}
	if err != nil {
		if !r.isTemplate(c.Span) {
			r.syntaxProblem(text, err)
		}
		return
	}
	var root *yaml.Node
	var tail int
	if r.yaml, root, tail = c.parse(text); tail >= 0 {
		r.file.problem(RuleSyntax, Span{Start: c.Start + tail, End: c.Start + lineInk(text, tail)}, "",
			"the YAML document above ends here, and kubectl silently drops what follows: check the indentation, "+
				"or put --- on a line by itself between two manifests")
	}
	r.objects(r.conform(root, nil, v))
}

const kindConfigMap = "ConfigMap"

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
	for _, item := range items.Content {
		r.typed(item, strings.TrimSuffix(kind, "List"))
	}
}

// typed reads an item of a List. One without a kind has that of the List.
func (r *reader) typed(item *yaml.Node, kind string) {
	fields := r.fields(item)
	switch {
	case kind == "" || fields.text("kind") != "" || fields.text("apiVersion") != "":
		r.object(item)
	case kind == kindConfigMap && r.visit(item):
		r.configMap(item, fields)
	}
}

// object looks for aws-auth in one object, or in each item of a List.
func (r *reader) object(n *yaml.Node) {
	if !r.visit(n) {
		return
	}
	if n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			r.object(item)
		}
		return
	}
	fields := r.fields(n)
	kind := fields.text("kind")
	items := fields.get("items")
	switch {
	case kind != "" && items != nil && items.Kind == yaml.SequenceNode:
		for _, item := range items.Content {
			r.object(item)
		}
	case kind == kindConfigMap:
		r.configMap(n, fields)
	case kind == "ClusterConfig":
		r.eksctl(n, fields)
	case kind == "" && !r.terraform(fields) && !r.cloudFormation(fields):
		r.bare(n, fields)
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

// configMap takes a ConfigMap named aws-auth, and one without a name that holds the keys of aws-auth.
func (r *reader) configMap(n *yaml.Node, fields fields) {
	metadata := r.fields(fields.get("metadata"))
	if r.origin == written && metadata.get("resourceVersion") != nil {
		r.origin = live
		defer func() { r.origin = written }()
	}
	data := fields.get("data")
	switch name := metadata.text("name"); {
	case name != awsauth.Name && (name != "" || !r.fields(data).hasMapKey() && !fields.hasMapKey()), r.isTemplate(r.whole(n)):
		return
	case name == awsauth.Name:
		r.namespace(n, metadata)
	default:
		r.shapeProblem(r.span(n), "", "the ConfigMap has no metadata.name: add `name: aws-auth` and `namespace: kube-system`")
	}
	r.repeated(fields, "the manifest")
	r.repeated(metadata, "metadata")
	r.misspelled(fields, "data", "binaryData", "immutable")
	r.elsewhere(fields)
	r.outside(fields, "the top level")
	r.outside(metadata, "metadata")
	d := r.document(n)
	r.dataSection(d, data, r.key(fields, "data"))
	r.binaryData(d, fields.get("binaryData"))
	r.immutable(d, fields)
	r.noteTokens(d)
}

// bare takes a mapping without a kind that holds the keys of aws-auth, at its top level or under data.
func (r *reader) bare(n *yaml.Node, fields fields) {
	metadata := r.fields(fields.get("metadata"))
	if name := text(metadata.get("name")); name != "" && name != awsauth.Name {
		return
	}
	data := fields.get("data")
	inner := r.fields(data)
	switch {
	case inner.hasMapKey():
		if r.file.found && !inner.hasMapText() || r.isTemplate(r.whole(n)) {
			return
		}
		d := r.document(n)
		r.misspelled(fields, "kind")
		r.outside(fields, "the top level")
		r.dataSection(d, data, r.key(fields, "data"))
		r.binaryData(d, fields.get("binaryData"))
		r.immutable(d, fields)
		r.noteTokens(d)
	case fields.hasMapKey():
		// Native lists under these keys are the configuration of some other tool, unless somebody named the file.
		if r.file.found && !fields.hasMapText() || r.isTemplate(r.whole(n)) {
			return
		}
		d := r.document(n)
		r.repeated(fields, "the manifest")
		for _, f := range fields {
			if isMapKey(f.name) {
				r.datum(d, f)
			}
		}
		r.noteTokens(d)
	}
}

// immutable reads the field beside data that makes a ConfigMap unchangeable.
func (r *reader) immutable(d *Document, fields fields) {
	v := fields.get("immutable")
	if v == nil || v.Tag != "!!bool" || !slices.Contains([]string{"true", "yes", "on", "y"}, strings.ToLower(v.Value)) {
		return
	}
	d.Immutable = true
	d.keys["immutable"] = r.key(fields, "immutable")
}

func (r *reader) document(n *yaml.Node) *Document {
	d := newDocument(r.span(n))
	r.file.Documents = append(r.file.Documents, d)
	return d
}

func newDocument(at Span) *Document {
	return &Document{
		Data: map[string]string{}, BinaryData: map[string][]byte{}, at: at,
		values: map[string]locator{}, keys: map[string]Span{}, lines: map[string]*yamlpos.File{},
	}
}

// dataSection reads the texts under data.
func (r *reader) dataSection(d *Document, data *yaml.Node, at Span) {
	if data == nil || isNull(data) {
		return
	}
	if data.Kind != yaml.MappingNode {
		r.shapeProblem(at, "", "data is not a mapping: write `data:` and below it, indented, `mapRoles: |`")
		return
	}
	fields := r.fields(data)
	r.repeated(fields, "data")
	for _, f := range fields {
		r.datum(d, f)
	}
}

func (r *reader) datum(d *Document, f field) {
	node := f.value
	d.keys[f.name] = r.span(f.key)
	switch {
	case isNull(node):
		d.Data[f.name] = ""
	case isText(node):
		d.Data[f.name] = node.Value
	default:
		r.shapeProblem(r.span(f.key), section(f.name), notText(f.name, node))
		return
	}
	d.values[f.name] = r.value(node)
	if reason := r.origin.refusal(); reason != "" {
		d.values[f.name] = readOnly{locator: d.values[f.name], refusal: reason}
	}
}

// notText says why a value under data is refused by the API server.
func notText(key string, n *yaml.Node) string {
	const refused = "a ConfigMap holds only text, so kubectl refuses it"
	if n.Kind == yaml.ScalarNode {
		return fmt.Sprintf("data.%s is %q without quotes, which is not text: %s; put it in quotes", key, n.Value, refused)
	}
	what := "a mapping"
	if n.Kind == yaml.SequenceNode {
		what = "a list"
	}
	return fmt.Sprintf("data.%s is %s instead of text: %s; write `%s: |` and indent what is below it", key, what, refused, key)
}

func (r *reader) binaryData(d *Document, n *yaml.Node) {
	for _, f := range r.fields(n) {
		d.keys[f.name] = r.span(f.key)
		b, err := base64.StdEncoding.DecodeString(text(f.value))
		if err != nil {
			r.shapeProblem(r.span(f.key), section(f.name), fmt.Sprintf("binaryData.%s is not base64: kubectl refuses it", f.name))
		}
		d.BinaryData[f.name] = b
	}
}

// span is the range of a node in the file, or of the nearest around it. It is empty where the node is not there, or where no
// places are known.
func (r *reader) span(n *yaml.Node) Span {
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
