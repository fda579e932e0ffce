package manifest

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

func terraformCarrier() carrier {
	return carrier{
		name: "Terraform plan",
		is: func(_ *reader, o object) bool {
			return o.kind == "" && o.get("format_version") != nil &&
				(o.get("terraform_version") != nil || o.get("planned_values") != nil || o.get("resource_changes") != nil)
		},
		read: (*reader).terraform,
	}
}

// terraform reads what `terraform show -json` prints of a plan or a state.
func (r *reader) terraform(o object) {
	r.origin = planned
	values := o.get("planned_values")
	if values == nil && o.get("values") != nil {
		values, r.origin = o.get("values"), state
	}
	p := terraformPlan{reader: r, changes: map[string]fields{}, configuration: o.get("configuration")}
	for _, n := range items(o.get("resource_changes")) {
		if resource := r.fields(n); resource.get("deposed") == nil {
			p.changes[text(resource.get("address"))] = resource
		}
	}
	p.module(r.get(values, "root_module"))
	for _, n := range items(o.get("resource_changes")) {
		resource := r.fields(n)
		// What has no address is only in a plan that Terraform did not write.
		if address := text(resource.get("address")); address == "" || p.changes[address] != nil && resource.get("deposed") == nil {
			p.change(resource, r.fields(r.get(resource.get("change"), "after")))
		}
		if values != nil || terraformKinds()[text(resource.get("type"))].read != nil || text(resource.get("mode")) == "data" {
			r.cover(n)
		}
	}
	p.moved()
	for _, f := range o.fields {
		// All else says once more what becomes of the resources, or what led to it.
		if !slices.Contains([]string{"planned_values", "values", "resource_changes"}, f.name) {
			r.cover(f.value)
		}
	}
	r.cover(r.get(values, "outputs"))
}

// terraformPlan is a Terraform plan that is read.
type terraformPlan struct {
	*reader
	// changes by the address of the resource, those that were not read yet.
	changes map[string]fields
	// configuration is the source of the plan, as Terraform has read it.
	configuration *yaml.Node
	// made and gone are the maps that resources make and delete as a whole.
	made, gone []moving
}

func (p *terraformPlan) module(module *yaml.Node) {
	if !p.visit(module) {
		return
	}
	for _, n := range items(p.get(module, "resources")) {
		if !p.visit(n) {
			continue
		}
		resource := p.fields(n)
		values := p.fields(resource.get("values"))
		if terraformKinds()[text(resource.get("type"))].read != nil || text(resource.get("mode")) == "data" {
			p.cover(n)
		}
		if change := p.changes[text(resource.get("address"))]; change != nil {
			p.change(change, values)
			delete(p.changes, text(resource.get("address")))
		} else if text(resource.get("mode")) == "data" {
			p.untouched(resource, values, "only reads aws-auth")
		} else {
			p.terraformResource(text(resource.get("type")), text(resource.get("address")), values)
		}
	}
	for _, child := range items(p.get(module, "child_modules")) {
		p.module(child)
	}
}

