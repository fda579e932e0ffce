package manifest

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ansibleModules are those that take a manifest, without the names of their collections.
var ansibleModules = []string{"k8s", "k8s_json_patch", "openshift_raw", "k8s_raw"}

func ansibleCarrier() carrier {
	return carrier{
		name: "Ansible task",
		is:   func(r *reader, o object) bool { return o.kind == "" && len(r.ansibleTasks(o.node)) > 0 },
		read: func(r *reader, o object) {
			for _, task := range r.ansibleTasks(o.node) {
				r.ansible(task)
			}
		},
	}
}

// ansibleTasks are the parameters of the modules that take a manifest, in plays, blocks and tasks.
func (r *reader) ansibleTasks(n *yaml.Node) (found []fields) {
	r.eachMapping(n, func(_ *yaml.Node, all fields) bool {
		for _, f := range all {
			module := f.name[strings.LastIndexByte(f.name, '.')+1:]
			parameters := r.fields(f.value)
			if slices.Contains(ansibleModules, module) && (parameters.get("definition") != nil || parameters.get("resource_definition") != nil ||
				parameters.get("patch") != nil) {
				found = append(found, parameters)
			}
		}
		return true
	})
	return found
}

// ansible reads what a task applies: an object, several, or their text.
func (r *reader) ansible(parameters fields) {
	// The namespace of the task is that of an object that names none.
	r.givenNamespace = parameters.text("namespace")
	defer func() { r.givenNamespace = r.file.givenNamespace }()
	for _, name := range []string{"definition", "resource_definition"} {
		switch n := parameters.get(name); {
		case n == nil:
		case isText(n):
			r.manifestText(n)
		default:
			r.object(n)
		}
	}
	if patch := parameters.get("patch"); patch != nil && parameters.text("name") == "aws-auth" {
		r.aim = aimed
		r.jsonPatch(patch)
		r.aim = r.file.aim
	}
}
