package manifest

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// configMapResources are the types of the kubernetes provider that write the data of a ConfigMap.
var configMapResources = []string{"kubernetes_config_map", "kubernetes_config_map_v1", "kubernetes_config_map_v1_data"}

func terraformCarrier() carrier {
	return carrier{
		name: "Terraform plan or state (terraform show -json)",
		is: func(_ *reader, o object) bool {
			return o.kind == "" && o.get("format_version") != nil && o.get("terraform_version") != nil
		},
		read: (*reader).terraform,
	}
}

// terraform reads what `terraform show -json` prints of a plan or a state.
func (r *reader) terraform(o object) {
	r.origin = planned
	values := o.get("planned_values")
	if values == nil {
		values = o.get("values")
	}
	if values != nil {
		r.terraformModule(r.get(values, "root_module"))
	}
	for _, change := range items(o.get("resource_changes")) {
		resource := r.fields(change)
		after := r.fields(r.get(resource.get("change"), "after"))
		if values == nil && after != nil {
			r.terraformResource(resource, after)
		}
		r.knownAfterApply(resource, after)
	}
}

func (r *reader) terraformModule(module *yaml.Node) {
	if !r.visit(module) {
		return
	}
	for _, n := range items(r.get(module, "resources")) {
		if !r.visit(n) {
			continue
		}
		resource := r.fields(n)
		if values := r.fields(resource.get("values")); values != nil {
			r.terraformResource(resource, values)
		}
	}
	for _, child := range items(r.get(module, "child_modules")) {
		r.terraformModule(child)
	}
}

// terraformResource reads one resource by its values.
func (r *reader) terraformResource(resource, values fields) {
	switch kind := text(resource.get("type")); {
	case slices.Contains(configMapResources, kind):
		if r.isAWSAuth(values) {
			r.terraformData(values)
		}
	case kind == "kubernetes_manifest":
		r.object(values.get("manifest"))
	case kind == "kubectl_manifest":
		if body := values.get("yaml_body"); body != nil {
			f := &fragments{refusal: planned.refusal()}
			f.add(text(body), r.span(body), r.value(body))
			r.manifests(f, body)
		}
	}
}

func (r *reader) terraformData(values fields) {
	data := values.get("data")
	if data == nil || data.Kind != yaml.MappingNode {
		return
	}
	d := r.document(data)
	r.dataSection(d, data, r.key(values, "data"))
	r.binaryData(d, values.get("binary_data"))
	r.immutable(d, values)
}

// isAWSAuth reports whether the metadata block of a resource names the ConfigMap. A provider writes blocks as lists.
func (r *reader) isAWSAuth(values fields) bool {
	for _, block := range items(values.get("metadata")) {
		metadata := r.fields(block)
		if text(metadata.get("name")) == awsauth.Name && text(metadata.get("namespace")) == awsauth.Namespace {
			return true
		}
	}
	return false
}

// knownAfterApply notes data that no plan can tell.
func (r *reader) knownAfterApply(resource, after fields) {
	if !slices.Contains(configMapResources, text(resource.get("type"))) || !r.isAWSAuth(after) {
		return
	}
	unknown := r.get(r.get(resource.get("change"), "after_unknown"), "data")
	if !r.holdsTrue(unknown) {
		return
	}
	address := "a " + text(resource.get("type"))
	if a := strings.TrimSpace(text(resource.get("address"))); a != "" {
		address = a
	}
	r.file.Notes = append(r.file.Notes, Note{
		Span: r.span(resource.get("address")), What: Part,
		Message: "data of " + address +
			" is known only after the apply, so it was not checked; see `kubectl aws-auth audit` after it",
	})
}

// holdsTrue reports whether a mark of what is unknown is set for a value or a part of it.
func (r *reader) holdsTrue(n *yaml.Node) bool {
	if n == nil {
		return false
	}
	if n.Kind == yaml.ScalarNode {
		return n.Value == "true"
	}
	return slices.ContainsFunc(n.Content, r.holdsTrue)
}

// get is the value of a key, nil where the node is no mapping or has no such key.
func (r *reader) get(n *yaml.Node, name string) *yaml.Node { return r.fields(n).get(name) }

// items are the items of a list, none of anything else.
func items(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}
