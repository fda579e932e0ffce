package yamlpos

import (
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// File is a YAML text with the nodes of its first document.
type File struct {
	Text string
	// Root is the content of the first document, nil where there is none or the text does not parse.
	Root *yaml.Node
	// Err says why the first document does not parse.
	Err error

	whole  bool
	lines  *lineIndex
	editor *lineIndex
	tail   *tail
}

// Parse reads the first document of the text. It never fails: see Err.
func Parse(text string) *File {
	f := &File{Text: text, whole: true}
	if f.Root, f.Err = parse(text); f.Err == nil {
		return f
	}
	// This library looks on for comments, so what it fails on may follow the first document.
	t, ok := f.findTail()
	if !ok || !t.more {
		return f
	}
	end := t.read
	for range 1 + maxLookahead {
		root, err := parse(text[:end])
		if err == nil {
			f.Root, f.Err = root, nil
			break
		}
		_, size := utf8.DecodeLastRuneInString(text[:end])
		end -= size
	}
	return f
}

// maxLookahead is how many characters of a token the library of the authenticator asks for before it knows what that is.
const maxLookahead = 4

// parse gives the root of the first document, nil where it is empty.
func parse(text string) (*yaml.Node, error) {
	var doc yaml.Node
	if err := decode(yaml.NewDecoder(strings.NewReader(text)), &doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return doc.Content[0], nil
}

// Unparsed is a File that says where nodes stand that were parsed by ParsePart. It has no Root and nothing after it.
func Unparsed(text string) *File { return &File{Text: text} }

// ParsePart reads a part of the text that begins with a line and is a YAML document of its own, and gives its root, whose
// nodes have the places that they have in the whole text. It is nil where the part does not parse.
func (f *File) ParsePart(part Span) *yaml.Node {
	root := Parse(f.Text[part.Start:part.End]).Root
	moveDown(root, f.yamlLines().line(part.Start))
	return root
}

func moveDown(n *yaml.Node, lines int) {
	if n == nil {
		return
	}
	n.Line += lines
	for _, child := range n.Content {
		moveDown(child, lines)
	}
}

var errUnreadable = errors.New("yaml: the text can't be read")

// decode keeps a panic of the YAML library from being one of the guard: hostile text must never end a process
// that stands in front of a cluster.
func decode(d *yaml.Decoder, doc *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errUnreadable
		}
	}()
	return d.Decode(doc)
}

// Documents returns the contents of all documents of a stream, nil for an empty one, up to the first error.
func Documents(text string) (*File, []*yaml.Node, error) {
	f := &File{Text: text}
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var roots []*yaml.Node
	for {
		var doc yaml.Node
		err := decode(decoder, &doc)
		if errors.Is(err, io.EOF) {
			return f, roots, nil
		}
		if err != nil {
			f.Err = err
			return f, roots, err
		}
		var root *yaml.Node
		if len(doc.Content) > 0 {
			root = doc.Content[0]
		}
		roots = append(roots, root)
	}
}

// Position turns a byte offset into line and column as editors count them.
func (f *File) Position(offset int) Position {
	if f.editor == nil {
		f.editor = newEditorLines(f.Text)
	}
	return f.editor.position(offset)
}

// Offset turns a line and column as editors count them into a byte offset.
func (f *File) Offset(p Position) (int, bool) {
	if f.editor == nil {
		f.editor = newEditorLines(f.Text)
	}
	return f.editor.offset(p)
}

func (f *File) yamlLines() *lineIndex {
	if f.lines == nil {
		f.lines = newYAMLLines(f.Text)
	}
	return f.lines
}

