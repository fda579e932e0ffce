package values

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Tables are the values by section, as Markdown.
func (v *Value) Tables() (string, error) {
	var b strings.Builder
	section := ""
	for _, row := range v.rows() {
		if row.Section != section {
			section = row.Section
			fmt.Fprintf(&b, "\n### %s\n\n| value | default | what it does |\n|---|---|---|\n", section)
		}
		text, err := row.row(row.Path)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	b.WriteString("\n")
	return b.String(), nil
}

// row is the row of a value in a table, under the path that is shown for it.
func (v *Value) row(path string) (string, error) {
	shown := ""
	if v.Fields == nil {
		text, err := json.Marshal(v.Default)
		if err != nil {
			return "", fmt.Errorf("%s: %w", v.Path, err)
		}
		shown = code(string(text))
	}
	return fmt.Sprintf("| `%s` | %s | %s%s |\n", path, shown, cell(v.Text), v.limits()), nil
}

// rows are the values that have something to tell, objects before what is in them.
func (v *Value) rows() []*Value {
	var rows []*Value
	if v.Text != "" {
		rows = append(rows, v)
	}
	for _, f := range v.Fields {
		rows = append(rows, f.rows()...)
	}
	return rows
}

// limits says of a value what its default does not show, and its comment need not.
func (v *Value) limits() string {
	switch s := v.schema; {
	case s.Enum != nil:
		var words []string
		told := true
		for _, e := range s.Enum {
			if e != "" {
				words = append(words, "`"+e+"`")
				told = told && strings.Contains(v.Text, e)
			}
		}
		if told {
			return ""
		}
		return " One of " + strings.Join(words, ", ") + "."
	case s.Minimum != nil && s.Maximum != nil:
		return fmt.Sprintf(" From %d to %d.", *s.Minimum, *s.Maximum)
	case s.Minimum != nil && *s.Minimum > 0:
		return fmt.Sprintf(" At least %d.", *s.Minimum)
	}
	return ""
}

// cell keeps a text within its cell.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func code(text string) string { return "`" + cell(text) + "`" }
