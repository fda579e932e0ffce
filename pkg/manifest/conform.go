package manifest

import (
	"errors"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	yamlv2 "go.yaml.in/yaml/v2"
	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

// places is a tree of nodes that holds exactly what kubectl's decoder has read. The decoder knows no places, and the parser
// that knows them reads some texts otherwise (merge keys, tags, `yes`): so each value is looked up in the parser's tree, and
// where it does not stand there as it is, the node has no place of its own.
type places struct {
	// source is the node of the parser that a node stands for; that around it where there is none.
	source map[*yaml.Node]*yaml.Node
	// shared are the nodes of anchors: what aliases stand for is one node.
	shared map[*yaml.Node]sharedNode
	// losers are keys that a key took the place of.
	losers map[*yaml.Node]loser
}

type sharedNode struct {
	value any
	node  *yaml.Node
}

// loser is a key whose value counts for nothing, because an equal one follows, or a merge key that brings one in.
type loser struct {
	key     *yaml.Node
	byMerge bool
}

func newPlaces() *places {
	return &places{
		source: map[*yaml.Node]*yaml.Node{}, shared: map[*yaml.Node]sharedNode{}, losers: map[*yaml.Node]loser{},
	}
}

// conform gives the node of a decoded value. n is the parser's node, nil where it has none, and around the one that holds it.
func (p *places) conform(n, around *yaml.Node, v any) *yaml.Node {
	if n = yamlpos.Target(n); n == nil {
		return p.invent(v, around)
	}
	if s, ok := p.shared[n]; ok && reflect.DeepEqual(s.value, v) {
		return s.node
	}
	node := p.build(n, v)
	if n.Anchor != "" {
		p.shared[n] = sharedNode{v, node}
	}
	return node
}

func (p *places) build(n *yaml.Node, v any) *yaml.Node {
	switch v := v.(type) {
	case map[string]any:
		if n.Kind == yaml.MappingNode {
			return p.mapping(n, v)
		}
	case []any:
		if n.Kind == yaml.SequenceNode && len(n.Content) == len(v) {
			out := p.take(n, tagOf(n, v), "")
			for i := range v {
				out.Content = append(out.Content, p.conform(n.Content[i], n, v[i]))
			}
			return out
		}
	case string:
		if n.Kind == yaml.ScalarNode {
			return p.take(n, tagOf(n, v), v)
		}
	default:
		if n.Kind == yaml.ScalarNode {
			return p.take(n, tagOf(n, v), n.Value)
		}
	}
	return p.invent(v, n)
}

// take makes a node at the place of the parser's.
func (p *places) take(n *yaml.Node, tag, value string) *yaml.Node {
	out := &yaml.Node{Kind: n.Kind, Style: n.Style, Tag: tag, Value: value, Line: n.Line, Column: n.Column}
	p.source[out] = n
	return out
}

// tagOf is the tag of the kind of a value. A tag of one's own says nothing to kubectl, but to CloudFormation.
func tagOf(n *yaml.Node, v any) string {
	own := n != nil && len(n.Tag) > 1 && n.Tag[0] == '!' && n.Tag[1] != '!'
	switch v.(type) {
	case map[string]any:
		if own {
			return n.Tag
		}
		return "!!map"
	case []any:
		if own {
			return n.Tag
		}
		return "!!seq"
	case string:
		if own {
			return n.Tag
		}
		return "!!str"
	case nil:
		return "!!null"
	case bool:
		return "!!bool"
	}
	return "!!float"
}

// invent makes nodes that have no place of their own.
func (p *places) invent(v any, around *yaml.Node) *yaml.Node {
	out := &yaml.Node{Kind: yaml.ScalarNode, Tag: tagOf(nil, v)}
	p.source[out] = around
	switch v := v.(type) {
	case map[string]any:
		out.Kind = yaml.MappingNode
		for _, name := range sortedKeys(v) {
			out.Content = append(out.Content, p.invent(name, around), p.invent(v[name], around))
		}
	case []any:
		out.Kind = yaml.SequenceNode
		for i := range v {
			out.Content = append(out.Content, p.invent(v[i], around))
		}
	case string:
		out.Value = v
	case bool:
		out.Value = strconv.FormatBool(v)
	}
	return out
}

func (p *places) mapping(n *yaml.Node, v map[string]any) *yaml.Node {
	out := p.take(n, tagOf(n, v), "")
	found := map[string][]occurrence{}
	var names []string
	for _, o := range occurrences(n) {
		name := yamlpos.Target(o.key).Value
		if _, ok := v[name]; !ok {
			continue
		}
		if found[name] == nil {
			names = append(names, name)
		}
		found[name] = append(found[name], o)
	}
	for _, name := range names {
		out.Content = append(out.Content, p.pair(n, name, found[name], v[name])...)
	}
	for _, name := range sortedKeys(v) {
		if found[name] == nil {
			out.Content = append(out.Content, p.invent(name, n), p.invent(v[name], n))
		}
	}
	return out
}

// pair is a key and its value: the last occurrence that has the value that was decoded.
func (p *places) pair(n *yaml.Node, name string, all []occurrence, v any) []*yaml.Node {
	winner := len(all) - 1
	for i := len(all) - 1; i >= 0 && len(all) > 1; i-- {
		if agrees(all[i].value, v) {
			winner = i
			break
		}
	}
	key := p.take(all[winner].key, "!!str", name)
	key.Kind = yaml.ScalarNode
	for i, o := range all {
		if i != winner && !o.merged {
			p.losers[key] = loser{key: o.key, byMerge: all[winner].merged}
		}
	}
	return []*yaml.Node{key, p.conform(all[winner].value, n, v)}
}

// occurrence is one place that gives a mapping a key.
type occurrence struct {
	key, value *yaml.Node
	// merged is set where a merge key brings it in.
	merged bool
}

// occurrences are the keys of a mapping in the order in which kubectl's reader applies them, so that of equal ones the last
// counts: a merge key counts where it stands, and of several mappings in it the first.
func occurrences(n *yaml.Node) []occurrence {
	var all []occurrence
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.ShortTag() == "!!merge" {
			for _, m := range slices.Backward(merges(value)) {
				for _, o := range occurrences(m) {
					o.merged = true
					all = append(all, o)
				}
			}
			continue
		}
		if yamlpos.Target(key).Kind == yaml.ScalarNode {
			all = append(all, occurrence{key: key, value: value})
		}
	}
	return all
}

