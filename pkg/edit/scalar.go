package edit

import (
	"bytes"
	"encoding/json"
	"strings"

	yamlv2 "go.yaml.in/yaml/v2"
	"go.yaml.in/yaml/v3"
)

// The marks around a scalar; 0 is none.
const (
	plain  byte = 0
	single byte = '\''
	double byte = '"'
)

// quoteOf is the mark that a scalar has.
func quoteOf(n *yaml.Node) byte {
	switch {
	case n == nil:
		return plain
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return double
	case n.Style&yaml.SingleQuotedStyle != 0:
		return single
	}
	return plain
}

// scalar writes a text with the marks that its neighbours have, or with those that it needs.
func scalar(value string, mark byte, flow bool) string {
	switch {
	case mark == plain && readsPlain(value, flow):
		return value
	case mark == single && readsSame("'"+strings.ReplaceAll(value, "'", "''")+"'", value):
		return "'" + strings.ReplaceAll(value, "'", "''") + "'"
	}
	return inQuotes(value)
}

// inQuotes writes a text as JSON does, which YAML reads in the same way.
func inQuotes(value string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(value) // A string can always be written.
	return strings.TrimSuffix(b.String(), "\n")
}

// readsPlain reports whether a text needs no marks.
func readsPlain(value string, flow bool) bool {
	if value == "" || strings.ContainsAny(value, "\n\r\t") || flow && strings.ContainsAny(value, "{}[],") {
		return false
	}
	return readsSame(value, value)
}

// readsSame reports whether YAML 1.1, which the authenticator reads, and YAML 1.2 both take the source for the text.
func readsSame(source, value string) bool {
	for _, unmarshal := range []func([]byte, any) error{yamlv2.Unmarshal, yaml.Unmarshal} {
		var list []any
		if unmarshal([]byte("- "+source+"\n"), &list) != nil || len(list) != 1 || list[0] != any(value) {
			return false
		}
	}
	return true
}
