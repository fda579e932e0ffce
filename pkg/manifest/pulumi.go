package manifest

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// What Pulumi writes in place of a secret (its key) and of a value that only the deployment knows.
const (
	pulumiSecret  = "4dabf18193072939515e22adb298388d"
	pulumiUnknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
)

func pulumiCarrier() carrier {
	return carrier{
		name: "Pulumi stack export or preview",
		is: func(r *reader, o object) bool {
			if o.kind != "" {
				return false
			}
			return r.get(o.get("deployment"), "resources") != nil || slices.ContainsFunc(items(o.get("steps")), func(n *yaml.Node) bool {
				return r.get(n, "op") != nil && r.get(n, "urn") != nil
			})
		},
		read: (*reader).pulumi,
	}
}

// pulumi reads what `pulumi stack export` and `pulumi preview --json` print.
func (r *reader) pulumi(o object) {
	r.origin = pulumi
	for _, n := range items(r.get(o.get("deployment"), "resources")) {
		r.pulumiResource(n)
	}
	for _, n := range items(o.get("steps")) {
		r.pulumiStep(r.fields(n))
	}
}

// pulumiResource reads one resource of the Kubernetes provider by what the program asks for.
func (r *reader) pulumiResource(n *yaml.Node) {
	if !r.visit(n) {
		return
	}
	state := r.fields(n)
	kind, urn := text(state.get("type")), strings.Split(text(state.get("urn")), "::")
	inputs := state.get("inputs")
	r.cover(state.get("outputs"))
	switch {
	case inputs == nil:
		return
	case strings.HasPrefix(kind, "kubernetes:core/v1:ConfigMap"):
		// The kind is that of the type: a program may leave it out.
		r.resource = kind + "::" + urn[len(urn)-1]
		if o := r.asObject(inputs); r.visit(inputs) {
			r.cover(n)
			o.kind = kindConfigMap
			r.configMap(o)
		}
	case strings.HasPrefix(kind, "kubernetes:"):
		r.resource = kind + "::" + urn[len(urn)-1]
		r.object(inputs)
	}
	r.resource = ""
}

// pulumiStep reads one step of a preview.
func (r *reader) pulumiStep(step fields) {
	var docs, old []*Document
	after, before, op := step.get("newState"), step.get("oldState"), text(step.get("op"))
	if slices.Contains([]string{"create-replacement", "delete-replaced", "discard", "discard-replaced", "read", "read-replacement", "refresh"}, op) {
		return // a part of another step, or none
	}
	if op != "delete" {
		if after == nil {
			after, before = before, nil
		}
		docs = r.taken(func() { r.pulumiResource(after) })
		r.file.Documents = append(r.file.Documents, docs...)
	}
	if op != "same" && before != nil {
		old = slices.DeleteFunc(r.aside(func() { r.pulumiResource(before) }), func(d *Document) bool { return d.ignored })
	}
	if len(old) == 0 {
		return
	}
	edit := &PlannedEdit{Data: old[0].Data, BinaryData: old[0].BinaryData}
	if len(docs) > 0 && !docs[0].ignored {
		docs[0].Edit = edit
		return
	}
	edit.Deletes = !strings.HasSuffix(text(r.get(before, "type")), "Patch")
	d := newDocument(r.span(step.get("op")))
	d.Resource, d.Edit = old[0].Resource, edit
	r.file.Documents = append(r.file.Documents, d)
}

// pulumiHides notes a datum that Pulumi keeps secret, or does not know yet.
func (r *reader) pulumiHides(f field) bool {
	why := ""
	switch {
	case r.origin != pulumi:
	case r.get(f.value, pulumiSecret) != nil:
		why = "is a secret of Pulumi, so it was not checked; see `kubectl aws-auth audit` after the deployment"
	case text(f.value) == pulumiUnknown:
		why = "is known only after the deployment, so it was not checked; see `kubectl aws-auth audit` after it"
	}
	if why == "" {
		return false
	}
	r.file.Notes = append(r.file.Notes, Note{Span: r.span(f.key), What: Part, Message: f.name + " of " + r.resource + " " + why})
	return true
}
