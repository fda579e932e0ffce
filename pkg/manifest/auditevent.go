package manifest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

const auditGroup = "audit.k8s.io"

func auditEventCarrier() carrier {
	return carrier{
		name: "Kubernetes audit event",
		is:   func(r *reader, o object) bool { return isAuditEvent(o) || o.kind == "" && r.wrapsAuditEvent(o.node) },
		read: func(r *reader, o object) {
			// What the API server wrote down is not yet to be rendered, and is not edited.
			defer func(from origin) { r.origin = from }(r.origin)
			r.origin = logged
			r.auditEvents(o.node)
		},
	}
}

func isAuditEvent(o object) bool { return o.kind == "Event" && o.group == auditGroup }

// isAuditText reports whether a text is an event, as logs that are exported have it.
func isAuditText(n *yaml.Node) bool {
	return isText(n) && strings.HasPrefix(strings.TrimLeft(n.Value, " \t\r\n"), "{") && strings.Contains(n.Value, auditGroup)
}

// wrapsAuditEvent reports whether a record of a log holds an event, as it is or as a text: `_source` of Elasticsearch, `message`
// and `@message` of CloudWatch Logs, `log` of Fluent Bit.
func (r *reader) wrapsAuditEvent(n *yaml.Node) (found bool) {
	if !strings.Contains(r.file.Text[r.extent.Start:r.extent.End], auditGroup) {
		return false
	}
	r.eachMapping(n, func(n *yaml.Node, fields fields) bool {
		found = found || isAuditEvent(r.asObject(n)) || slices.ContainsFunc(fields, func(f field) bool {
			return f.value.Kind == yaml.ScalarNode && isAuditText(f.value)
		})
		return !found
	})
	return found
}

// auditEvents reads the events of a record.
func (r *reader) auditEvents(n *yaml.Node) {
	r.eachMapping(n, func(n *yaml.Node, fields fields) bool {
		if o := r.asObject(n); isAuditEvent(o) {
			r.auditEvent(o)
			return false
		}
		for _, f := range fields {
			if f.value.Kind == yaml.ScalarNode && isAuditText(f.value) {
				r.manifestText(f.value)
				r.cover(f.value)
			}
		}
		return true
	})
}

// auditEvent reads what a request wanted the map to be: the object, or a patch of it. What only reads changes nothing.
func (r *reader) auditEvent(o object) {
	ref, verb := r.fields(o.get("objectRef")), o.text("verb")
	if ref.text("resource") != "configmaps" || ref.text("subresource") != "" || ref.text("namespace") != awsauth.Namespace {
		if slices.Contains(reads, verb) {
			r.cover(o.node)
		}
		return
	}
	name := ref.text("name")
	if name == "" && verb == "create" {
		name = r.fields(r.get(o.get("requestObject"), "metadata")).text("name")
	}
	mine := name == awsauth.Name || verb == "deletecollection"
	switch failed := r.auditFailed(o); {
	case slices.Contains(reads, verb):
		r.cover(o.node)
		return
	case mine && failed != "":
		r.cover(o.node)
		r.file.note(r.span(o.get("verb")), Part, "a request to %s aws-auth that %s, so it changed nothing and was not checked", verb, failed)
		return
	case verb == "deletecollection":
		r.cover(o.node)
		r.file.note(r.span(o.get("verb")), Part, "a request to delete all ConfigMaps of "+
			awsauth.Namespace+" that its selector finds, not checked: aws-auth may be among them; see `kubectl aws-auth audit`")
		return
	case !mine:
		return
	}
	defer func() { r.aim = r.file.aim }()
	r.aim = aimed
	request := o.get("requestObject")
	// What came of it holds the same once more.
	defer func(said int) {
		if said != r.said() {
			r.cover(o.get("responseObject"))
		}
	}(r.said())
	if verb == "delete" {
		r.document(o.node).delete(r.span(o.get("verb")))
		return
	}
	if request == nil || isNull(request) {
		if r.cover(o.node); o.text("stage") == "RequestReceived" { // its end is logged too, with the body
			return
		}
		r.file.note(r.span(o.get("verb")), Part,
			"a request to %s aws-auth is in the log without its body, so it was not checked: log configmaps of %s with `level: Request`; see `kubectl aws-auth audit`",
			verb, awsauth.Namespace)
		return
	}
	if verb == "patch" {
		if !r.jsonPatch(request) {
			r.bare(object{node: request, fields: r.fields(request)})
		}
		return
	}
	if r.fields(request).text("kind") == kindConfigMap {
		r.object(request)
	}
}

// reads are the verbs of requests that change nothing.
var reads = []string{"get", "list", "watch"}

// auditFailed says why a request changed nothing, "" where it may have.
func (r *reader) auditFailed(o object) string {
	if code, err := strconv.Atoi(text(r.get(o.get("responseStatus"), "code"))); err == nil && code >= 400 {
		return fmt.Sprintf("was answered with %d", code)
	}
	if strings.Contains(o.text("requestURI"), "dryRun=All") {
		return "was a dry run"
	}
	return ""
}
