package manifest

import (
	"errors"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlfault"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

// syntaxProblem says where a document is no longer YAML, and what to write there.
func (r *reader) syntaxProblem(text string, err error) {
	saw, line := yamlpos.ErrorLine(err)
	span, remedy := Span{End: lineInk(text, 0)}, "correct this line"
	if !strings.Contains(saw, "excessive aliasing") {
		fault := findFault(text, line)
		span = fault.Span
		switch {
		case fault.Move != nil:
			saw, remedy = fault.Move.Columns()
		case fault.Advice != "":
			saw, remedy = fault.Saw, fault.Advice
		}
	}
	r.syntax(span, "not YAML: "+saw+"; kubectl refuses the file, so nothing of this document was checked", remedy)
}

// tailProblem says that kubectl reads only the beginning of a document, and what to write there.
func (r *reader) tailProblem(text string, tail int) {
	atMarker := strings.HasPrefix(text[tail:], marker) || strings.HasPrefix(text[tail:], "...")
	if fault := findFault(text, 1+strings.Count(text[:tail], "\n")); fault.Move != nil && !atMarker {
		saw, remedy := fault.Move.Columns()
		r.syntax(fault.Span, saw+"; as it stands the document ends below, and kubectl silently drops the rest", remedy)
		return
	}
	r.syntax(Span{Start: tail, End: lineInk(text, tail)}, "the YAML document above ends here, and kubectl silently drops what follows",
		"check the indentation, or put --- on a line by itself between two manifests")
}

func (r *reader) syntax(span Span, what, remedy string) {
	r.file.problem(RuleSyntax, Span{Start: r.base + span.Start, End: r.base + span.End}, "", what, remedy)
}

func findFault(text string, line int) yamlfault.Fault {
	return yamlfault.Find(text, line, func(text string) (int, error) {
		v, err := decodeYAML(text)
		if err == nil && hasTail(asLines(text)) {
			err = errTail
		}
		return sense(v), err
	})
}

// errTail is a text that is read only in part.
var errTail = errors.New("something follows the document")

// sense says how much of what was read looks like an object, and like aws-auth.
func sense(v any) int {
	object, ok := v.(map[string]any)
	if !ok {
		return 0
	}
	n := 0
	items, _ := object["items"].([]any)
	for _, item := range items {
		n += sense(item)
	}
	for name, value := range object {
		inner, _ := value.(map[string]any)
		switch name {
		case "apiVersion", "kind":
			n++
		case "metadata":
			n++
			for name := range inner {
				if slices.Contains([]string{"name", "namespace", "labels", "annotations"}, name) {
					n++
				}
			}
		case "data":
			n += dataSense(inner)
		}
	}
	if object["data"] == nil && object["kind"] == nil {
		n += dataSense(object)
	}
	return n
}

// dataSense says how much of a data section is aws-auth.
func dataSense(data map[string]any) int {
	n := 0
	for _, key := range awsauth.Keys() {
		switch text, isText := data[string(key)].(string); {
		case isText:
			n += 1 + awsauth.Sense(key, text)
		case data[string(key)] != nil:
			n--
		}
	}
	return n
}
