package manifest

import "fmt"

func eksAnywhereCarrier() carrier {
	return carrier{
		name: "EKS Anywhere AWSIamConfig",
		is: func(_ *reader, o object) bool {
			return o.kind == "AWSIamConfig" && o.group == "anywhere.eks.amazonaws.com"
		},
		read: (*reader).eksAnywhere,
	}
}

// eksAnywhere reads the texts that EKS Anywhere puts into the map as they are.
func (r *reader) eksAnywhere(o object) {
	spec := r.fields(o.get("spec"))
	if !spec.hasMapKey() || r.isTemplate(r.whole(o.node)) {
		return
	}
	d := r.document(o.node)
	r.repeated(spec, "spec")
	for _, f := range spec {
		switch {
		case section(f.name) == "":
		case isText(f.value) || isNull(f.value):
			r.datum(d, f)
		default:
			r.shapeProblem(r.span(f.key), section(f.name), fmt.Sprintf("spec.%s is not text, so EKS Anywhere refuses it", f.name),
				"write `"+f.name+": |` and indent what is below it")
		}
	}
	r.noteTokens(d)
}
