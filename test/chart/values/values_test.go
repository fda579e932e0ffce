package values

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

const sample = `# Not about a value.

# @section First things

# How many.
# Really.
# @minimum 1
# @maximum 9
count: 2

group:
  # One of them.
  # @enum , a, b
  word: ""
  # Either | or.
  # @type integer, string
  # @pattern ^[0-9]+%$
  share: 1
  # Whatever you like.
  # @free any
  open:
    a: {b: c}

# @section Last things

# An object.
object:
  # A list.
  # @items object|string
  # @minItems 0
  list: []
  # A reference.
  # @keys name, kind
  reference: {}
  # Labels.
  # @free string
  labels: {}
`

func TestParse(t *testing.T) {
	root, err := Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, leaf := range root.Leaves() {
		paths = append(paths, leaf.Section+": "+leaf.Path)
	}
	wanted := []string{
		"First things: count", "First things: group.word", "First things: group.share", "First things: group.open",
		"Last things: object.list", "Last things: object.reference", "Last things: object.labels",
	}
	if !reflect.DeepEqual(paths, wanted) {
		t.Errorf("the values are %q", paths)
	}
	if count := root.Fields[0]; count.Text != "How many. Really." || count.Default != 2 {
		t.Errorf("count is %+v", count)
	}
	if object := root.Fields[2]; object.Text != "An object." {
		t.Errorf("object is %+v", object)
	}
}

func TestParseErrors(t *testing.T) {
	for text, word := range map[string]string{
		"a: 1":                                      "it stands under no @section",
		"# @section S\na: 1":                        "section is not known",
		"# @section S\n\na: 1":                      "it has no comment",
		"# @section S\n\n# A.\na: {}":               "needs @free, @keys or @rules",
		"# @section S\n\n# A.\na: []":               "needs @items",
		"# @section S\n\n# A.\na: 1.5":              "no type that a schema can tell",
		"# @section S\n\n# A.\na: null":             "no type that a schema can tell",
		"# @section S\n\n# A.\n# @enum a, b\na: 1":  "@enum is no note for the default 1",
		"# @section S\n\n# A.\n# @items x\na: 1":    "@items is no note",
		"# @section S\n\n# A.\n# @minItems 1\na: 1": "@minItems is no note",
		"# @section S\n\n# A.\n# @free x\na: {}":    `@free is "string" or "any"`,
		"# @section S\n\n# A.\n# @minimum x\na: 1":  "invalid syntax",
		"# @section S\n\n# A.\n# @minimun 1\na: 1":  "5: a: @minimun is not known",
		"# @section S\n\n# A.\n# @minimum 1\na: ''": "@minimum is no note",
		"[]": "no mapping",
		"{":  "yaml",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%q: %v, wanted %q", text, err, word)
		}
	}
}

func TestSchema(t *testing.T) {
	root, err := Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	text, err := root.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var found, wanted map[string]any
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	if found["$schema"] != draft {
		t.Errorf("$schema is %v", found["$schema"])
	}
	for _, key := range []string{"$schema", "$comment", "title"} {
		delete(found, key)
	}
	if err := json.Unmarshal([]byte(`{"type": "object", "additionalProperties": false, "properties": {
		"count": {"description": "How many. Really.", "type": "integer", "default": 2, "minimum": 1, "maximum": 9},
		"group": {"type": "object", "additionalProperties": false, "properties": {
			"word": {"description": "One of them.", "type": "string", "default": "", "enum": ["", "a", "b"]},
			"share": {"description": "Either | or.", "type": ["integer", "string"], "default": 1, "pattern": "^[0-9]+%$"},
			"open": {"description": "Whatever you like.", "type": "object", "default": {"a": {"b": "c"}}}
		}},
		"object": {"description": "An object.", "type": "object", "additionalProperties": false, "properties": {
			"list": {"description": "A list.", "type": "array", "default": [], "minItems": 0, "items": {"type": ["object", "string"], "minLength": 1}},
			"reference": {"description": "A reference.", "type": "object", "default": {}, "additionalProperties": false, "properties": {
				"name": {"type": "string", "minLength": 1}, "kind": {"type": "string", "minLength": 1}}},
			"labels": {"description": "Labels.", "type": "object", "default": {}, "additionalProperties": {"type": "string"}}
		}}
	}}`), &wanted); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(found, wanted) {
		t.Errorf("the schema is\n%s", text)
	}
}

func TestTables(t *testing.T) {
	root, err := Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	tables, err := root.Tables()
	if err != nil {
		t.Fatal(err)
	}
	wanted := `
### First things

| value | default | what it does |
|---|---|---|
| ` + "`count` | `2`" + ` | How many. Really. From 1 to 9. |
| ` + "`group.word` | `\"\"` | One of them. One of `a`, `b`" + `. |
| ` + "`group.share` | `1`" + ` | Either \| or. |
| ` + "`group.open` | `{\"a\":{\"b\":\"c\"}}`" + ` | Whatever you like. |

### Last things

| value | default | what it does |
|---|---|---|
| ` + "`object`" + ` |  | An object. |
| ` + "`object.list` | `[]`" + ` | A list. |
| ` + "`object.reference` | `{}`" + ` | A reference. |
| ` + "`object.labels` | `{}`" + ` | Labels. |

`
	if tables != wanted {
		t.Errorf("the tables are\n%s\nwanted\n%s", tables, wanted)
	}
}
