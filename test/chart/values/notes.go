package values

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// notes are the lines of a comment that begin with "@".
type notes struct {
	// free is the type of what a map with keys of the user's choice holds: "string" or "any".
	free string
	// keys are the keys that such a map is limited to, all texts and none needed.
	keys []string
	// items are the types that the items of a list may have, minItems how many there must be.
	items    []string
	minItems *int
	// types are those of the value, where the default shows only one of them.
	types            []string
	enum             []string
	pattern          string
	minimum, maximum *int
	// rules says that the value is the settings by rule of a GuardPolicy.
	rules bool
}

// comment splits a comment into its text and its notes.
func comment(lines []string) (string, notes, error) {
	var text []string
	var n notes
	var problems []error
	for _, line := range lines {
		name, argument, _ := strings.Cut(line, " ")
		if !strings.HasPrefix(name, "@") {
			text = append(text, strings.TrimSpace(line))
			continue
		}
		problems = append(problems, n.add(name, strings.TrimSpace(argument)))
	}
	return strings.TrimSpace(strings.Join(text, " ")), n, errors.Join(problems...)
}

func (n *notes) add(name, argument string) error {
	var err error
	switch name {
	case "@free":
		n.free = argument
		if argument != "string" && argument != "any" {
			err = errors.New(`@free is "string" or "any"`)
		}
	case "@keys":
		n.keys = list(argument, ",")
	case "@items":
		n.items = list(argument, "|")
	case "@minItems":
		n.minItems, err = number(argument)
	case "@type":
		n.types = list(argument, ",")
	case "@enum":
		n.enum = list(argument, ",")
	case "@pattern":
		n.pattern = argument
	case "@minimum":
		n.minimum, err = number(argument)
	case "@maximum":
		n.maximum, err = number(argument)
	case "@rules":
		n.rules = true
	default:
		err = fmt.Errorf("%s is not known", name)
	}
	return err
}

// list splits an argument; an empty item stands for the empty text.
func list(argument, separator string) []string {
	items := strings.Split(argument, separator)
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}

func number(argument string) (*int, error) {
	n, err := strconv.Atoi(argument)
	return &n, err
}

// check compares the notes with the default: a map must say what may stand in it, a list which items, and a note must have something to limit.
func (v *Value) check() error {
	n := v.notes
	types := v.types()
	var problems []error
	need := func(note bool, name string, types ...string) {
		if note && !slices.ContainsFunc(types, func(t string) bool { return slices.Contains(v.types(), t) }) {
			problems = append(problems, fmt.Errorf("%s is no note for the default %v", name, v.Default))
		}
	}
	need(n.free != "", "@free", "object")
	need(n.keys != nil, "@keys", "object")
	need(n.rules, "@rules", "object")
	need(n.items != nil, "@items", "array")
	need(n.minItems != nil, "@minItems", "array")
	need(n.enum != nil, "@enum", "string")
	need(n.pattern != "", "@pattern", "string")
	need(n.minimum != nil, "@minimum", "integer")
	need(n.maximum != nil, "@maximum", "integer")
	switch {
	case len(types) == 0:
		problems = append(problems, fmt.Errorf("the default %v has no type that a schema can tell: use @type", v.Default))
	case v.Fields == nil && slices.Contains(types, "object") && n.free == "" && n.keys == nil && !n.rules:
		problems = append(problems, errors.New("an empty map needs @free, @keys or @rules"))
	case slices.Contains(types, "array") && n.items == nil:
		problems = append(problems, errors.New("a list needs @items"))
	}
	return errors.Join(problems...)
}

// types are the names that JSON Schema has for the types of the value.
func (v *Value) types() []string {
	if v.notes.types != nil {
		return v.notes.types
	}
	switch v.Default.(type) {
	case string:
		return []string{"string"}
	case bool:
		return []string{"boolean"}
	case int:
		return []string{"integer"}
	case []any:
		return []string{"array"}
	case map[string]any:
		return []string{"object"}
	}
	return nil
}
