package snapshot

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/misread"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// betweenYAML is the mark between two documents of YAML.
var betweenYAML = regexp.MustCompile(`(?m)^---[ \t]*\r?\n`)

// output is a document as JSON. text is the one that it begins in at that offset, "" where it was YAML.
type output struct {
	raw  json.RawMessage
	text string
	at   int
}

// outputs are the documents of a saved text: JSON one after another, as the AWS CLI prints them with --output json, or YAML.
func outputs(name, body string) ([]output, error) {
	if strings.TrimSpace(body) == "" {
		return nil, fmt.Errorf("%s is empty", text.Name(name))
	}
	if !strings.HasPrefix(strings.TrimSpace(body), "{") {
		return inYAML(name, body)
	}
	var all []output
	documents := json.NewDecoder(strings.NewReader(body))
	for {
		var raw json.RawMessage
		err := documents.Decode(&raw)
		switch {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("%s, document %d: %s; save it again", text.Name(name), len(all)+1, misread.JSON(body, 0, err))
		}
		all = append(all, output{raw, body, int(documents.InputOffset()) - len(raw)})
	}
}

// inYAML takes each output from a document of its own. The AWS CLI puts no mark between them, so that two in one file are one
// mapping that has a key twice.
func inYAML(name, body string) ([]output, error) {
	var all []output
	for _, document := range betweenYAML.Split(body, -1) {
		if strings.TrimSpace(document) == "" {
			continue
		}
		raw, err := yaml.YAMLToJSONStrict([]byte(document))
		switch {
		case err != nil && strings.Contains(err.Error(), "already set in map"):
			return nil, fmt.Errorf("%s, document %d: it holds several outputs, and in YAML they can't be told apart: take --output json, or a file for each", text.Name(name), len(all)+1)
		case err != nil || !strings.HasPrefix(string(raw), "{"):
			return nil, fmt.Errorf("%s, document %d: it is no object of JSON or YAML: take --output json, not text or table, and leave out --query", text.Name(name), len(all)+1)
		}
		all = append(all, output{raw: raw})
	}
	return all, nil
}
