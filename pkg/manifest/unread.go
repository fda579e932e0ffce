package manifest

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

var (
	// entryText is a key of the map or of an entry inside of a text, whatever that is written in.
	entryText = regexp.MustCompile(`(?m)(?:^|[^A-Za-z0-9_.$-]|\\n)(mapRoles|mapUsers|rolearn|userarn)\\*["']?[ \t]*[:=]`)
	// configMapText is a ConfigMap named aws-auth inside of a text.
	// iamARN is one of IAM, or of a session.
	iamARN        = regexp.MustCompile(`^arn:[^:]*:(?:iam|sts):`)
	configMapText = regexp.MustCompile(`\\*["']?kind\\*["']?[ \t]*[:=][ \t]*\\*["']?ConfigMap\b`)
	nameText      = regexp.MustCompile(`\\*["']?name\\*["']?[ \t]*[:=][ \t]*\\*["']?(aws-auth)(?:[^A-Za-z0-9.-]|$)`)
)

// speaksInText finds where a text that is no object speaks of the map.
func speaksInText(text string) (Span, bool) {
	for _, m := range entryText.FindAllStringSubmatchIndex(text, -1) {
		if !inComment(text, m[2]) {
			return Span{Start: m[2], End: m[3]}, true
		}
	}
	if m := nameText.FindStringSubmatchIndex(text); m != nil && configMapText.MatchString(text) && !inComment(text, m[2]) {
		return Span{Start: m[2], End: m[3]}, true
	}
	return Span{}, false
}

// cover marks a node of which all that it holds of the map is read or reported.
func (r *reader) cover(n *yaml.Node) {
	if n != nil {
		r.covered[n] = true
	}
}

// said counts what was found so far: what adds nothing has not read anything.
func (r *reader) said() int {
	return len(r.file.Documents) + len(r.file.Problems) + len(r.file.Notes)
}

// container is the object around a place, as far as one can tell what it is.
type container struct {
	what  string
	noted bool
}

// unread notes what speaks of the map and was not read by any carrier, once an object: nothing is passed over in silence.
func (r *reader) unread(n *yaml.Node, in *container) {
	if n == nil || r.covered[n] || slices.Contains(r.templates, r.whole(n)) {
		return
	}
	r.cover(n)
	switch n.Kind {
	case yaml.ScalarNode:
		if at, ok := speaksInText(n.Value); ok && isText(n) {
			r.noteUnread(r.value(n).span(at), n.Value[at.Start:at.End], in)
		} else if isPart(n.Value) && isText(n) { // one value that Helm is given, as in releases of Helmfile
			r.noteUnread(r.span(n), n.Value, in)
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			r.unread(item, in)
		}
	case yaml.MappingNode:
		o := r.asObject(n)
		if o.kind != "" {
			in = &container{what: kindOf(o)}
		}
		if name := r.fields(o.get("metadata")).get("name"); o.kind == kindConfigMap && text(name) == awsauth.Name {
			r.noteUnread(r.span(name), awsauth.Name, in)
		}
		r.unreadBase64(o, in)
		for _, f := range o.fields {
			name := f.name
			at, copied := speaksInText(f.name + ":") // with the marks of a page, as in `12  mapRoles`
			if copied {
				name = f.name[at.Start:at.End]
			}
			entry := isARNField(f) && slices.ContainsFunc(o.fields, func(f field) bool {
				return strings.EqualFold(f.name, awsauth.FieldUsername) || strings.EqualFold(f.name, awsauth.FieldGroups)
			})
			if (isEntryKey(f.name) || copied || entry || r.isMappings(f)) && !isEmpty(f.value) && !r.covered[f.value] {
				r.noteUnread(r.span(f.key), name, in)
			}
			r.unread(f.value, in)
		}
	}
}

// isARNField reports whether a field is, beside a username or groups, the ARN of an entry.
func isARNField(f field) bool {
	return nearARN(f.name) || strings.EqualFold(f.name, "arn") && iamARN.MatchString(text(f.value))
}

