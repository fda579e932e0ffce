package manifest

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

const (
	kindConfigMap = "ConfigMap"
	kindSecret    = "Secret"
)

func configMapCarrier() carrier {
	return carrier{
		name: "ConfigMap",
		is:   func(r *reader, o object) bool { return o.kind == kindConfigMap || r.isNearConfigMap(o) },
		read: (*reader).configMap,
	}
}

// configMap takes a ConfigMap named aws-auth, and one without a name that holds the keys of aws-auth.
func (r *reader) configMap(o object) {
	n, fields := o.node, o.fields
	metadata := r.fields(fields.get("metadata"))
	if r.origin == written && metadata.get("resourceVersion") != nil {
		r.origin = live
		defer func() { r.origin = written }()
	}
	data, ignored, misnamed := fields.get("data"), false, false
	if r.wrongKind(o, data); o.kind == kindSecret {
		r.cover(n)
		return
	}
	named := metadata.get("name")
	if text(named) == "" && r.givenName != nil {
		named = r.givenName
	}
	switch name := text(named); {
	case name != awsauth.Name && nearName(name) && r.aim == untold && r.fields(data).hasMapText():
		r.shapeProblem(r.span(named), "", fmt.Sprintf("EKS reads only the ConfigMap %s, never one named %s", awsauth.Name, name), "write `name: "+awsauth.Name+"`")
		ignored, misnamed = !r.namespace(n, metadata), true
	case r.isLater(name) && r.aim != aimed && r.fields(data).hasMapText():
		if r.isTemplate(r.whole(n)) {
			return
		}
		r.noteLater("name", named, awsauth.Name)
		ignored = !r.namespace(n, metadata)
	case name != awsauth.Name && r.aim != aimed && (name != "" || !r.fields(data).hasMapKey() && !fields.hasMapKey()), r.isTemplate(r.whole(n)):
		r.valuesIn(n, data)
		return
	case name == awsauth.Name, r.aim == aimed:
		ignored = r.aim != aimed && !r.namespace(n, metadata)
	default:
		r.shapeProblem(r.span(n), "", "the ConfigMap has no metadata.name", "add `name: aws-auth` and `namespace: kube-system`")
	}
	r.repeated(fields, "the manifest")
	r.repeated(metadata, "metadata")
	r.misspelled(fields, "data", "binaryData", "immutable")
	r.elsewhere(fields)
	r.outside(fields, "the top level")
	if !r.dataInMetadata(fields, metadata) {
		r.outside(metadata, "metadata")
	}
	d := r.document(n)
	d.ignored = ignored
	d.misplaced = misnamed || ignored && cmp.Or(metadata.text("namespace"), r.file.role.namespace, r.file.givenNamespace) != ""
	// What begins further right is inside of something else, as in a task of Ansible.
	d.Whole = !ignored && (r.origin == written || r.origin == live) && r.aim != aimed && r.file.lineStart(r.span(n).Start) == r.span(n).Start
	if patch := fields.get("$patch"); text(patch) == "delete" {
		d.delete(r.span(patch))
		return
	}
	r.dataSection(d, data, r.key(fields, "data"))
	r.binaryData(d, fields.get("binaryData"))
	r.immutable(d, fields)
	// What is inside of another object, kustomize does not select.
	selected := n == r.root && o.kind == kindConfigMap && (metadata.text("name") == awsauth.Name || r.aim == aimed)
	d.replace(r.file.role.replaced, metadata.text("namespace"), selected)
	r.noteTokens(d)
}

// valuesIn reads the values of a chart that a ConfigMap holds, as HelmReleases of Flux take them, by the name of their key.
func (r *reader) valuesIn(n, data *yaml.Node) {
	for _, f := range r.fields(data) {
		if valuesKey.MatchString(f.name) && isText(f.value) && !slices.Contains(r.templates, r.whole(n)) {
			r.valuesOf(r.textOf(f.value), f.value)
		}
	}
}

// valuesKey is a key under which people keep values: that of Flux if no other is given, and names of files.
var valuesKey = regexp.MustCompile(`^(?:[-_.\w]*[-_.])?values(?:[-_.][-_.\w]*)?\.ya?ml$`)

// dataSection reads the texts under data.
func (r *reader) dataSection(d *Document, data *yaml.Node, at Span) {
	if data == nil {
		return
	}
	d.section.key, d.section.value = at, r.span(data)
	switch {
	case isNull(data):
		if r.patching() {
			d.onlyData(r.span(data))
		}
		return
	}
	if data.Kind == yaml.MappingNode && r.pulumiHides(field{name: "data", key: data, value: data}) {
		return
	}
	if data.Kind != yaml.MappingNode {
		r.shapeProblem(at, "", "data is not a mapping", "write `data:` and below it, indented, `mapRoles: |`")
		return
	}
	fields := r.fields(data)
	r.repeated(fields, "data")
	for _, f := range fields {
		switch {
		case r.patching() && f.name == "$patch":
			defer d.onlyData(r.span(f.value))
		case r.patching() && isNull(f.value) && section(f.name) != "":
			if _, ok := r.byYtt(f); ok {
				r.datum(d, f)
			} else {
				d.take(section(f.name), r.span(f.value))
			}
		default:
			r.datum(d, f)
		}
	}
}

func (r *reader) datum(d *Document, f field) {
	node := f.value
	d.keys[f.name] = r.span(f.key)
	switch {
	case r.unresolved[f.value] != nil, r.pulumiHides(f), r.stackDatum(d, f):
		return
	case isNull(node):
		d.Data[f.name] = ""
		r.noteComputed(f)
	case isText(node):
		d.Data[f.name] = node.Value
	default:
		what, remedy := notText(f.name, node)
		r.shapeProblem(r.span(f.key), section(f.name), what, remedy)
		return
	}
	d.values[f.name] = r.value(node)
	if reason := r.origin.refusal(); reason != "" {
		d.values[f.name] = readOnly{locator: d.values[f.name], refusal: reason}
	}
}

// notText says why a value under data is refused by the API server, and what to write.
func notText(key string, n *yaml.Node) (what, remedy string) {
	const refused = "a ConfigMap holds only text, so kubectl refuses it"
	if n.Kind == yaml.ScalarNode {
		return fmt.Sprintf("data.%s is %q without quotes, which is not text: %s", key, n.Value, refused), "put it in quotes"
	}
	shape := "a mapping"
	if n.Kind == yaml.SequenceNode {
		shape = "a list"
	}
	return fmt.Sprintf("data.%s is %s instead of text: %s", key, shape, refused), "write `" + key + ": |` and indent what is below it"
}

func (r *reader) binaryData(d *Document, n *yaml.Node) {
	for _, f := range r.fields(n) {
		d.keys[f.name] = r.span(f.key)
		b, err := base64.StdEncoding.DecodeString(text(f.value))
		if err != nil {
			r.shapeProblem(r.span(f.key), section(f.name), fmt.Sprintf("binaryData.%s is not base64: kubectl refuses it", f.name), "write the text under `data:`")
		}
		d.BinaryData[f.name] = b
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
