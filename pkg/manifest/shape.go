package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func (r *reader) shapeProblem(span Span, section awsauth.Key, what, remedy string) {
	// A block is named by its first line.
	if i := strings.IndexAny(r.file.Text[span.Start:span.End], "\r\n"); i >= 0 {
		span.End = span.Start + i
	}
	r.file.Problems = append(r.file.Problems, Problem{Rule: RuleShape, Span: span, Section: section, Resource: r.resource, What: what, Remedy: remedy})
}

// key is the place of a key of a mapping.
func (r *reader) key(fields fields, name string) Span {
	for i := range fields {
		if fields[i].name == name {
			return r.span(fields[i].key)
		}
	}
	return Span{Start: r.base, End: r.base}
}

// namespace reports a ConfigMap that does not say that it goes to kube-system, and whether it does.
func (r *reader) namespace(n *yaml.Node, metadata fields) bool {
	if name := r.file.role.name; name != "" && name != awsauth.Name {
		r.shapeProblem(r.span(metadata.get("name")), "", fmt.Sprintf("the kustomization names it %s, and EKS reads only %s", name, awsauth.Name), "take out namePrefix and nameSuffix")
	}
	switch ns := metadata.text("namespace"); {
	case r.file.role.namespace == awsauth.Namespace:
		return true
	case r.file.role.namespace != "":
		r.shapeProblem(r.span(cmp.Or(metadata.get("namespace"), n)), "", fmt.Sprintf(
			"the kustomization puts it into the namespace %s, and EKS reads aws-auth only in %s", r.file.role.namespace, awsauth.Namespace),
			"write `namespace: "+awsauth.Namespace+"` there")
		return false
	case ns == awsauth.Namespace, ns == "" && r.givenNamespace == awsauth.Namespace:
		return true
	case r.isLater(ns):
		r.noteLater("namespace", metadata.get("namespace"), awsauth.Namespace)
		return true
	case ns != "":
		r.shapeProblem(r.span(metadata.get("namespace")), "", neverIn(ns), "write `"+r.assignment("namespace", awsauth.Namespace)+"`")
	default:
		at := r.span(n)
		for i := range metadata {
			if metadata[i].name == "name" {
				at = r.span(metadata[i].value)
			}
		}
		where := "kubectl uses its current one"
		switch {
		case r.givenNamespace != "":
			where = "it goes to " + r.givenNamespace
		case r.origin == rendered:
			where = "it goes to that of the release (say which with --namespace)"
		case r.origin.isTerraform():
			where = "the provider takes default"
		}
		r.shapeProblem(at, "", fmt.Sprintf("no namespace: %s, and EKS reads aws-auth only in %s", where, awsauth.Namespace),
			"add `"+r.assignment("namespace", awsauth.Namespace)+"`")
	}
	return false
}

// assignment is how a field is written where the text comes from.
func (r *reader) assignment(name, value string) string {
	if r.origin.isTerraform() {
		return fmt.Sprintf("%s = %q", name, value)
	}
	return name + ": " + value
}

// isLater reports whether a text is yet to be filled in.
func (r *reader) isLater(text string) bool {
	switch r.origin {
	case source, synthesized:
		return interpolation.MatchString(text)
	case written, stack:
		return token.MatchString(text)
	}
	return false
}

// noteLater notes that a field of the metadata is yet to be filled in. In source of Terraform the plan is what tells.
func (r *reader) noteLater(name string, n *yaml.Node, want string) {
	if r.origin == written || r.origin == stack {
		r.file.note(r.span(n), Part, "the %s %s is filled in by another tool, so not checked: EKS reads the map only where it is %s", name, n.Value, want)
	}
}

func neverIn(namespace string) string {
	return fmt.Sprintf("EKS reads aws-auth only in the namespace %s, never in %q", awsauth.Namespace, namespace)
}

// outside reports keys of aws-auth that do not stand under data.
func (r *reader) outside(fields fields, where string) {
	for i := range fields {
		if f := &fields[i]; isMapKey(f.name) {
			r.shapeProblem(r.span(f.key), section(f.name), fmt.Sprintf("%s is at %s, where nothing reads it", f.name, where), "indent it under `data:`")
		}
	}
}

// repeated reports a key whose value counts for nothing, because another one follows.
func (r *reader) repeated(fields fields, where string) {
	for i := range fields {
		f := &fields[i]
		lost, ok := r.losers[f.key]
		if !ok {
			continue
		}
		first := r.file.Position(r.span(lost.key).Start).Line
		what := fmt.Sprintf("%s appears twice in %s: only this one counts, kubectl silently drops the one on line %d", f.name, where, first)
		remedy := "merge the two"
		if lost.byMerge {
			what = fmt.Sprintf("%s of %s comes from a merge key (<<) that follows it: kubectl applies this one and silently drops the one on line %d",
				f.name, where, first)
			remedy = "put << before the other keys, or write one " + f.name + " alone"
		}
		r.shapeProblem(r.span(f.key), section(f.name), what, remedy)
	}
}

// itemsInConfigMap reports a ConfigMap that kubectl takes for a List.
func (r *reader) itemsInConfigMap(fields fields) {
	if r.fields(fields.get("metadata")).text("name") == awsauth.Name || r.fields(fields.get("data")).hasMapKey() {
		r.shapeProblem(r.key(fields, "items"), "",
			"kubectl takes an object with `items` as a list: it applies the items alone and drops this ConfigMap", "delete `items`")
	}
}

// elsewhere reports keys of aws-auth under a field that no ConfigMap has, as stringData: kubectl refuses it, or drops it and
// all mappings with it.
func (r *reader) elsewhere(fields fields) {
	for _, f := range fields {
		if !slices.Contains([]string{"data", "binaryData", "metadata"}, f.name) && !strings.EqualFold(f.name, "data") && r.fields(f.value).hasMapKey() {
			r.shapeProblem(r.span(f.key), "", fmt.Sprintf("%s is not a field of a ConfigMap, so nothing reads what is under it", f.name), "write `data`")
		}
	}
}

// dataInMetadata reports the data of a ConfigMap under its metadata: indented too far, as it is pasted. It reports whether it
// is there.
func (r *reader) dataInMetadata(fields, metadata fields) (found bool) {
	column := r.file.Position(r.key(fields, "metadata").Start).Column
	for _, f := range metadata {
		if (f.name == "data" || f.name == "binaryData") && (r.fields(f.value).hasMapKey() || isNull(f.value) && metadata.hasMapKey()) {
			found = true
			r.shapeProblem(r.span(f.key), "", fmt.Sprintf("%s stands under metadata, where nothing reads it, so all mappings are lost", f.name),
				fmt.Sprintf("begin it in column %d, and move what is below it as far", column))
		}
	}
	return found
}

// misspelled reports keys of a ConfigMap in another case. The API server tells cases apart.
func (r *reader) misspelled(fields fields, names ...string) {
	for _, f := range fields {
		for _, name := range names {
			if f.name != name && strings.EqualFold(f.name, name) {
				r.shapeProblem(r.span(f.key), "", fmt.Sprintf("%s is not a field of a ConfigMap, so kubectl refuses it", f.name), "write `"+name+"`")
			}
		}
	}
}

// lineInk is the end of the line without trailing blanks and the break.
func lineInk(text string, at int) int {
	return at + len(strings.TrimRight(text[at:lineEnd(text, at)], " \t\r\n"))
}