// Target follows an alias to the node that it stands for.
func Target(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// Start is the offset at which a node begins: at its anchor or tag if it has one. A nil node has none.
func (f *File) Start(n *yaml.Node) (int, bool) {
	if n == nil {
		return 0, false
	}
	return f.yamlLines().offset(Position{Line: n.Line, Column: n.Column})
}

// Span is the source range of a node. For collections in block style it ends with the last child; where the
// end of a scalar is unknown, it ends with the line.
func (f *File) Span(n *yaml.Node) (Span, bool) {
	start, ok := f.Start(n)
	if !ok {
		return Span{}, false
	}
	return Span{start, max(start, f.end(n, start))}, true
}

func (f *File) end(n *yaml.Node, start int) int {
	switch n.Kind {
	case yaml.AliasNode:
		return min(start+1+len(n.Value), len(f.Text))
	case yaml.ScalarNode:
		if s, ok := f.Scalar(n); ok {
			return s.End
		}
		return f.lineEnd(start)
	}
	end := skipProperties(f.Text, start)
	if n.Style&yaml.FlowStyle != 0 && end < len(f.Text) {
		end++ // the opening bracket
	}
	for _, child := range slices.Backward(n.Content) {
		if s, ok := f.Span(child); ok && (s.End > s.Start || len(child.Value) == 0) {
			end = max(end, s.End)
			if s.End > s.Start {
				break
			}
		}
	}
	if n.Style&yaml.FlowStyle != 0 {
		return closeFlow(f.Text, end)
	}
	return end
}

// closeFlow skips from the end of the last child over blanks, comments and separators to the closing bracket.
func closeFlow(text string, at int) int {
	for at < len(text) {
		switch c := text[at]; c {
		case ']', '}':
			return at + 1
		case '#':
			at = skipLine(text, at)
		case ' ', '\t', ',', ':', '?':
			at++
		default:
			n := breakLength(text[at:])
			if n == 0 {
				return at
			}
			at += n
		}
	}
	return at
}

func skipLine(text string, at int) int {
	for at < len(text) && breakLength(text[at:]) == 0 {
		at++
	}
	return at
}

// lineEnd is the offset of the end of the line without its break and trailing blanks.
func (f *File) lineEnd(at int) int {
	end := skipLine(f.Text, at)
	return at + len(strings.TrimRight(f.Text[at:end], " \t"))
}

// skipProperties returns the offset after the anchor and tag that may come before a node.
func skipProperties(text string, at int) int {
	for at < len(text) && (text[at] == '&' || text[at] == '!') {
		for at < len(text) && text[at] != ' ' && text[at] != '\t' && breakLength(text[at:]) == 0 {
			at++
		}
		at = skipBlank(text, at)
	}
	return at
}

// skipBlank skips white space, line breaks and comments.
func skipBlank(text string, at int) int {
	for at < len(text) {
		if text[at] == ' ' || text[at] == '\t' {
			at++
		} else if n := breakLength(text[at:]); n > 0 {
			at += n
		} else if text[at] == '#' && (at == 0 || isBlank(text[at-1])) {
			at = skipLine(text, at)
		} else {
			return at
		}
	}
	return at
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// Trailing is the offset of what follows the first document, which readers that take one document never see; false where
// that is nothing but blanks, comments and bare document markers, or where the first document can't be read.
func (f *File) Trailing() (int, bool) {
	if !f.whole {
		return 0, false
	}
	t, ok := f.findTail()
	if !ok || !t.more {
		return 0, false
	}
	root, _ := f.Start(f.Root)
	lines := f.yamlLines()
	if start := lines.starts[lines.line(t.read-1)]; start > root && isMarker(f.Text[start:]) {
		return start, true
	}
	return f.afterRoot(), true
}

func (f *File) findTail() (tail, bool) {
	if f.tail == nil {
		t, ok := readTail(f.Text)
		if !ok {
			t.read = -1
		}
		f.tail = &t
	}
	return *f.tail, f.tail.read >= 0
}

// afterRoot is where the text goes on after the first document.
func (f *File) afterRoot() int {
	at := 0
	if f.Root != nil {
		if s, ok := f.Span(f.Root); ok {
			at = s.End
		}
	}
	return min(skipBlank(f.Text, at), max(len(f.Text)-1, 0))
}
