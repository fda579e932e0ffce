package values

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// limited are the types of values that notes, the lines of a comment that begin with "@", say more about.
var limited = map[string]string{
	"@free": "object", "@keys": "object", "@rules": "object", "@items": "array", "@minItems": "array",
	"@enum": "string", "@pattern": "string", "@minimum": "integer", "@maximum": "integer",
}

// comment reads the comment of a value: its text, and its notes into the schema.
func (v *Value) comment(lines []string) error {
	var text []string
	var problems []error
	for _, line := range lines {
		name, argument, _ := strings.Cut(line, " ")
		if !strings.HasPrefix(name, "@") {
			text = append(text, strings.TrimSpace(line))
			continue
		}
		v.notes = append(v.notes, name)
		problems = append(problems, v.schema.note(name, strings.TrimSpace(argument)))
	}
	v.Text = strings.TrimSpace(strings.Join(text, " "))
	return errors.Join(problems...)
}

// note adds what a note says.
func (s *schema) note(name, argument string) (err error) {
	switch name {
	case "@free": // A map with keys of the user's choice holds texts, or anything.
		switch argument {
		case "string":
			s.AdditionalProperties = &schema{Type: "string"}
		case "any":
		default:
			err = errors.New(`@free is "string" or "any"`)
		}
	case "@keys": // A map is limited to these keys, all of them texts and none needed.
		s.AdditionalProperties, s.Properties = false, map[string]*schema{}
		for _, key := range list(argument, ",") {
			s.Properties[key] = &schema{Type: "string", MinLength: 1}
		}
	case "@rules": // The value is the settings by rule of a GuardPolicy.
		s.AdditionalProperties = false
		s.Properties, err = rules()
	case "@items": // The types that the items of a list may have. An empty text names nobody and nothing.
		types := list(argument, "|")
		s.Items = &schema{Type: one(types)}
		if slices.Contains(types, "string") {
			s.Items.MinLength = 1
		}
	case "@minItems":
		s.MinItems, err = number(argument)
	case "@type": // The types of the value, where the default shows only one of them.
		s.Type = one(list(argument, ","))
	case "@enum":
		s.Enum = list(argument, ",")
	case "@pattern":
		s.Pattern = argument
	case "@minimum":
		s.Minimum, err = number(argument)
	case "@maximum":
		s.Maximum, err = number(argument)
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

// one writes a single type without a list.
func one(types []string) any {
	if len(types) == 1 {
		return types[0]
	}
	return types
}

// check compares the notes with the default: a map must say what may stand in it, a list which items, and a note must have something to limit.
func (v *Value) check() error {
	types := v.types()
	var problems []error
	for _, name := range v.notes {
		if of := limited[name]; of != "" && !slices.Contains(types, of) {
			problems = append(problems, fmt.Errorf("%s is no note for the default %v", name, v.Default))
		}
	}
	has := func(name string) bool { return slices.Contains(v.notes, name) }
	switch {
	case len(types) == 0:
		problems = append(problems, fmt.Errorf("the default %v has no type that a schema can tell: use @type", v.Default))
	case v.Fields == nil && slices.Contains(types, "object") && !has("@free") && !has("@keys") && !has("@rules"):
		problems = append(problems, errors.New("an empty map needs @free, @keys or @rules"))
	case slices.Contains(types, "array") && !has("@items"):
		problems = append(problems, errors.New("a list needs @items"))
	}
	return errors.Join(problems...)
}

// types are the names that JSON Schema has for the types of the value.
func (v *Value) types() []string {
	switch noted := v.schema.Type.(type) {
	case string:
		return []string{noted}
	case []string:
		return noted
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
