package manifest

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// configMapData is the resource that writes keys into a ConfigMap which somebody else makes.
const configMapData = "kubernetes_config_map_v1_data"

// terraformKind is a type of resource that can hold the map.
type terraformKind struct {
	// attribute is where the map is.
	attribute string
	read      func(r *reader, values fields)
	// mine reports whether values name aws-auth, apart from the attribute.
	mine func(r *reader, values fields) bool
	// file is set where the resource writes no more than a file.
	file bool
}

func terraformKinds() map[string]terraformKind {
	data := terraformKind{attribute: "data", read: (*reader).terraformData, mine: (*reader).isAWSAuth}
	file := terraformKind{attribute: "content", read: manifestIn("content"), mine: (*reader).isNamed, file: true}
	return map[string]terraformKind{
		"kubernetes_config_map": data, "kubernetes_config_map_v1": data, configMapData: data,
		"kubernetes_manifest": {attribute: "manifest", read: (*reader).terraformManifest, mine: (*reader).isNamed},
		"kubectl_manifest":    {attribute: "yaml_body", read: manifestIn("yaml_body"), mine: (*reader).isNamed},
		// The providers kbst/kustomization and banzaicloud/k8s.
		"kustomization_resource": {attribute: "manifest", read: manifestIn("manifest"), mine: (*reader).isNamed},
		"k8s_manifest":           {attribute: "content", read: manifestIn("content"), mine: (*reader).isNamed},
		"helm_release":           {attribute: "values", read: (*reader).terraformRelease, mine: (*reader).isNamed},
		"local_file":             file, "local_sensitive_file": file,
	}
}

// terraformResource reads one resource by its values.
func (r *reader) terraformResource(kind, address string, values fields) {
	read := terraformKinds()[kind].read
	if read == nil || values == nil {
		return
	}
	r.resource = address
	said := r.said()
	read(r, values)
	r.resource = ""
	if said == r.said() {
		in := &container{what: "a " + kind}
		for _, f := range values {
			r.unread(f.value, in)
		}
	}
}

// manifestIn reads an attribute that is the text of a manifest.
func manifestIn(attribute string) func(*reader, fields) {
	return func(r *reader, values fields) { r.manifestText(values.get(attribute)) }
}

// manifestText reads a manifest, or several, in a text of the file.
func (r *reader) manifestText(n *yaml.Node) {
	if n != nil && isText(n) {
		r.manifests(r.textOf(n), n)
	}
}

// textOf is a text of the file as something that can be read again.
func (r *reader) textOf(n *yaml.Node) *fragments {
	f := &fragments{refusal: r.origin.refusal(), editable: r.origin.refusal() == ""}
	f.add(n.Value, r.span(n), r.value(n))
	return f
}

// terraformManifest reads an object, or in source the text that it is decoded from.
func (r *reader) terraformManifest(values fields) {
	if n := values.get("manifest"); n != nil && isText(n) {
		r.manifestText(n)
	} else {
		r.object(n)
	}
}

// terraformData reads the data of a ConfigMap.
func (r *reader) terraformData(values fields) {
	data, metadata := block(values.get("data")), r.metadata(values)
	name := text(metadata.get("name"))
	ignored := false
	switch {
	case name == awsauth.Name, r.isLater(name) && r.fields(data).hasMapKey():
		ignored = !r.namespace(data, metadata)
	case name != "" || !r.fields(data).hasMapKey():
		return
	default:
		ignored = true
		r.shapeProblem(r.span(data), "", "the ConfigMap has no name", "add `name = \"aws-auth\"` and `namespace = \"kube-system\"` to its metadata")
	}
	if data == nil || data.Kind != yaml.MappingNode {
		return
	}
	d := r.document(data)
	d.ignored = ignored
	r.dataSection(d, data, r.key(values, "data"))
	r.binaryData(d, values.get("binary_data"))
	r.immutable(d, values)
	r.noteTokens(d)
}

// dropEmpty drops the last documents, from an index on, of which nothing was read, and reports whether there were any.
func (r *reader) dropEmpty(from int) bool {
	n := len(r.file.Documents)
	r.file.Documents = append(r.file.Documents[:from], slices.DeleteFunc(r.file.Documents[from:], func(d *Document) bool {
		return len(d.Data)+len(d.BinaryData) == 0
	})...)
	return len(r.file.Documents) < n
}

func (r *reader) metadata(values fields) fields { return r.fields(block(values.get("metadata"))) }

// block is the first block of a kind: a provider writes blocks as lists, and old source writes data as a block.
func block(n *yaml.Node) *yaml.Node {
	if blocks := items(n); len(blocks) > 0 {
		return blocks[0]
	}
	return n
}

// isAWSAuth reports whether the metadata block of a resource names the ConfigMap.
func (r *reader) isAWSAuth(values fields) bool {
	metadata := r.metadata(values)
	return text(metadata.get("name")) == awsauth.Name && text(metadata.get("namespace")) == awsauth.Namespace
}

// isNamed reports whether a resource says in some other attribute that it is about aws-auth.
func (r *reader) isNamed(values fields) bool {
	for _, f := range values {
		if strings.Contains(text(f.value), awsauth.Name) {
			return true
		}
	}
	return false
}
