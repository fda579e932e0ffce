package accessentry

import (
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// scalar is text that comes from the map. Where it holds what is not plainly printable, or what a build server obeys, it is
// written with escapes: YAML has more line breaks than meet the eye.
type scalar string

// MarshalYAML implements yaml.Marshaler.
func (s scalar) MarshalYAML() (any, error) {
	if text.Visible(string(s)) == string(s) && !strings.ContainsFunc(string(s), func(r rune) bool { return !unicode.IsPrint(r) }) {
		return string(s), nil
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: string(s), Style: yaml.DoubleQuotedStyle}, nil
}

func scalars(texts []string) []scalar {
	all := make([]scalar, 0, len(texts))
	for _, s := range texts {
		all = append(all, scalar(s))
	}
	return all
}

// yamlIndent is how deep YAML stands in a list or under a key, in blanks.
const yamlIndent = 2

func yamlText(v any) (string, error) {
	var b strings.Builder
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(yamlIndent)
	if err := encoder.Encode(v); err != nil {
		return "", err
	}
	return text.InQuotes(b.String()), nil
}

func indented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.Repeat(" ", yamlIndent) + line)
	}
	return b.String()
}
