package yamlpos

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// texts are written so that every scalar can be found in its source.
var texts = map[string]string{
	"block":              "- rolearn: arn:aws:iam::1:role/dev\n  username: dev\n  groups:\n  - a\n  - b # comment\n",
	"comments, blanks":   "# top\n\n- rolearn:   arn   # the role\n\n  # between\n  username:\n    dev\n",
	"quotes":             "- 'it''s'\n- \"a\\\"b\\u0041\\x41 \\\n   c\"\n- ''\n- \"\"\n",
	"folded plain":       "- rolearn: a\n    b\n\n    c\n  username: x\n",
	"folded quotes":      "- 'a\n\n  b'\n- \"a\n  b\"\n",
	"literal":            "a: |\n  one\n   two\n\n  three\nb: |-\n    x\nc: |+\n  y\n\n",
	"literal, indicator": "a: |2\n\n  one\nb: |1-\n  x\n",
	"folded":             "a: >\n  one\n  two\n\n  three\n    more\n  four\nb: >-\n  arn:aws:iam::1:role/x\n",
	"flow":               "[{rolearn: 'a', groups: [x, y],}, {rolearn: b,\n # c\n username: \"q\"}]\n",
	"json":               "[{\"rolearn\":\"arn:aws:iam::1:role/dev\",\"groups\":[\"a\",\"b\"]}]",
	"crlf":               "- rolearn: a\r\n  username: |\r\n    b\r\n    c\r\n- x\r\n",
	"cr":                 "- rolearn: a\r  username: b\r",
	"bom":                "\ufeff- rolearn: a\n  username: b\n",
	"multibyte":          "- rolearn: é # ünï\n  username: 日本 語\n- {a: ü, b: 'ß', c: \"😀x\"}\n",
	"properties":         "- &a rolearn\n- !!str 123\n- &b !x y\n- *a\n- &c\n  k: v\n",
	"line separators":    "- a # x\u2028- b\u0085- c\n",
	"indented":           "   - a\n   - b\n",
	"explicit key":       "- ? rolearn\n  : x\n",
	"empty values":       "- rolearn:\n  username: x\n- \n- ~\n",
	"literal crlf tail":  "a: |\r\n  x\r\n\r\n  y\r\n",
}

func scalars(n *yaml.Node, visit func(*yaml.Node)) {
	if n == nil {
		return
	}
	if n.Kind == yaml.ScalarNode {
		visit(n)
	}
	for _, c := range n.Content {
		scalars(c, visit)
	}
}

func TestScalars(t *testing.T) {
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			f := Parse(text)
			if f.Err != nil {
				t.Fatal(f.Err)
			}
			scalars(f.Root, func(n *yaml.Node) {
				s, ok := f.Scalar(n)
				if !ok {
					t.Errorf("%d:%d: %q was not found in the source", n.Line, n.Column, n.Value)
					return
				}
				checkScalar(t, f, n, s)
			})
		})
	}
}

func checkScalar(t *testing.T, f *File, n *yaml.Node, s *Scalar) {
	t.Helper()
	for i := range len(n.Value) {
		if r, ok := s.Range(i, i+1); ok && f.Text[r.Start:r.End] != n.Value[i:i+1] {
			t.Errorf("byte %d of %q maps to %q", i, n.Value, f.Text[r.Start:r.End])
		}
	}
	if s.Start > s.End || s.End > len(f.Text) {
		t.Errorf("%q: span %v", n.Value, s.Span)
	}
}

