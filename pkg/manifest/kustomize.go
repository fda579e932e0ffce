package manifest

import (
	"fmt"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

const kindKustomization = "Kustomization"

func kustomizeCarrier() carrier {
	return carrier{
		name: "kustomization",
		is: func(r *reader, o object) bool {
			return o.group == "kustomize.config.k8s.io" || o.kind == "" && isKustomization(r.file.Name)
		},
		read: (*reader).kustomization,
	}
}

// isKustomization reports whether a file is one that kustomize builds from, by its name.
func isKustomization(name string) bool {
	switch filepath.Base(name) {
	case "kustomization.yaml", "kustomization.yml", kindKustomization:
		return true
	}
	return false
}

// namespaceBeside is the namespace that the kustomization in the folder of a file puts objects into, "" where there is none.
func namespaceBeside(path string) string {
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", kindKustomization} {
		beside := Input{Path: filepath.Join(filepath.Dir(path), name), Found: true}
		text, err := beside.Text(nil)
		if err != nil {
			continue
		}
		v, _ := decodeYAML(text)
		object, _ := v.(map[string]any)
		namespace, _ := object["namespace"].(string)
		return namespace
	}
	return ""
}

// kustomization reads the map that generators make, and patches of it.
func (r *reader) kustomization(o object) {
	namespace := o.get("namespace")
	for _, n := range items(o.get("configMapGenerator")) {
		generator := r.fields(n)
		if generator.text("name") != awsauth.Name || r.isTemplate(r.whole(n)) {
			continue
		}
		if own := generator.get("namespace"); own != nil {
			namespace = own
		}
		if ns := text(namespace); ns != "" && ns != awsauth.Namespace {
			r.shapeProblem(r.span(namespace), "", fmt.Sprintf(
				"EKS reads aws-auth only in the namespace %s, never in %q: write `namespace: %s`", awsauth.Namespace, ns, awsauth.Namespace))
		}
		r.generated(n, generator)
	}
	r.patches(o.node)
}

// generated reads the literals of a generator, and notes what it takes from files.
func (r *reader) generated(n *yaml.Node, generator fields) {
	if len(items(generator.get("literals"))) == 0 {
		r.elsewhereGenerated(generator)
		return
	}
	d := r.document(n)
	for _, literal := range items(generator.get("literals")) {
		key, value, ok := strings.Cut(literal.Value, "=")
		if !ok || !isText(literal) {
			continue
		}
		start := len(key) + 1
		if quote := unquote(value); len(quote) < len(value) {
			value, start = quote, start+1
		}
		d.keys[key] = r.span(literal)
		d.Data[key] = value
		d.values[key] = part{locator: r.value(literal), start: start}
	}
	r.noteTokens(d)
	r.elsewhereGenerated(generator)
}

// elsewhereGenerated notes what a generator takes from files.
func (r *reader) elsewhereGenerated(generator fields) {
	for _, name := range []string{"files", "envs", "env"} {
		sources := items(generator.get(name))
		if name == "env" && generator.get(name) != nil {
			sources = []*yaml.Node{generator.get(name)}
		}
		for _, source := range sources {
			key, file, named := strings.Cut(text(source), "=")
			if !named {
				file = key
			}
			r.file.Notes = append(r.file.Notes, Note{Span: r.span(source), What: Part, Message: fmt.Sprintf(
				"%s comes from the file %s, not checked here: give lint that file, or what `kubectl kustomize` prints: `kubectl kustomize . | kubectl aws-auth lint -`",
				awsauth.Name, file)})
		}
	}
}

// unquote takes one pair of quotes off, as kustomize does.
func unquote(s string) string {
	if len(s) > 1 && s[0] == s[len(s)-1] && (s[0] == '"' || s[0] == '\'') {
		return s[1 : len(s)-1]
	}
	return s
}