func isEntryKey(name string) bool {
	return isMapKey(strings.NewReplacer("_", "", "-", "").Replace(name)) || mapArguments()[name] != "" ||
		slices.Contains([]string{"rolearn", "userarn", "iamIdentityMappings", "iamAuthenticatorConfig"}, name)
}

// isMappings reports the list of kOps, wherever it is.
func (r *reader) isMappings(f field) bool {
	return f.name == "identityMappings" && slices.ContainsFunc(items(f.value), func(item *yaml.Node) bool { return r.get(item, "arn") != nil })
}

// isEmpty reports whether a value holds nothing.
func isEmpty(n *yaml.Node) bool {
	return len(n.Content) == 0 && strings.TrimSpace(n.Value) == "" || isNull(n)
}

func (r *reader) noteUnread(at Span, word string, in *container) {
	if in.noted {
		return
	}
	in.noted = true
	r.file.noteUnread(at, word, in.what)
}

func (f *File) noteUnread(at Span, word, what string) {
	f.note(at, Part, "%s in %s, not checked: lint does not know how this becomes aws-auth; check the ConfigMap that comes of it: `… | kubectl aws-auth lint -`",
		word, what)
}

// kindOf names a Kubernetes object for people.
func kindOf(o object) string {
	article := "a "
	if strings.ContainsRune("AEIOU", rune(o.kind[0])) {
		article = "an "
	}
	if version := o.text("apiVersion"); version != "" {
		return article + o.kind + " (" + version + ")"
	}
	return article + o.kind
}

// rootKind says what a document without a kind is, by the keys that tools give it.
func (r *reader) rootKind(n *yaml.Node) string {
	if n != nil && n.Kind == yaml.SequenceNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	keys := r.fields(n)
	has := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return keys.get(name) == nil })
	}
	switch {
	case has("hosts"), has("import_playbook"), has("name", "set_fact"), has("name", "block"):
		return "an Ansible playbook"
	case has("op", "path"):
		return "a JSON patch"
	case has("jobs", "on"), has("jobs", "true"):
		return "a GitHub workflow"
	case has("runs", "inputs"):
		return "a GitHub action"
	case has("stages"), has("pool", "steps"), has("version", "phases"):
		return "a CI pipeline"
	case has("services"):
		return "a Compose file"
	case has("Resources"):
		return "a CloudFormation template"
	case has("resource"), has("module"), has("locals"):
		return "Terraform configuration in JSON"
	case has("config", "name", "runtime"), has("runtime", "resources"):
		return "a Pulumi program"
	case has("openapi"), has("swagger"):
		return "an OpenAPI description"
	}
	return r.file.fileKind()
}

// fileKind says what a file is by the end of its name.
func (f *File) fileKind() string {
	ext := strings.ToLower(filepath.Ext(f.Name))
	for what, list := range map[string][]string{
		"Terraform source":            {".tf", ".hcl", ".tfvars"},
		"source code":                 {".go", ".ts", ".js", ".py", ".java", ".cs", ".rb", ".kt"},
		"a shell script":              {".sh", ".bash", ".zsh", ".ps1"},
		"a document":                  {".md", ".rst", ".adoc", ".txt", ".html"},
		"a Jsonnet or CUE program":    {".jsonnet", ".libsonnet", ".cue"},
		"a file without a known kind": {".yaml", ".yml", ".json", ""},
	} {
		if slices.Contains(list, ext) {
			return what
		}
	}
	return "a file of another tool (" + ext + ")"
}

// manifestNames are the ends of names under which kubectl is given manifests, and templates of them.
var manifestNames = []string{
	"", ".yaml", ".yml", ".json", ".jsonl", ".ndjson", ".j2", ".jinja", ".jinja2", ".tpl", ".tmpl", ".tftpl", ".gotmpl", ".template",
	".erb", ".ejs", ".mustache", ".hbs",
}

// isManifest reports whether a file is meant to be a manifest, by the end of its name: what can't be read there is a fault.
func (f *File) isManifest() bool {
	return slices.Contains(manifestNames, strings.ToLower(filepath.Ext(f.Name)))
}