// change reads what becomes of one resource. after are its values after the apply, nil where it has none then.
func (p *terraformPlan) change(resource, after fields) {
	change := resource.get("change")
	var actions []string
	at := change
	for _, action := range items(p.get(change, "actions")) {
		at, actions = action, append(actions, text(action))
	}
	name, address := text(resource.get("type")), text(resource.get("address"))
	switch before := p.fields(p.get(change, "before")); {
	case text(resource.get("mode")) == "data":
		p.untouched(resource, append(slices.Clone(after), before...), "only reads aws-auth")
		return
	case len(actions) == 1 && actions[0] == "forget":
		p.untouched(resource, before, "leaves aws-auth as it is and takes it out of the state")
		return
	}
	kind := terraformKinds()[name]
	docs := p.taken(func() { p.terraformResource(name, address, after) })
	p.file.Documents = append(p.file.Documents, docs...)
	var old []*Document
	if before := p.fields(p.get(change, "before")); before != nil && !kind.file && !slices.Equal(actions, []string{"create"}) {
		old = slices.DeleteFunc(p.aside(func() { p.terraformResource(name, address, before) }), func(d *Document) bool { return d.ignored })
	}
	all, keys := p.knownAfterApply(resource, after, kind, len(old) > 0)
	switch {
	case len(old) == 0:
		p.made = p.whole(p.made, resource, docs...)
		if len(keys) > 0 {
			p.dropEmpty(len(p.file.Documents) - len(docs))
		}
	case all, slices.Equal(actions, []string{"no-op"}), len(keys) > 0 && p.dropEmpty(len(p.file.Documents)-len(docs)):
	case len(docs) == 0 || docs[0].ignored:
		d := p.deleted(old[0], resource, at)
		p.gone = p.whole(p.gone, resource, d)
		p.file.Documents = append(p.file.Documents, d)
	default:
		for _, key := range keys {
			delete(old[0].Data, key)
		}
		docs[0].Edit = &PlannedEdit{Data: old[0].Data, BinaryData: old[0].BinaryData}
	}
}

// untouched notes a resource that has to do with the map and does nothing to it.
func (p *terraformPlan) untouched(resource, values fields, does string) {
	name, address := text(resource.get("type")), text(resource.get("address"))
	kind := terraformKinds()[name]
	if kind.read == nil || kind.file || len(p.aside(func() { p.terraformResource(name, address, values) })) == 0 {
		return
	}
	at := resource.get("address")
	p.file.note(p.span(at), Part, "%s %s, so it was not checked; to check the map in the cluster: `kubectl aws-auth audit`", addressOf(resource), does)
}

// deleted is the document of a map that a resource deletes. It stands where the file says so.
func (p *terraformPlan) deleted(old *Document, resource fields, at *yaml.Node) *Document {
	d := newDocument(p.span(at))
	d.Resource = text(resource.get("address"))
	// Who takes the data away leaves the ConfigMap there.
	d.Edit = &PlannedEdit{Data: old.Data, BinaryData: old.BinaryData, Deletes: text(resource.get("type")) != configMapData}
	return d
}

// taken are the documents that a read finds. They are not yet those of the file.
func (r *reader) taken(read func()) []*Document {
	n := len(r.file.Documents)
	read()
	docs := slices.Clone(r.file.Documents[n:])
	r.file.Documents = r.file.Documents[:n]
	return docs
}

// aside is taken for what is past: nothing is said of it.
func (r *reader) aside(read func()) []*Document {
	problems, notes := len(r.file.Problems), len(r.file.Notes)
	docs := r.taken(read)
	r.file.Problems, r.file.Notes = r.file.Problems[:problems], r.file.Notes[:notes]
	return docs
}

// knownAfterApply notes data that no plan can tell: all of it, or some keys. mine is set where the resource held the map before.
func (p *terraformPlan) knownAfterApply(resource, after fields, kind terraformKind, mine bool) (all bool, keys []string) {
	mark := p.get(p.get(resource.get("change"), "after_unknown"), kind.attribute)
	if kind.read == nil || after == nil || !p.holdsTrue(mark) || !mine && !kind.mine(p.reader, after) {
		return false, nil
	}
	for _, f := range p.fields(mark) {
		if p.holdsTrue(f.value) {
			keys = append(keys, f.name)
		}
	}
	p.file.note(p.span(resource.get("address")), Part, "%s of %s is known only after the apply, so it was not checked; see `kubectl aws-auth audit` after it",
		kind.attribute, addressOf(resource))
	return kind.attribute != "data" || mark.Kind == yaml.ScalarNode, keys
}

// addressOf names a resource.
func addressOf(resource fields) string {
	if address := text(resource.get("address")); address != "" {
		return address
	}
	return "a " + text(resource.get("type"))
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
