package awsauth

import (
	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

// parts are the entries of a plain list in block style, each parsed by itself when its place is first asked for: most
// maps have one or two entries that anything is said about.
type parts struct {
	file   *yamlpos.File
	starts []int
	items  map[int]*yaml.Node
}

// maxParts entries are parsed by themselves. For more it is cheaper to parse the whole text once.
const maxParts = 16

// apart reports that the entries of the text can be parsed one by one.
func (s *Section) apart() bool { return s.isPlain() && s.parts != nil }

// item is the node of the i-th entry; false where the whole text should be parsed.
func (p *parts) item(i int) (*yaml.Node, bool) {
	if i >= len(p.starts) {
		return nil, false
	}
	if n, ok := p.items[i]; ok {
		return n, true
	}
	if len(p.items) == maxParts {
		return nil, false
	}
	part := Span{Start: p.starts[i], End: len(p.file.Text)}
	if i+1 < len(p.starts) {
		part.End = p.starts[i+1]
	}
	list := p.file.ParsePart(part)
	if list == nil || list.Kind != yaml.SequenceNode || len(list.Content) != 1 {
		return nil, false
	}
	p.items[i] = list.Content[0]
	return list.Content[0], true
}
