package manifest

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/splice"
	show "github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// replacement is what kustomize puts into a value of the map from another object.
type replacement struct {
	key string
	// delimiter divides the value, "" where all of it is replaced; index counts its parts.
	delimiter string
	index     int
	// from names the source for people.
	from string
	// namespace is what the map has to name to be selected, "" where it need not.
	namespace string
	// unsure is set where what is here does not tell whether the part changes.
	unsure bool
}

// replacements lists those of a kustomization that may change aws-auth. read gives the text of the files that it names for them.
func replacements(kustomization map[string]any, read func(path string) (string, bool)) []replacement {
	var all []replacement
	for _, item := range list(kustomization["replacements"]) {
		r, _ := item.(map[string]any)
		path, ok := r["path"].(string)
		if !ok || path == "" {
			all = append(all, replacementsBy(r, kustomization)...)
			continue
		}
		held, ok := heldIn(path, read)
		if !ok {
			for _, key := range awsauth.Keys() {
				all = append(all, replacement{key: string(key), from: "what the file " + path + " says, which can't be read here", unsure: true})
			}
		}
		for _, item := range held {
			r, _ := item.(map[string]any)
			all = append(all, replacementsBy(r, kustomization)...)
		}
	}
	return all
}

// heldIn are the replacements of a file, which holds one or a list of them.
func heldIn(path string, read func(path string) (string, bool)) ([]any, bool) {
	text, ok := read(path)
	if !ok {
		return nil, false
	}
	v, err := decodeYAML(text)
	if one, ok := v.(map[string]any); ok {
		return []any{one}, err == nil
	}
	return list(v), err == nil
}

// replacementsBy are what one of them replaces in the map.
func replacementsBy(r, kustomization map[string]any) (all []replacement) {
	for _, item := range list(r["targets"]) {
		target, _ := item.(map[string]any)
		selected, unsure := selectsMap(target)
		if !selected {
			continue
		}
		options, _ := target["options"].(map[string]any)
		delimiter, _ := options["delimiter"].(string)
		index, err := strconv.Atoi(fmt.Sprint(cmp.Or(options["index"], any(0))))
		if err != nil {
			continue
		}
		one := replacement{delimiter: delimiter, index: index, from: sourceOf(r), unsure: unsure || fromMap(r)}
		if selector, _ := target["select"].(map[string]any); kustomization["namespace"] != awsauth.Namespace {
			one.namespace, _ = selector["namespace"].(string)
		}
		for _, path := range list(target["fieldPaths"]) {
			key, inData := strings.CutPrefix(fmt.Sprint(path), "data.")
			// Since kustomize 5.8 a path may go on in the text of a key.
			key, inside, _ := strings.Cut(key, ".")
			if inData && section(key) != "" {
				at := one
				at.key, at.unsure = key, one.unsure || inside != ""
				all = append(all, at)
			}
		}
	}
	return all
}

// selectsMap reports whether a target takes aws-auth, as far as its names tell. It is unsure where other things decide: labels,
// annotations, what is rejected, and names that are patterns.
func selectsMap(target map[string]any) (selected, unsure bool) {
	selector, ok := target["select"].(map[string]any)
	if !ok {
		return false, false
	}
	unsure = len(list(target["reject"])) > 0
	for field, given := range selector {
		is, known := map[string]string{
			"name": awsauth.Name, "kind": kindConfigMap, "namespace": awsauth.Namespace, "version": "v1", "group": "",
		}[field]
		pattern, isText := given.(string)
		switch {
		case given == nil, given == "", known && given == is:
		case !known || !isText:
			unsure = true
		default:
			// Since kustomize 5.6 these are patterns.
			if whole, err := regexp.Compile("^(?:" + pattern + ")$"); err != nil || !whole.MatchString(is) {
				return false, false
			}
			unsure = true
		}
	}
	return true, unsure
}

