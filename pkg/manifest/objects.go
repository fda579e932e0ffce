package manifest

import (
	"encoding/base64"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/internal/yamlpos"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// reader reads one document of a stream.
type reader struct {
	file *File
	yaml *yamlpos.File
	base int // where the document begins in the file
	seen map[*yaml.Node]bool
}

func (f *File) readChunk(c Span) {
	text := maskSurrogates(f.Text[c.Start:c.End])
	r := &reader{file: f, yaml: yamlpos.Parse(text), base: c.Start, seen: map[*yaml.Node]bool{}}
	if r.yaml.Err != nil {
		r.syntaxProblem(text)
		return
	}
	if at, ok := r.yaml.Trailing(); ok {
		f.problem(RuleSyntax, Span{Start: c.Start + at, End: c.Start + lineInk(text, at)}, "",
			"the YAML document above ends here by its indentation, so this is not read: check the indentation, or put --- between two manifests")
	}
	r.object(r.yaml.Root)
}

// object looks for aws-auth in one object, or in each item of a List.
func (r *reader) object(n *yaml.Node) {
	n = target(n)
	if n == nil || n.Kind != yaml.MappingNode || r.seen[n] {
		return
	}
	// An object is taken once: aliases can't multiply Lists of Lists.
	r.seen[n] = true
	fields := r.fields(n)
	kind := text(fields.get("kind"))
	items := target(fields.get("items"))
	switch {
	case strings.HasSuffix(kind, "List") && items != nil && items.Kind == yaml.SequenceNode:
		for _, item := range items.Content {
			r.object(item)
		}
	case kind == "ConfigMap":
		r.configMap(n, fields)
	case kind == "":
		r.bare(n, fields)
	}
}

// configMap takes a ConfigMap named aws-auth, and one without a name that holds the keys of aws-auth.
func (r *reader) configMap(n *yaml.Node, fields fields) {
	metadata := r.fields(target(fields.get("metadata")))
	data := target(fields.get("data"))
	switch name := text(metadata.get("name")); {
	case name == awsauth.Name:
		r.namespace(n, metadata)
	case name != "" || !r.fields(data).hasMapKey() && !fields.hasMapKey():
		return
	default:
		r.shapeProblem(r.span(n), "", "the ConfigMap has no metadata.name: add `name: aws-auth` and `namespace: kube-system`")
	}
	r.repeated(fields, "the manifest")
	r.repeated(metadata, "metadata")
	r.outside(fields, "the top level")
	r.outside(metadata, "metadata")
	d := r.document(n)
	r.dataSection(d, data, r.key(fields, "data"))
	r.binaryData(d, target(fields.get("binaryData")))
}

// bare takes a mapping without a kind that holds the keys of aws-auth, at its top level or under data.
func (r *reader) bare(n *yaml.Node, fields fields) {
	metadata := r.fields(target(fields.get("metadata")))
	if name := text(metadata.get("name")); name != "" && name != awsauth.Name {
		return
	}
	data := target(fields.get("data"))
	inner := r.fields(data)
	switch {
	case inner.hasMapKey():
		if r.file.found && !inner.hasMapText() {
			return
		}
		d := r.document(n)
		r.outside(fields, "the top level")
		r.dataSection(d, data, r.key(fields, "data"))
		r.binaryData(d, target(fields.get("binaryData")))
	case fields.hasMapKey():
		// Native lists under these keys are the configuration of some other tool, unless somebody named the file.
		if r.file.found && !fields.hasMapText() {
			return
		}
		d := r.document(n)
		r.repeated(fields, "the manifest")
		for _, f := range fields {
			if isMapKey(f.name) {
				r.datum(d, f)
			}
		}
	}
}

func (r *reader) document(n *yaml.Node) *Document {
	d := &Document{
		Data: map[string]string{}, BinaryData: map[string][]byte{}, at: r.span(n),
		values: map[string]*value{}, keys: map[string]Span{}, lines: map[string]*yamlpos.File{},
	}
	r.file.Documents = append(r.file.Documents, d)
	return d
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
	node := target(f.value)
	d.keys[f.name] = r.span(f.key)
	switch {
	case isNull(node):
		d.Data[f.name] = ""
	case node.Kind == yaml.ScalarNode && node.ShortTag() == "!!str":
		d.Data[f.name] = node.Value
	default:
		r.shapeProblem(r.span(f.key), section(f.name), notText(f.name, node))
		return
	}
	d.values[f.name] = r.value(node)
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
	return fmt.Sprintf("data.%s is %s instead of a text: %s; write `%s: |` and indent what is below it", key, what, refused, key)
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

// span is the range of a node in the file.
func (r *reader) span(n *yaml.Node) Span {
	s, ok := r.yaml.Span(n)
	if !ok {
		return Span{Start: r.base, End: r.base}
	}
	return Span{Start: r.base + s.Start, End: r.base + s.End}
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
