package manifest

import (
	"cmp"
	"strings"

	"go.yaml.in/yaml/v3"
)

func helmReleaseCarrier() carrier {
	return carrier{
		name: "Flux HelmRelease",
		is:   func(_ *reader, o object) bool { return o.kind == "HelmRelease" && o.group == "helm.toolkit.fluxcd.io" },
		read: func(r *reader, o object) {
			spec := r.fields(o.get("spec"))
			r.inNamespace(cmp.Or(spec.text("targetNamespace"), r.fields(o.get("metadata")).text("namespace")), func() {
				r.chartValues(spec.get("values"))
			})
			r.valuesFrom(o, spec)
			r.patches(o.get("spec"))
		},
	}
}

// valuesFrom notes values of a release that come from other objects, where the release, the object or the value is about aws-auth.
func (r *reader) valuesFrom(o object, spec fields) {
	about := awsAuthMentioned.MatchString(r.fields(o.get("metadata")).text("name") + " " + r.fields(r.get(spec.get("chart"), "spec")).text("chart"))
	for _, n := range items(spec.get("valuesFrom")) {
		from := r.fields(n)
		target := from.text("targetPath")
		if !about && !awsAuthMentioned.MatchString(from.text("name")) && !setName.MatchString(target) {
			continue
		}
		r.cover(n)
		r.file.note(r.span(n), Part, "values come from the %s %s, so they were not checked here; "+
			"check what comes of them: `helm template CHART | kubectl aws-auth lint -`", from.text("kind"), from.text("name"))
	}
}

// inNamespace reads what goes to a namespace where it names none.
func (r *reader) inNamespace(namespace string, read func()) {
	before := r.givenNamespace
	r.givenNamespace = cmp.Or(namespace, before)
	read()
	r.givenNamespace = before
}

func fluxKustomizationCarrier() carrier {
	return carrier{
		name: "Flux Kustomization",
		is: func(_ *reader, o object) bool {
			return o.kind == kindKustomization && o.group == "kustomize.toolkit.fluxcd.io"
		},
		read: (*reader).fluxKustomization,
	}
}

// fluxKustomization reads the patches, and the variables that stand for a list of entries.
func (r *reader) fluxKustomization(o object) {
	r.patches(o.get("spec"))
	for _, f := range r.fields(r.get(r.get(o.get("spec"), "postBuild"), "substitute")) {
		if isText(f.value) && holdsEntries(f.value.Value) {
			r.manifestText(f.value)
		}
	}
}

func argoCDCarrier() carrier {
	return carrier{
		name: "Argo CD Application",
		is: func(_ *reader, o object) bool {
			return o.group == "argoproj.io" && (o.kind == "Application" || o.kind == "ApplicationSet")
		},
		read: (*reader).argoCD,
	}
}

// argoCD reads the values and the patches of all sources.
func (r *reader) argoCD(o object) {
	r.eachMapping(o.get("spec"), func(_ *yaml.Node, all fields) bool {
		if destination := r.fields(all.get("destination")); destination != nil {
			r.givenNamespace = cmp.Or(destination.text("namespace"), r.file.givenNamespace)
		}
		return true
	})
	namespace := r.givenNamespace
	r.eachMapping(o.get("spec"), func(_ *yaml.Node, all fields) bool {
		helm := r.fields(all.get("helm"))
		r.inNamespace(namespace, func() {
			values := helm.get("valuesObject")
			if given := helm.get("values"); given != nil && isText(given) && values == nil {
				if values = r.decodeText(given); values == nil {
					r.valuesOf(r.textOf(given), given)
				} else {
					r.cover(given)
				}
			}
			files := items(helm.get("valueFiles"))
			parameters := fields{{name: "set", value: helm.get("parameters")}}
			values = r.setValues(values, parameters, len(files) == 0)
			if len(files) > 0 {
				r.noteParts(parameters, "value files")
			}
			r.chartValues(values)
			r.unread(values, &container{what: "values of an Argo CD " + o.kind})
		})
		r.patches(all.get("kustomize"))
		return true
	})
	r.givenNamespace = r.file.givenNamespace
}

// patches reads those of a kustomization, or of a tool that builds one: their texts, which name no namespace of their own.
func (r *reader) patches(n *yaml.Node) {
	r.givenNamespace = "kube-system"
	defer func() { r.givenNamespace, r.aim = r.file.givenNamespace, r.file.aim }()
	r.eachMapping(n, func(_ *yaml.Node, all fields) bool {
		r.aim = r.aimAt(all.get("target"))
		for _, f := range all {
			switch {
			case f.name == "patch" && isText(f.value):
				r.manifestText(f.value)
			case f.name == "patchesStrategicMerge":
				for _, item := range items(f.value) {
					if !isText(item) {
						r.object(item)
					} else if strings.Contains(item.Value, "\n") {
						r.manifestText(item)
					}
				}
			case f.name == "patch" || f.name == "patchesJson6902" && f.value.Kind == yaml.ScalarNode:
				r.object(f.value)
			}
		}
		return true
	})
}
