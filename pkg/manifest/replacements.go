package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// replacement is what kustomize puts into a value of the map from another object.
type replacement struct {
	key string
	// delimiter divides the value, "" where all of it is replaced; index counts its parts.
	delimiter string
	index     int
	// from names the source for people.
	from string
}

// replacements are those of a kustomization that have aws-auth as their target.
func replacements(kustomization map[string]any) []replacement {
	var all []replacement
	for _, item := range list(kustomization["replacements"]) {
		r, _ := item.(map[string]any)
		for _, item := range list(r["targets"]) {
			target, _ := item.(map[string]any)
			selected, _ := target["select"].(map[string]any)
			if !selects(selected, "name", awsauth.Name) || !selects(selected, "kind", kindConfigMap) || !selects(selected, "namespace", awsauth.Namespace) {
				continue
			}
			options, _ := target["options"].(map[string]any)
			delimiter, _ := options["delimiter"].(string)
			index, err := strconv.Atoi(fmt.Sprint(cmp.Or(options["index"], any(0))))
			if err != nil {
				continue
			}
			for _, path := range list(target["fieldPaths"]) {
				if key, ok := strings.CutPrefix(fmt.Sprint(path), "data."); ok && section(key) != "" {
					all = append(all, replacement{key: key, delimiter: delimiter, index: index, from: sourceOf(r)})
				}
			}
		}
	}
	return all
}

// selects reports whether a selector takes an object with this value: what it does not name, it takes.
func selects(selector map[string]any, field, value string) bool {
	given, ok := selector[field]
	return !ok || given == value
}

func sourceOf(r map[string]any) string {
	source, _ := r["source"].(map[string]any)
	if source == nil {
		return "another file"
	}
	from := fmt.Sprintf("%v %v", source["kind"], source["name"])
	if path, ok := source["fieldPath"].(string); ok {
		from = path + " of " + from
	}
	return from
}

// minReplaced is how long a part has to be to be told from others.
const minReplaced = 4

// replaced is the part of a value that a replacement fills in, or false.
func (r replacement) replaced(value string) (Span, bool) {
	if r.delimiter == "" {
		return Span{End: len(value)}, true
	}
	parts := strings.Split(value, r.delimiter)
	if r.index < 0 || r.index >= len(parts) || len(parts[r.index]) < minReplaced {
		return Span{}, false
	}
	start := 0
	for _, p := range parts[:r.index] {
		start += len(p) + len(r.delimiter)
	}
	return Span{Start: start, End: start + len(parts[r.index])}, true
}

// filledIn are the parts of a value that other tools fill in, in their order: what looks like it, and what kustomize replaces.
func (f *File) filledIn(key, value string) (parts []filledPart) {
	for _, r := range f.role.replaced {
		if r.key != key {
			continue
		}
		if span, ok := r.replaced(value); ok {
			parts = append(parts, filledPart{Span: span, from: r.from})
		}
	}
	for _, m := range token.FindAllStringIndex(value, -1) {
		if !slices.ContainsFunc(parts, func(p filledPart) bool { return m[0] < p.End && p.Start < m[1] }) {
			parts = append(parts, filledPart{Span: Span{Start: m[0], End: m[1]}})
		}
	}
	slices.SortFunc(parts, func(a, b filledPart) int { return a.Start - b.Start })
	// Of parts that overlap, the first counts.
	end := 0
	return slices.DeleteFunc(parts, func(p filledPart) bool {
		over := p.Start < end
		end = max(end, p.End)
		return over
	})
}

// filledPart is a part of a value; from is what a replacement takes it from, "" for what only looks like a template.
type filledPart struct {
	Span
	from string
}
