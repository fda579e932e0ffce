package manifest

import (
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/splice"
	"strings"
	"testing"
)

// styles hold the same text, "- a: é'x\"\n  b: c d\n", in every style; the place of "c d" is marked by « and ».
var styles = map[string]string{
	"literal":          "data:\n  mapRoles: |\n    - a: é'x\"\n      b: «c d»\n",
	"literal, crlf":    "data:\r\n  mapRoles: |\r\n    - a: é'x\"\r\n      b: «c d»\r\n",
	"literal, keep":    "data:\n  mapRoles: |+2\n    - a: é'x\"\n      b: «c d»\n",
	"literal, in list": "kind: List\nitems:\n- kind: ConfigMap\n  metadata:\n    name: aws-auth\n    namespace: kube-system\n  data:\n    mapRoles: |\n      - a: é'x\"\n        b: «c d»\n",
	"folded":           "data:\n  mapRoles: >\n    - a: é'x\"\n\n      b: «c d»\n",
	"double":           "mapRoles: \"- a: é'x\\\"\\n  b: «c d»\\n\"\n",
	"double, folded":   "mapRoles: \"- a: \\xe9'x\\\"\\n\\\n    \\  b: «c d»\\n\"\n",
	"single":           "mapRoles: '- a: é''x\"\n\n  b: «c d»\n\n'\n",
	"json":             `{"data": {"mapRoles": "- a: \u00e9'x\"\n  b: «c d»\n"}}`,
	"json, more":       `{"a": "b\/c", "data": {"mapRoles": "- a: \u00e9'x\"\n  b: «c d»\n"}}`,
	"second document":  "é: [\n---\n# ünï\nmapRoles: |2\n  - a: é'x\"\n    b: «c d»\n",
}

// place takes the marks out of a text and gives the range between them.
func place(marked string) (text string, at Span) {
	before, rest, _ := strings.Cut(marked, "«")
	inside, after, _ := strings.Cut(rest, "»")
	return before + inside + after, Span{Start: len(before), End: len(before) + len(inside)}
}

func TestSpan(t *testing.T) {
	for name, marked := range styles {
		t.Run(name, func(t *testing.T) {
			text, want := place(marked)
			f := Read("x.yaml", text)
			d := f.Documents[0]
			value := d.Data["mapRoles"]
			from := strings.Index(value, "c d")
			if from < 0 {
				t.Fatalf("value %q", value)
			}
			if got := d.Span("mapRoles", Span{Start: from, End: from + 3}); got != want {
				t.Errorf("got %q, want %q", text[got.Start:got.End], text[want.Start:want.End])
			}
			for from := range len(value) + 1 {
				for to := from; to <= len(value); to++ {
					if s := d.Span("mapRoles", Span{Start: from, End: to}); s.Start > s.End || s.End > len(text) {
						t.Fatalf("[%d:%d] maps to %v of %d bytes", from, to, s, len(text))
					}
				}
			}
		})
	}
}

