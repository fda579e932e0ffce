package manifest

import (
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
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
			if !slices.Contains(ansibleModules, f.name[strings.LastIndexByte(f.name, '.')+1:]) {
				continue
			}
			parameters := r.ansibleParameters(f.value)
			if slices.ContainsFunc([]string{"definition", "resource_definition", "inline", "patch", "src", "template"}, func(name string) bool { return parameters.get(name) != nil }) ||
				isAnsibleMap(parameters) {
				found = append(found, parameters)
			}
		}
		return true
	})
	return found
}

// ansibleParameters are those of a task: a mapping, or words as in `state=absent name=aws-auth`.
func (r *reader) ansibleParameters(n *yaml.Node) fields {
	if n.Kind != yaml.ScalarNode || !isText(n) {
		return r.fields(n)
	}
	var all fields
	for _, word := range strings.Fields(n.Value) {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			continue
		}
		v := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: strings.Trim(value, `"'`)}
		r.spans[v] = r.span(n)
		all = append(all, field{name: name, key: v, value: v})
	}
	return all
}

// isAnsibleMap reports whether the parameters of a task name aws-auth.
func isAnsibleMap(parameters fields) bool {
	kind := strings.ToLower(parameters.text("kind"))
	return parameters.text("name") == awsauth.Name && slices.Contains([]string{"", "configmap", "configmaps", "cm"}, kind)
}

// ansible reads what a task applies, or takes away: an object, several, or their text.
func (r *reader) ansible(parameters fields) {
	// What the task says of the object is that of a definition that does not say it.
	r.givenNamespace = parameters.text("namespace")
	if isAnsibleMap(parameters) {
		r.aim = aimed
	}
	r.versioned = true
	defer func() { r.givenNamespace, r.aim, r.versioned = r.file.givenNamespace, r.file.aim, false }()
	if state := parameters.get("state"); text(state) == "absent" {
		r.ansibleAbsent(parameters, state)
		return
	}
	r.ansibleDefinition(parameters)
	r.ansibleFiles(parameters, nil)
	if patch := parameters.get("patch"); patch != nil && parameters.text("name") == awsauth.Name {
		r.aim = aimed
		r.jsonPatch(patch)
	}
}

func (r *reader) ansibleDefinition(parameters fields) {
	for _, name := range []string{"definition", "resource_definition", "inline"} {
		switch n := parameters.get(name); {
		case n == nil:
		case isText(n):
			r.manifestText(n)
		default:
			r.object(n)
		}
	}
}

// ansibleAbsent reads a task that deletes what it defines or names. What it would hold does not matter.
func (r *reader) ansibleAbsent(parameters fields, state *yaml.Node) {
	docs := r.aside(func() { r.ansibleDefinition(parameters) })
	r.ansibleFiles(parameters, func(other *File) { docs = append(docs, other.Documents...) })
	docs = slices.DeleteFunc(docs, func(d *Document) bool { return d.ignored })
	if len(docs) == 0 && isAnsibleMap(parameters) && parameters.text("namespace") == awsauth.Namespace {
		docs = append(docs, newDocument(r.span(state)))
	}
	for _, d := range docs[:min(1, len(docs))] {
		d = newDocument(r.span(state))
		d.delete(r.span(state))
		r.file.Documents = append(r.file.Documents, d)
	}
}

// ansibleFiles has the files read that a task applies, or gives them to take. It notes one that can't be read where its name, or the
// task, is about aws-auth.
func (r *reader) ansibleFiles(parameters fields, take func(*File)) {
	for name, folder := range map[string]string{"src": "files", "template": "templates"} {
		n := parameters.get(name)
		for _, source := range append(items(n), n) {
			if path := r.get(source, "path"); path != nil {
				source = path
			}
			if source == nil || !isText(source) {
				continue
			}
			beside := len(r.file.Beside)
			other, ok := r.ansibleFile(source.Value, folder)
			switch {
			case ok && take != nil:
				r.file.Beside = r.file.Beside[:beside]
				take(other)
			case !ok && (awsAuthMentioned.MatchString(source.Value) || isAnsibleMap(parameters)):
				r.noteElsewhere(source, source.Value, "check what comes of it: `… | kubectl aws-auth lint -`")
			}
		}
	}
}

// ansibleFile is a file by the path in a task, looked for where Ansible does: in the folder of the task and in the one around it,
// there in the folder for such files too.
func (r *reader) ansibleFile(path, folder string) (*File, bool) {
	for _, in := range []string{folder, "", filepath.Join("..", folder), ".."} {
		if other, ok := r.file.takesFrom(filepath.Join(in, path)); ok {
			return other, true
		}
	}
	return nil, false
}
