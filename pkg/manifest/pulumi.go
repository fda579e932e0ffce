package manifest

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// What Pulumi writes in place of a secret (its key) and of a value that only the deployment knows.
const (
	pulumiSecret  = "4dabf18193072939515e22adb298388d"
	pulumiUnknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
)

// pulumiConfigMap is how the types of ConfigMaps and of patches of them begin.
const pulumiConfigMap = "kubernetes:core/v1:ConfigMap"

func pulumiCarrier() carrier {
	return carrier{
		name: "Pulumi program, stack export or preview",
		is: func(r *reader, o object) bool {
			if o.kind != "" {
				return false
			}
			return r.get(o.get("deployment"), "resources") != nil || o.get("runtime") != nil && o.get("resources") != nil || slices.ContainsFunc(items(o.get("steps")), func(n *yaml.Node) bool {
				return r.get(n, "op") != nil && r.get(n, "urn") != nil
			})
		},
		read: (*reader).pulumi,
	}
}

// pulumi reads what `pulumi stack export` and `pulumi preview --json` print, and a program in YAML.
func (r *reader) pulumi(o object) {
	if o.get("runtime") != nil {
		for _, f := range r.fields(o.get("resources")) {
			kind, properties := text(r.get(f.value, "type")), r.get(f.value, "properties")
			r.pulumiObject(kind, f.name, properties)
			if strings.HasPrefix(kind, "eks:") {
				r.pulumiMappings(kind+"::"+f.name, properties)
			}
		}
		return
	}
	r.origin = pulumi
	for _, n := range items(r.get(o.get("deployment"), "resources")) {
		r.pulumiResource(n)
	}
	for _, n := range items(o.get("steps")) {
		r.pulumiStep(r.fields(n))
	}
}

// pulumiMappings reads the lists of a cluster of the package eks, which writes the map from them.
func (r *reader) pulumiMappings(resource string, properties *yaml.Node) {
	var m *nativeMap
	r.resource = resource
	for _, f := range r.fields(properties) {
		key := map[string]awsauth.Key{"roleMappings": awsauth.MapRoles, "userMappings": awsauth.MapUsers}[f.name]
		switch {
		case key == "" || isEmpty(f.value):
		case f.value.Kind != yaml.SequenceNode:
			r.noteUnread(r.span(f.value), f.name, &container{what: resource})
		default:
			if m == nil {
				m = r.nativeMap(properties, "the package eks writes the map from this list; change it here by hand")
			}
			for _, item := range f.value.Content {
				arnField := map[awsauth.Key]string{awsauth.MapRoles: "roleArn", awsauth.MapUsers: "userArn"}[key]
				item = m.exactly(item, arnField, awsauth.FieldUsername, awsauth.FieldGroups)
				m.entry(key, r.span(f.key), item, map[string]string{"roleArn": awsauth.FieldRoleARN, "userArn": awsauth.FieldUserARN})
			}
		}
	}
	if m != nil {
		m.end()
	}
	r.resource = ""
}

// pulumiResource reads one resource of the Kubernetes provider by what the program asks for.
func (r *reader) pulumiResource(n *yaml.Node) {
	if !r.visit(n) {
		return
	}
	state := r.fields(n)
	urn := strings.Split(text(state.get("urn")), "::")
	r.cover(state.get("outputs"))
	if strings.HasPrefix(text(state.get("type")), pulumiConfigMap) {
		r.cover(n)
	}
	r.pulumiObject(text(state.get("type")), urn[len(urn)-1], state.get("inputs"))
}

// pulumiObject reads an object of the Kubernetes provider.
func (r *reader) pulumiObject(kind, name string, inputs *yaml.Node) {
	if inputs == nil || !strings.HasPrefix(kind, "kubernetes:") {
		return
	}
	r.resource = kind + "::" + name
	documents, notes := len(r.file.Documents), len(r.file.Notes)
	if !strings.HasPrefix(kind, pulumiConfigMap) {
		r.object(inputs)
	} else if r.visit(inputs) {
		r.cover(inputs)
		o := r.asObject(inputs)
		o.kind = kindConfigMap // that of the type: a program may leave it out
		r.versioned = true
		r.configMap(o)
		r.versioned = false
	}
	if len(r.file.Notes) > notes {
		r.dropEmpty(documents)
	}
	r.resource = ""
}

// pulumiStep reads one step of a preview.
func (r *reader) pulumiStep(step fields) {
	var docs, old []*Document
	after, before, op := step.get("newState"), step.get("oldState"), text(step.get("op"))
	switch op {
	case "create-replacement", "delete-replaced", "discard", "discard-replaced":
		r.cover(before)
		r.cover(after)
		return // a part of another step, or none
	case "read", "read-replacement", "refresh":
		return
	}
	if op != "delete" {
		if after == nil {
			after, before = before, nil
		}
		docs = r.taken(func() { r.pulumiResource(after) })
		r.file.Documents = append(r.file.Documents, docs...)
	}
	if op == "same" {
		r.cover(before)
	} else if before != nil {
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
	r.file.note(r.span(f.key), Part, "%s of %s "+why, f.name, r.resource)
	return true
}