func TestEdits(t *testing.T) {
	for _, tt := range []struct {
		name string
		// old is the piece of the value that new takes the place of.
		old, new string
		refused  []string
	}{
		{name: "replace", old: "c d", new: "e"},
		{name: "remove", old: "c ", new: ""},
		{name: "quote", old: "c d", new: `"c d"`},
		{name: "apostrophe and backslash", old: "c", new: `'\`},
		{name: "new line", old: "c d", new: "c\n  d", refused: []string{"folded", "single"}},
		{name: "over a line break", old: "\n", new: "", refused: []string{"single"}},
	} {
		for style, marked := range styles {
			t.Run(tt.name+"/"+style, func(t *testing.T) {
				text, _ := place(marked)
				f := Read("x.yaml", text)
				d := f.Documents[0]
				value := d.Data["mapRoles"]
				from := strings.Index(value, tt.old)
				edit := Edit{Start: from, End: from + len(tt.old), New: tt.new}
				want, err := splice.Apply(value, []Edit{edit})
				if err != nil {
					t.Fatal(err)
				}
				edits, err := d.Edits("mapRoles", []Edit{edit})
				var edited *File
				if err == nil {
					edited, err = f.Apply(edits, map[*Document]map[string]string{d: {"mapRoles": want}})
				}
				refused := false
				for _, r := range tt.refused {
					refused = refused || r == style
				}
				if refused != (err != nil) {
					t.Fatalf("refused: %v, want %v; edits %+v", err, refused, edits)
				}
				if err != nil {
					return
				}
				if got := edited.Documents[0].Data["mapRoles"]; got != want {
					t.Errorf("the value is %q, want %q", got, want)
				}
				if strings.Contains(style, "crlf") && strings.Count(edited.Text, "\n") != strings.Count(edited.Text, "\r\n") {
					t.Errorf("line endings are mixed: %q", edited.Text)
				}
			})
		}
	}
}

func TestInsertions(t *testing.T) {
	for style, marked := range styles {
		text, at := place(marked)
		f := Read("x.yaml", text)
		d := f.Documents[0]
		value := d.Data["mapRoles"]
		from := strings.Index(value, "c d")
		edits, err := d.Edits("mapRoles", []Edit{{Start: from, End: from, New: "["}, {Start: from + 3, End: from + 3, New: "]"}})
		if err != nil {
			t.Errorf("%s: %v", style, err)
			continue
		}
		want := text[:at.Start] + "[c d]" + text[at.End:]
		edited, err := f.Apply(edits, map[*Document]map[string]string{d: {"mapRoles": value[:from] + "[c d]" + value[from+3:]}})
		if err != nil || edited.Text != want {
			t.Errorf("%s: %v, %+v", style, err, edits)
		}
	}
}

func TestApplyRefuses(t *testing.T) {
	f := Read("x.yaml", "data:\n  mapUsers: &x abc\n  mapRoles: *x\n")
	d := f.Documents[0]
	edits, err := d.Edits("mapRoles", []Edit{{Start: 0, End: 1, New: "z"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Apply(edits, map[*Document]map[string]string{d: {"mapRoles": "zbc"}}); err == nil {
		t.Error("an edit behind an alias changes another key as well and is taken all the same")
	}
	if _, err := splice.Apply("abc", []Edit{{Start: 0, End: 2, New: ""}, {Start: 1, End: 3, New: ""}}); err == nil {
		t.Error("overlapping edits are taken")
	}
	if _, err := d.Edits("mapRoles", []Edit{{Start: 2, End: 9, New: ""}}); err == nil {
		t.Error("an edit outside the value is taken")
	}
	if _, err := d.Edits("mapAccounts", []Edit{{Start: 0, End: 0, New: ""}}); err == nil {
		t.Error("an edit of a key that is not there is taken")
	}
}

func FuzzManifest(f *testing.F) {
	for _, marked := range styles {
		text, _ := place(marked)
		f.Add(text, 3, 2, "x'\"\n")
	}
	f.Add("kind: List\nitems: &a\n- *a\n", 0, 0, "")
	f.Add(`{"a":"\ud83d\ude00","data":{"mapRoles":"\ud800"}}{}`, 0, 1, "")
	for _, text := range []string{plan, changes, join, sub, clusterConfig, "# é\n- rolearn: a\n", "mapRoles: '${a.b}'\n", "mapRoles: '{{ .x }}'\n"} {
		f.Add(text, 1, 2, "x")
	}
	f.Add(`{"":"","data":{"mapRoles":\ud800"}}`, 0, 1, "")
	for _, ex := range examples(f) {
		f.Add(ex[1], 3, 2, "x")
	}
	for _, text := range []string{
		"locals {\n  a = [local.a, local.b]\n  b = [local.a, local.a]\n}\nmodule \"x\" {\n  map_roles = flatten([local.a, merge({}, local.b)])\n}\n",
		"resource \"kubernetes_config_map\" \"x\" {\n  data = { mapRoles = <<-EOT\r\n   é ${a}\t%{ if b }c%{ endif }\n EOT\n  }\n}\n",
		"resource \"kubernetes_config_map\" \"x\" {\n" + metadataBlock + "  data = { mapRoles = yamlencode([{ rolearn = aws_iam_role.n.arn, username = \"x\", groups = [] }]) }\n}\n",
		"module \"x\" {\n  aws_auth_roles = [{ rolearn = module.n.arn, username = var.u, groups = var.g }, { rolearn = \"${var.a}\", username = upper(\"x\"), groups = [007] }]\n  map_users = var.users\n}\n",
		"locals {\n  a = [1]\n  b = concat(local.a, local.a, [var.x])\n  c = \"${local.a}${jsonencode(local.b)}\"\n}\nmodule \"x\" {\n  map_roles = local.b\n  map_accounts = [local.c]\n}\n",
		"output \"x\" {\n  value = \"kind: ConfigMap\\nmetadata: {name: aws-auth}\\u00e9 $${x} \\\"\"\n}\n",
	} {
		f.Add(text, 1, 3, "\"")
	}
	for _, last := range []string{"e", "é", "e\r", "e\n\n"} {
		for _, style := range []string{"|", "|+", "|-", ">"} {
			f.Add("data:\n  mapRoles: "+style+"\n    "+last, 0, 1, "")
		}
	}
	for _, data := range []string{"", "data:\n", "data: {}\n", "data:\n  mapRoles:\n  # x\n", "data:\n  mapRoles: >2\n"} {
		f.Add("kind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\n"+data, 0, 0, "")
	}
	f.Add("%YAML 1.1\n--- {mapRoles: &x a, mapUsers: *x}\n...\n---", 0, 1, "b")
	f.Fuzz(func(t *testing.T, text string, at, n int, insert string) {
		file := Read("x", text)
		Scan("x.tf", text)
		for _, p := range file.Problems {
			checkSpan(t, text, p.Span)
		}
		checkNoteLength(t, file)
		for _, n := range file.Notes {
			checkSpan(t, text, n.Span)
		}
		for _, d := range file.Documents {
			if d.Begins("mapRoles") {
				if begun, err := file.Begin(d, "mapRoles", "- rolearn: x\n"); err == nil && len(begun.Documents) != len(file.Documents) {
					t.Errorf("documents come or go with a first entry")
				}
			}
			for key := range d.Data {
				checkSpan(t, text, d.KeySpan(key))
				checkValue(t, file, d, key)
				value := d.Data[key]
				from := min(max(at, 0), len(value))
				edit := Edit{Start: from, End: min(from+max(n, 0), len(value)), New: insert}
				edits, err := d.Edits(key, []Edit{edit})
				if err != nil {
					continue
				}
				want := value[:edit.Start] + insert + value[edit.End:]
				edited, err := file.Apply(edits, map[*Document]map[string]string{d: {key: want}})
				if err == nil && len(edited.Documents) != len(file.Documents) {
					t.Errorf("documents come or go with an edit")
				}
			}
		}
	})
}

func checkSpan(t *testing.T, text string, s Span) {
	t.Helper()
	if s.Start < 0 || s.Start > s.End || s.End > len(text) {
		t.Fatalf("span %v of %d bytes", s, len(text))
	}
}

// checkValue holds the bytes of a value against those that they are said to stand at.
func checkValue(t *testing.T, f *File, d *Document, key string) {
	t.Helper()
	v, _ := d.values[key].(*value)
	value := d.Data[key]
	for i := range len(value) {
		s := d.Span(key, Span{Start: i, End: i + 1})
		checkSpan(t, f.Text, s)
		if v == nil || v.scalar == nil {
			continue
		}
		r, ok := v.scalar.Range(i, i+1)
		if !ok {
			continue
		}
		start, want := v.base+r.Start, value[i:i+1]
		if start == len(f.Text) && want == "\n" {
			want = "" // the line feed that kubectl adds to a last line without one
		}
		if s.Start != start || f.Text[s.Start:s.End] != want {
			t.Fatalf("byte %d of %q is said to stand at %v: %q", i, value, s, f.Text[s.Start:s.End])
		}
	}
}

// TestEditsInJSON edits a value beside what JSON has and YAML lacks.
func TestEditsInJSON(t *testing.T) {
	f := Read("x.json", `{"data": {"mapRoles": "\ud83d\ude00\/\ud800`+"\u007f"+`old\/"}}`)
	d := f.Documents[0]
	value := d.Data["mapRoles"]
	if want := "\U0001f600/\ufffd\u007fold/"; value != want {
		t.Fatalf("value %q, want %q", value, want)
	}
	at := strings.Index(value, "old")
	next, err := f.Make([]Change{{Document: d, Key: "mapRoles", Edits: []Edit{{Start: at, End: at + 3, New: "new"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Replace(f.Text, "old", "new", 1); next.Text != want {
		t.Errorf("got %s, want %s", next.Text, want)
	}
}
