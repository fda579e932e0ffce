package manifest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/internal/yamlpos"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func (r *reader) shapeProblem(span Span, section awsauth.Key, message string) {
	// A block is told by its first line.
	if i := strings.IndexAny(r.file.Text[span.Start:span.End], "\r\n"); i >= 0 {
		span.End = span.Start + i
	}
	r.file.problem(RuleShape, span, section, message)
}

// key is the place of a key of a mapping.
func (r *reader) key(fields fields, name string) Span {
	for i := range fields {
		if fields[i].name == name {
			return r.span(fields[i].key)
		}
	}
	return Span{Start: r.base, End: r.base}
}

// namespace reports a ConfigMap that does not say that it goes to kube-system.
func (r *reader) namespace(n *yaml.Node, metadata fields) {
	ns := target(metadata.get("namespace"))
	switch {
	case text(ns) == awsauth.Namespace:
	case text(ns) != "":
		r.shapeProblem(r.span(ns), "", fmt.Sprintf("EKS reads aws-auth in the namespace %s alone, never in %q: write `namespace: %s`",
			awsauth.Namespace, text(ns), awsauth.Namespace))
	default:
		at := r.span(n)
		for i := range metadata {
			if metadata[i].name == "name" {
				at = r.span(metadata[i].value)
			}
		}
		r.shapeProblem(at, "", fmt.Sprintf("no namespace: it goes wherever kubectl points to, and EKS reads aws-auth in %s alone; add `namespace: %s`",
			awsauth.Namespace, awsauth.Namespace))
	}
}

// outside reports keys of aws-auth that do not stand under data.
func (r *reader) outside(fields fields, where string) {
	for i := range fields {
		if f := &fields[i]; isMapKey(f.name) {
			r.shapeProblem(r.span(f.key), section(f.name), fmt.Sprintf("%s stands at %s, where nothing reads it: indent it under `data:`", f.name, where))
		}
	}
}

// repeated reports a key that stands twice in one mapping.
func (r *reader) repeated(fields fields, where string) {
	for i := range fields {
		f := &fields[i]
		if f.repeated == nil {
			continue
		}
		first := r.file.Position(r.span(f.repeated).Start).Line
		r.shapeProblem(r.span(f.key), section(f.name), fmt.Sprintf("%s stands twice in %s: only this one counts, that on line %d is thrown away without a word; merge the two", f.name, where, first))
	}
}

var errorLine = regexp.MustCompile(`^line (\d+): `)

// syntaxProblem says where a document stops to be YAML. The library often names the line behind the trouble, so
// the place is the first line near it that the text, cut behind that line, does not parse with.
func (r *reader) syntaxProblem(text string) {
	message := strings.TrimPrefix(r.yaml.Err.Error(), "yaml: ")
	named := 1
	if m := errorLine.FindStringSubmatch(message); m != nil {
		named, _ = strconv.Atoi(m[1])
		message = strings.TrimPrefix(message, m[0])
	}
	lines := &yamlpos.File{Text: text}
	at, last := 0, max(named+1, 3)
	for line := max(named-2, 1); line <= last; line++ {
		start, ok := lines.Offset(Position{Line: line, Column: 1})
		if !ok {
			break
		}
		at = start
		if yamlpos.Parse(text[:lineEnd(text, start)]).Err != nil {
			break
		}
	}
	for at < len(text) && (text[at] == ' ' || text[at] == '\t') {
		at++
	}
	end := lineInk(text, at)
	r.file.problem(RuleSyntax, Span{Start: r.base + at, End: r.base + end}, "",
		fmt.Sprintf("not YAML: %s; kubectl refuses the file, so nothing of this document was checked", message))
}

// lineInk is the end of the line without trailing blanks and the break.
func lineInk(text string, at int) int {
	return at + len(strings.TrimRight(text[at:lineEnd(text, at)], " \t\r\n"))
}