func TestSpan(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"- rolearn: x\n  groups:\n  - a\n  - b # c\n- y\n", "rolearn: x\n  groups:\n  - a\n  - b"},
		{"- {rolearn: x, groups: [a, b] , }\n- y", "{rolearn: x, groups: [a, b] , }"},
		{"- {a: {b: [c]}}\n", "{a: {b: [c]}}"},
		{"- &x {a: [ # c\n]}\n", "&x {a: [ # c\n]}"},
		{"- a: |\n    x\n    y\n- z\n", "a: |\n    x\n    y\n"},
		{"- a:\n  b:\n- z\n", "a:\n  b"},
		{"- \"a\\tb\" # c\n", "\"a\\tb\""},
		{"- *x\n", ""},
		{"- []\n", "[]"},
	} {
		f := Parse(tt.text)
		if tt.want == "" {
			if f.Err == nil {
				t.Errorf("%q parses", tt.text)
			}
			continue
		}
		s, ok := f.Span(f.Root.Content[0])
		if got := tt.text[s.Start:s.End]; !ok || strings.TrimRight(got, ":") != tt.want {
			t.Errorf("%q: span %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestRange(t *testing.T) {
	text := "- rolearn: >-\n    arn:aws:iam::1:role/team/dev\n"
	f := Parse(text)
	s, ok := f.Scalar(f.Root.Content[0].Content[1])
	if !ok {
		t.Fatal("not found")
	}
	from := strings.Index(s.Value, "team/")
	r, ok := s.Range(from, from+len("team/"))
	if !ok || text[r.Start:r.End] != "team/" {
		t.Errorf("Range = %v, %v", r, ok)
	}
	f = Parse(`- "a\u0041b"`)
	s, _ = f.Scalar(f.Root.Content[0])
	if _, ok := s.Range(0, 2); ok {
		t.Error("a range over an escape is given as if it stood in the source")
	}
	if r, ok := s.Range(2, 3); !ok || f.Text[r.Start:r.End] != "b" {
		t.Errorf("after the escape: %v, %v", r, ok)
	}
}

func TestTrailing(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		// want is what the trailing content begins with, "" where there is none.
		want string
	}{
		{"one document", "- a\n", ""},
		{"nothing", "", ""},
		{"a comment", "# c\n", ""},
		{"markers around", "---\n- a\n---\n", ""},
		{"an end marker", "- a\n...\n", ""},
		{"two end markers", "- a\n... # c\n...\n", ""},
		{"empty documents", "- a\n---\n# c\n--- # d\n", ""},
		{"markers, CRLF", "- a\r\n---\r\n# c\r\n---\r\n", ""},
		{"markers, CR", "- a\r---\r# c\r", ""},
		{"a marker without a line end", "- a\n---", ""},
		{"a document", "- a\n---\n- b\n", "---\n- b"},
		{"a document on the line of the marker", "- a\n--- - b\n", "--- - b"},
		{"a document, CR", "- a\r---\r- b\r", "---\r- b"},
		{"a document, NEL", "- a\u0085---\u0085- b", "---\u0085- b"},
		{"a document, LS", "- a\u2028---\u2028- b", "---\u2028- b"},
		{"a document after an empty one", "- a\n---\n---\n- b\n", "---\n---\n- b"},
		{"a document after two ends", "- a\n...\n...\n---\n- b\n", "..."},
		{"a document after a long comment", "- a\n---\n# " + strings.Repeat("x", 10_000) + "\n- b\n", "---"},
		{"a document after an empty first one", "---\n---\n- b\n", "---\n- b"},
		{"a null", "- a\n--- ~\n", "--- ~"},
		{"an empty text", "- a\n--- ''\n", "--- ''"},
		{"an empty block", "- a\n--- |\n", "--- |"},
		{"a tag", "- a\n--- !!null\n", "--- !!null"},
		{"an anchor", "- a\n---\n&a\n", "---\n&a"},
		{"a directive", "- a\n%YAML 1.1\n---\n- b\n", "---"},
		{"a directive after an end", "- a\n...\n%YAML 1.1\n---\n- b\n", "..."},
		{"a directive of another version", "- a\n...\n%YAML 1.2\n---\n- b\n", "..."},
		{"what does not parse", "- a\n...\ngarbage: [\n", "..."},
		{"a tab", "- a\n---\n\t- b\n", "---\n\t"},
		{"a tab on the line of the marker", "- a\n---\t- b\n", "---\t"},
		{"an at sign", "- a\n---\n@\n- b\n", "---\n@"},
		{"a backtick", "- a\n---\n`\n- b\n", "---\n`"},
		{"an open quote", "- a\n---\n\"\n- b\n", "---\n\""},
		{"an open bracket", "- a\n--- [\n- b\n", "--- ["},
		{"a percent sign", "- a\n--- %\n- b\n", "--- %"},
		{"an unknown alias", "- a\n--- *x\n", "--- *x"},
		{"an alias to the first document", "- &x a\n---\n- *x\n", "---\n- *x"},
		{"a control character far away", "- a\n---\n# " + strings.Repeat("x", 10_000) + "\n\x01\n", "---"},
		{"half a character far away", "- a\n---\n# " + strings.Repeat("x", 10_000) + "\n\xc3", "---"},
		{"an item further left", "  - a\n- b\n", "- b"},
		{"an item further left, broken", "  - a\n- @\n", "- @"},
		{"a key further left", "  - a\nb: c\n", "b: c"},
		{"an item further left after a block", "  - a: |\n      x\n# c\n- b\n", "- b"},
		{"items after a list in brackets", "[]\n- a\n", "- a"},
		{"broken items after a list in brackets", "[]\n- @\n", "- @"},
		{"a broken list on the line of the brackets", "--- [x] [@\n", "[@"},
		{"a second list in brackets", "[{a: b}]\n\n[{c: d}]\n", "[{c"},
		{"one bracket too many", "[{a: b}] ]\n", "]"},
		{"a text after brackets", "[a] # c\n\"b\nb\"\n", "\"b"},
		{"a byte order mark and an item", "- a\n---\n\ufeff- b\n", "---"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Parse(tt.text)
			if f.Err != nil {
				t.Fatalf("the first document of %q has no tree: %v", tt.text, f.Err)
			}
			rest := ""
			if at, ok := f.Trailing(); ok {
				rest = f.Text[at:]
			}
			if (rest == "") != (tt.want == "") || !strings.HasPrefix(rest, tt.want) {
				t.Errorf("%.40q: %.20q follows, want %q", tt.text, rest, tt.want)
			}
		})
	}
}

