package manifest

import (
	"regexp"
	"slices"
	"strings"
)

// Binding is a RoleBinding or ClusterRoleBinding in a file.
type Binding struct {
	// Name is "ClusterRoleBinding x" or "RoleBinding namespace/x".
	Name string
	// Users and Groups are its subjects.
	Users, Groups []string
}

var bindingKinds = []string{"RoleBinding", "ClusterRoleBinding"}

// filledIn is what another tool has yet to put its text in the place of.
var filledIn = regexp.MustCompile(`\{[{%]|\$[({\w]|<|#\{|\(\(|%\w+%|@[A-Z_]+@`)

// Bindings finds the bindings in a text. It reports false where there may be more than it can tell: in a template, in a text
// that kubectl refuses or drops.
func Bindings(text string) (found []Binding, all bool) {
	all = true
	chunks, _ := split(text)
	for _, c := range chunks {
		part := text[c.Start:c.End]
		speaks := strings.Contains(part, bindingKinds[0])
		if !speaks && !maySpeak(part) {
			continue
		}
		v, err := c.decode(part)
		if speaks && (err != nil || !c.json && hasTail(asLines(part))) {
			all = false
		}
		found = addBindings(found, v, "")
	}
	return found, all && !slices.ContainsFunc(found, Binding.isTemplate)
}

func (b Binding) isTemplate() bool {
	return slices.ContainsFunc(slices.Concat(b.Users, b.Groups), func(name string) bool { return name == "" || filledIn.MatchString(name) })
}

// addBindings collects those of an object, of a List or of a list. kind is that of items without one.
func addBindings(found []Binding, v any, kind string) []Binding {
	if list, ok := v.([]any); ok {
		for _, item := range list {
			found = addBindings(found, item, kind)
		}
		return found
	}
	object, _ := v.(map[string]any)
	if own, ok := object["kind"].(string); ok {
		kind = own
	}
	if items, ok := object["items"].([]any); ok {
		return addBindings(found, items, strings.TrimSuffix(kind, "List"))
	}
	if !slices.Contains(bindingKinds, kind) {
		return found
	}
	metadata, _ := object["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	if namespace, _ := metadata["namespace"].(string); namespace != "" && kind == bindingKinds[0] {
		name = namespace + "/" + name
	}
	b := Binding{Name: kind + " " + name}
	subjects, _ := object["subjects"].([]any)
	for _, s := range subjects {
		subject, _ := s.(map[string]any)
		who, _ := subject["name"].(string)
		switch subject["kind"] {
		case "User":
			b.Users = append(b.Users, who)
		case "Group":
			b.Groups = append(b.Groups, who)
		}
	}
	return append(found, b)
}