// merges are the mappings that follow a merge key.
func merges(n *yaml.Node) []*yaml.Node {
	n = yamlpos.Target(n)
	candidates := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		candidates = n.Content
	}
	var found []*yaml.Node
	for _, c := range candidates {
		if c = yamlpos.Target(c); c.Kind == yaml.MappingNode {
			found = append(found, c)
		}
	}
	return found
}

// agrees reports whether a node says what was decoded, as far as texts go.
func agrees(n *yaml.Node, v any) bool {
	n = yamlpos.Target(n)
	switch v := v.(type) {
	case map[string]any:
		if n.Kind != yaml.MappingNode {
			return false
		}
		last := map[string]*yaml.Node{}
		for _, o := range occurrences(n) {
			last[yamlpos.Target(o.key).Value] = o.value
		}
		for name := range v {
			if last[name] == nil || !agrees(last[name], v[name]) {
				return false
			}
		}
		return len(last) == len(v)
	case []any:
		if n.Kind != yaml.SequenceNode || len(n.Content) != len(v) {
			return false
		}
		for i := range v {
			if !agrees(n.Content[i], v[i]) {
				return false
			}
		}
		return true
	case string:
		return n.Kind == yaml.ScalarNode && n.Value == v
	}
	return n.Kind == yaml.ScalarNode
}

// parse finds the nodes of a document with their places, and where in the text content begins that kubectl does not read,
// -1 where there is none. The root is nil where the parser that knows places can't read what kubectl reads.
func (c chunk) parse(text string) (f *yamlpos.File, root *yaml.Node, tail int) {
	if c.json {
		// JSON has what YAML lacks. The nodes are those of a text in which it is masked, the values come from the decoder.
		return yamlpos.Unparsed(text), yamlpos.Parse(maskJSON(text)).Root, -1
	}
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	f = yamlpos.Parse(text)
	if !hasTail(asLines(text)) {
		return f, f.Root, -1
	}
	if at, ok := f.Trailing(); ok {
		return f, f.Root, min(at, len(text)-1)
	}
	if at := nextMarker(text); at > 0 {
		// The parser looks ahead, and trips over what kubectl never reads.
		return f, yamlpos.Parse(text[:at]).Root, at
	}
	return f, f.Root, 0
}

// hasTail reports whether anything but empty documents follows the first one, by the reader that kubectl uses.
func hasTail(text string) (found bool) {
	defer func() {
		if recover() != nil {
			found = true
		}
	}()
	d := yamlv2.NewDecoder(strings.NewReader(text))
	var first any
	if d.Decode(&first) != nil {
		return false
	}
	for {
		var next any
		err := d.Decode(&next)
		if err != nil || next != nil {
			return !errors.Is(err, io.EOF)
		}
	}
}

// nextMarker is where the first line with an end marker of YAML begins, or one with a marker that does not open the text; 0
// where there is none.
func nextMarker(text string) int {
	content := false
	for at := 0; at < len(text); at = lineEnd(text, at) {
		line := strings.TrimSpace(text[at:lineEnd(text, at)])
		if content && (strings.HasPrefix(line, "...") || strings.HasPrefix(line, marker)) {
			return at
		}
		content = content || line != "" && line[0] != '#' && line[0] != '%'
	}
	return 0
}

// maskJSON replaces what a YAML reader does not take from JSON, by as many bytes and characters: two escapes, and
// characters that YAML does not print. Lines and columns stay.
func maskJSON(text string) string {
	b := []byte(text)
	for i := 0; i < len(b); {
		c, size := utf8.DecodeRune(b[i:])
		switch {
		case c == '\\' && i+1 < len(b):
			if size = 2; b[i+1] == '/' {
				b[i+1] = '\\'
			} else if i+5 < len(b) && b[i+1] == 'u' && (b[i+2] == 'd' || b[i+2] == 'D') && b[i+3] >= '8' {
				copy(b[i:], `\ufffd`)
			}
		case c == 0x7f:
			b[i] = '?'
		case c >= 0x80 && c < 0xa0 && c != 0x85:
			copy(b[i:], "\u00e9")
		case c == 0xfeff || c == 0xfffe || c == 0xffff:
			copy(b[i:], "\ufffd")
		}
		i += size
	}
	return string(b)
}
