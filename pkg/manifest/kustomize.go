package manifest

import (
	"cmp"
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

// kustomization reads the map that generators make, and patches of it.
func (r *reader) kustomization(o object) {
	if v, err := decodeYAML(r.file.Text); err == nil {
		object, _ := v.(map[string]any)
		r.replaced = replacements(object, r.file.besideKustomization)
	}
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
			r.shapeProblem(r.span(namespace), "", neverIn(ns), "write `namespace: "+awsauth.Namespace+"`")
		}
		r.hashed(o, generator)
		r.generated(o, n, generator)
	}
	r.patches(o.node)
	r.patchFiles(o)
}

// hashed reports a generator that gives its ConfigMap a name that EKS never reads. What is merged into another one may take
// over the options of that.
func (r *reader) hashed(o object, generator fields) {
	const option = "disableNameSuffixHash"
	for _, options := range []*yaml.Node{generator.get("options"), o.get("generatorOptions")} {
		if text(r.get(options, option)) == "true" {
			return
		}
	}
	if behavior := generator.text("behavior"); behavior == "" || behavior == "create" {
		r.shapeProblem(r.span(generator.get("name")), "",
			"kustomize appends a hash to this name, and EKS reads only "+awsauth.Name, "add `options: {"+option+": true}`")
	}
}

// generated reads the literals of a generator, and the files that it takes keys from.
func (r *reader) generated(o object, n *yaml.Node, generator fields) {
	if len(items(generator.get("literals"))) == 0 {
		r.fromFiles(generator)
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
	namespace := cmp.Or(generator.text("namespace"), o.text("namespace"))
	d.replace(r.replaced, namespace, true)
	r.noteTokens(d)
	r.fromFiles(generator)
}

// fromFiles has the files read that a generator takes keys from, and notes those that can't be.
func (r *reader) fromFiles(generator fields) {
	for _, name := range []string{"files", "envs", "env"} {
		sources := items(generator.get(name))
		if name == "env" && generator.get(name) != nil {
			sources = []*yaml.Node{generator.get(name)}
		}
		for _, source := range sources {
			key, file := "", text(source)
			if name == "files" {
				key, file = generatedFrom(file)
			}
			r.cover(source)
			held, ok := r.file.besideKustomization(file)
			switch {
			case !ok:
				r.noteElsewhere(source, file, kustomizeAdvice)
			case name != "files" || isMapKey(key):
				r.file.Beside = append(r.file.Beside, filepath.Join(r.file.folder, file))
			case itemField.MatchString(held) || speaksOfKeys(held):
				r.shapeProblem(r.span(source), "", fmt.Sprintf("kustomize puts the text of this file under the key %s, which EKS never reads", key), "write `mapRoles="+file+"`")
			}
		}
	}
}

// noteElsewhere notes that the map is in a file that can't be read.
func (r *reader) noteElsewhere(n *yaml.Node, file, advice string) {
	r.file.note(r.span(n), Part, awsauth.Name+" comes from the file %s, which can't be read here, so it was not checked; "+advice, file)
}

// patchFiles reads the patches of aws-auth that have files of their own.
func (r *reader) patchFiles(o object) {
	var paths []*yaml.Node
	for _, name := range []string{"patches", "patchesJson6902"} {
		for _, patch := range items(o.get(name)) {
			if path := r.get(patch, "path"); path != nil && r.aimAt(r.get(patch, "target")) != elsewhere {
				paths = append(paths, path)
			}
		}
	}
	for _, item := range items(o.get("patchesStrategicMerge")) {
		if isText(item) && !strings.Contains(item.Value, "\n") {
			paths = append(paths, item)
		}
	}
	for _, path := range paths {
		if text, ok := r.file.besideKustomization(path.Value); ok && (speaksOfAWSAuth(text) || takesWhole(text)) {
			r.file.Beside = append(r.file.Beside, filepath.Join(r.file.folder, path.Value))
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