// fromMap reports whether a replacement may take its value from the map, which then can stay as it is.
func fromMap(r map[string]any) bool {
	source, ok := r["source"].(map[string]any)
	path, _ := source["fieldPath"].(string)
	return ok && selects(source, "name", awsauth.Name) && selects(source, "kind", kindConfigMap) && strings.HasPrefix(path, "data")
}

// selects reports whether a selector takes an object with this value: what it does not name, it takes.
func selects(selector map[string]any, field, value string) bool {
	given := selector[field]
	return given == nil || given == "" || given == value
}

func sourceOf(r map[string]any) string {
	source, _ := r["source"].(map[string]any)
	if source == nil {
		return "a value of its own"
	}
	kind, _ := source["kind"].(string)
	name, _ := source["name"].(string)
	from := cmp.Or(strings.TrimSpace(kind+" "+name), "another object")
	if path, ok := source["fieldPath"].(string); ok {
		from = path + " of " + from
	}
	return from
}

// replace has a kustomization replace parts of a document. Where it does not surely take just this object, it may.
func (d *Document) replace(by []replacement, namespace string, surely bool) {
	for _, r := range by {
		r.unsure = r.unsure || !surely || r.namespace != "" && r.namespace != namespace
		d.replaced = append(d.replaced, r)
	}
}

// noteUnsure says once what a kustomization may replace in a document. The text is judged as it is written.
func (r *reader) noteUnsure(d *Document) {
	var keys, sources []string
	for _, x := range d.replaced {
		if _, ok := d.Data[x.key]; ok && x.unsure {
			keys, sources = append(keys, x.key), append(sources, show.Short(x.from, maxShown))
		}
	}
	if len(keys) == 0 {
		return
	}
	slices.Sort(keys)
	slices.Sort(sources)
	r.file.note(d.KeySpan(keys[0]), Part, "kustomize may replace parts of "+show.List(slices.Compact(keys))+" by "+enumerate(slices.Compact(sources))+
		", which does not show here, so it was checked as it is written; "+kustomizeAdvice)
}

// kustomizeAdvice says how to see what kustomize makes.
const kustomizeAdvice = "check what comes of it: `kubectl kustomize . | kubectl aws-auth lint -`"

// minReplaced is how long a part has to be to be told from others.
const minReplaced = 4

// replaced is the part of a value that a replacement fills in, or false.
func (r replacement) replaced(value string) (Span, bool) {
	if r.delimiter == "" {
		return Span{End: len(value)}, value != ""
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

// keepsParts refuses edits after which kustomize would replace another part of a value: it counts the parts from the beginning.
func (d *Document) keepsParts(key string, edits []Edit) error {
	if len(d.replaced) == 0 {
		return nil
	}
	before := d.Data[key]
	after, err := splice.Apply(before, edits)
	if err != nil {
		return err
	}
	for _, r := range d.replaced {
		if r.key != key || r.delimiter == "" {
			continue
		}
		// A part before the first or after the last is added.
		was, is := strings.Split(before, r.delimiter), strings.Split(after, r.delimiter)
		added := r.index >= len(was)
		if r.index >= 0 && (added != (r.index >= len(is)) || !added && is[r.index] != was[r.index]) {
			return fmt.Errorf("kustomize counts the parts of %s between %s and replaces one of them: after this edit that would be another part",
				key, show.Quote(r.delimiter))
		}
	}
	return nil
}

// filledIn are the parts of a value that other tools fill in, in their order: what looks like it, and what kustomize replaces.
func (d *Document) filledIn(key, value string) (parts []filledPart) {
	for _, r := range d.replaced {
		if r.key != key || r.unsure {
			continue
		}
		if span, ok := r.replaced(value); ok {
			parts = append(parts, filledPart{Span: span, from: r.from})
		}
	}
	byKustomize := slices.Clone(parts)
	for _, m := range token.FindAllStringIndex(value, -1) {
		if !slices.ContainsFunc(byKustomize, func(p filledPart) bool { return m[0] < p.End && p.Start < m[1] }) {
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
