package manifest

import "github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"

func auditEventCarrier() carrier {
	return carrier{
		name: "Kubernetes audit event",
		is:   func(_ *reader, o object) bool { return o.kind == "Event" && o.group == "audit.k8s.io" },
		read: (*reader).auditEvent,
	}
}

// auditEvent reads what a request wanted the map to be: the object, or a patch of it.
func (r *reader) auditEvent(o object) {
	ref := r.fields(o.get("objectRef"))
	if ref.text("resource") != "configmaps" || ref.text("subresource") != "" || ref.text("namespace") != awsauth.Namespace {
		return
	}
	if o.text("verb") == "deletecollection" {
		r.cover(o.node)
		r.file.Notes = append(r.file.Notes, Note{Span: r.span(o.get("verb")), What: Part, Message: "a request to delete all ConfigMaps of " +
			awsauth.Namespace + " that its selector finds, not checked: aws-auth may be among them; see `kubectl aws-auth audit`"})
		return
	}
	if ref.text("name") != awsauth.Name {
		return
	}
	// What the API server wrote down is not yet to be rendered, and is not edited.
	before := len(r.file.Documents)
	defer func(from origin) {
		r.origin, r.aim = from, r.file.aim
		for _, d := range r.file.Documents[before:] {
			d.refuse("an audit log is not edited")
		}
	}(r.origin)
	r.origin, r.aim = live, aimed
	request := o.get("requestObject")
	// What came of it holds the same once more.
	defer func(said int) {
		if said != r.said() {
			r.cover(o.get("responseObject"))
		}
	}(r.said())
	if o.text("verb") == "delete" {
		r.document(o.node).delete(r.span(o.get("verb")))
		return
	}
	if o.text("verb") == "patch" && request != nil {
		if !r.jsonPatch(request) {
			r.bare(object{node: request, fields: r.fields(request)})
		}
		return
	}
	if r.fields(request).text("kind") == kindConfigMap {
		r.object(request)
	}
}
