package manifest

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// carrier is a kind of file that carries the map. Each kind has a file of its own in this package: its row, how it is
// recognised, and how it is read.
type carrier struct {
	// name is what people call it. docs/carriers.md has a row and an example of each.
	name string
	// is recognises an object of this kind.
	is func(*reader, object) bool
	// read takes what the object holds of aws-auth.
	read func(*reader, object)
	// text, in place of both, takes a document that is no object, or that does not even parse, and reports whether it is of
	// this kind.
	text func(r *reader, text string) bool
	// file, in place of these, takes a file in a language of its own, and reports whether it is of this kind.
	file func(*File) bool
	// list, in place of both, takes a list at the top of a document, and reports whether it is of this kind.
	list func(r *reader, n *yaml.Node) bool
}

// carriers are all kinds. The first that recognises an object reads it.
func carriers() []carrier {
	return []carrier{
		sopsCarrier(),
		configMapCarrier(),
		eksctlCarrier(),
		capaCarrier(),
		eksAnywhereCarrier(),
		awsAuthItemCarrier(),
		kopsCarrier(),
		identityMappingCarrier(),
		crossplaneCarrier(),
		pulumiCarrier(),
		terraformCarrier(),
		tfstateCarrier(),
		terraformJSONCarrier(),
		terraformSourceCarrier(),
		cloudFormationCarrier(),
		kustomizeCarrier(),
		helmReleaseCarrier(),
		fluxKustomizationCarrier(),
		argoCDCarrier(),
		ansibleCarrier(),
		auditEventCarrier(),
		jsonPatchCarrier(),
		eksctlGetCarrier(),
		eksctlTableCarrier(),
		describeCarrier(),
		valuesCarrier(),
		bareCarrier(),
		listCarrier(),
	}
}

// object is a mapping in a file, as a carrier sees it.
type object struct {
	fields
	node *yaml.Node
	// kind and group are those of a Kubernetes object, "" where it has none.
	kind, group string
}

func (r *reader) asObject(n *yaml.Node) object {
	o := object{node: n, fields: r.fields(n)}
	o.kind = o.text("kind")
	if group, _, ok := strings.Cut(o.text("apiVersion"), "/"); ok {
		o.group = group
	}
	return o
}

// carry reads an object as the carrier that it is.
func (r *reader) carry(o object) {
	for _, c := range r.file.carriers {
		if c.is != nil && c.is(r, o) {
			c.read(r, o)
			return
		}
	}
}

// carryFile reads a file in a language of its own, and reports whether it is one.
func (f *File) carryFile() bool {
	return slices.ContainsFunc(f.carriers, func(c carrier) bool { return c.file != nil && c.file(f) })
}

// carryList reads a list that is no list of objects, and reports whether it carries the map.
func (r *reader) carryList(n *yaml.Node) bool {
	for _, c := range r.file.carriers {
		if c.list != nil && c.list(r, n) {
			return true
		}
	}
	return false
}

// carryText reads a text that is no object, and reports whether it carries the map.
func (r *reader) carryText(text string) bool {
	for _, c := range r.file.carriers {
		if c.text != nil && c.text(r, text) {
			return true
		}
	}
	return false
}