func TestPosition(t *testing.T) {
	long := strings.Repeat("é", 1000) + "x\ny"
	for _, tt := range []struct {
		text   string
		offset int
		want   Position
	}{
		{"ab\ncd", 0, Position{1, 1}},
		{"ab\ncd", 4, Position{2, 2}},
		{"ab\r\ncd", 4, Position{2, 1}},
		{"é\rx", 3, Position{2, 1}},
		{"éx", 2, Position{1, 2}},
		{long, 2000, Position{1, 1001}},
		{long, 2002, Position{2, 1}},
		{"a", 99, Position{1, 2}},
		{"", 0, Position{1, 1}},
	} {
		f := Parse(tt.text)
		if got := f.Position(tt.offset); got != tt.want {
			t.Errorf("%.10q at %d: %v, want %v", tt.text, tt.offset, got, tt.want)
		}
		if tt.offset <= len(tt.text) {
			if at, ok := f.Offset(tt.want); !ok || at != tt.offset {
				t.Errorf("%.10q at %v: offset %d, %v, want %d", tt.text, tt.want, at, ok, tt.offset)
			}
		}
	}
}

func FuzzScalars(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := Parse(text)
		file.Trailing()
		scalars(file.Root, func(n *yaml.Node) {
			if s, ok := file.Scalar(n); ok {
				checkScalar(t, file, n, s)
			}
			file.Span(n)
		})
		if file.Root != nil {
			if s, ok := file.Span(file.Root); ok && (s.Start > s.End || s.End > len(text)) {
				t.Errorf("root span %v of %d bytes", s, len(text))
			}
		}
	})
}
