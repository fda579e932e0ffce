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
	if ref.text("resource") != "configmaps" || ref.text("name") != awsauth.Name || ref.text("namespace") != awsauth.Namespace {
		return
	}
	// What the API server wrote down is not yet to be rendered, and is not edited.
	before := len(r.file.Documents)
	defer func(from origin) {
		r.origin = from
		for _, d := range r.file.Documents[before:] {
			d.refuse("an audit log is not edited")
		}
	}(r.origin)
	r.origin = live
	request := o.get("requestObject")
	// What came of it holds the same once more.
	defer func(said int) {
		if said != r.said() {
			r.cover(o.get("responseObject"))
		}
	}(r.said())
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
