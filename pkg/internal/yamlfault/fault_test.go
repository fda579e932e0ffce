package yamlfault

import (
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/splice"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

// read takes lists of mappings: their fields make sense, and nothing else does.
func read(text string) (int, error) {
	var list []map[string]any
	err := yaml.Unmarshal([]byte(text), &list)
	sense := 0
	for _, item := range list {
		sense += 2 * len(item)
	}
	return sense, err
}

// TestFind finds one fault of each kind: what it says of it, and that the text can be read when that is done.
func TestFind(t *testing.T) {
	for _, tt := range []struct {
		name, text   string
		line, column int
		advice       string
	}{
		{"too far to the right", "- a: x\n  b: y\n   c: z\n", 3, 4, "begins in column 4; begin it in column 3"},
		{"too far to the left", "- a: x\n  b: y\n c: z\n", 3, 2, "begins in column 2; begin it in column 3"},
		{"an item with what belongs to it", "- a: x\n  b: y\n- a: x\n  b: y\n - a: z\n   b: y\n", 5, 2, "begin it in column 1, and move the line below as far"},
		{"an item on the line of its key", "- a: - x\n  b: y\n", 1, 6, "write `- x` on a line of its own below"},
		{"items on the line of their keys", "- a: - x\n  b: y\n- a: - z\n     - y\n", 1, 6, "write `- x` on a line of its own below"},
		{"no comma in braces", "[\n  {\"a\": \"x\"\n   \"b\": \"y\"}\n]\n", 2, 12, "write a comma before it"},
		{"no comma between braces", "[{a: x}\n {a: y}]\n", 1, 8, "write a comma before it"},
		{"no comma and no bracket", "[{\"a\": \"x\", \"b\": [\"y\", \"z\"}\n {a: y}\n", 1, 27, "write ] here"},
		{"a bracket that is not closed, far above", "[\n  {\n    \"a\": {\n      \"x\": 1,\n    \"b\": 2\n  }\n]\n", 4, 13, "write } here"},
		{"no end", "[\n  {\n    \"a\": 1\n", 3, 11, "write } here"},
		{"a quote that is not closed in braces", "[{\"a\": \"x,\n  \"b\": \"y\"}]\n", 1, 10, "write \" at its end"},
		{"no colon in braces", "[{\"a\" \"x\"}]\n", 1, 6, "write : after it"},
		{"a comment of JavaScript", "// who\n[{\"a\": \"x\"}]\n", 1, 1, "remove it, or in YAML begin it with #"},
		{"a comment of JavaScript in a list", "- a: x\n// who\n- a: y\n", 2, 1, "begin it with #"},
		{"an end after a comma", "[{\"a\": \"x\"},\n", 1, 13, "write ] here"},
		{"a tab", "- a: x\n\tb: y\n", 2, 1, "begin it with 2 blanks"},
		{"tabs below", "- a: x\n\tb: y\n\tc: z\n", 2, 1, "begin it with 2 blanks, and the line below with blanks too"},
		{"a tab after a dash", "-\ta: x\n  b: y\n", 1, 2, "write `- a: x`"},
		{"no dash", "- a: x\n  b: y\na: z\n", 3, 1, "write `- a: z`"},
		{"no blank after a dash", "- a: x\n  b: y\n-a: z\n", 3, 2, "write `- a: z`"},
		{"no colon", "- a: x\n  b y\n  c: z\n", 2, 4, "write `b: y`"},
		{"no blank after a colon", "- a:x\n  b: y\n", 1, 5, "write `- a: x`"},
		{"a quote that is not closed", "- a: \"x\n  b: y\n", 1, 6, "write `- a: \"x\"`"},
		{"a quote too many", "- a: \"x\"\"\n  b: y\n", 1, 8, "write `- a: \"x\"`"},
		{"a bracket that is not closed", "- a: [x\n  b: y\n", 1, 6, "write `- a: [x]`"},
		{"a value that needs quotes", "- a: @x\n  b: y\n", 1, 6, "write `- a: \"@x\"`"},
		{"an en dash", "- a: x\n\u2013 a: y\n", 2, 1, "write `- a: y`"},
		{"a no-break space", "- a:\u00a0x\n  b: y\n", 1, 5, "write `- a: x`"},
		{"an empty list above", "~\n- a: x\n", 1, 1, "remove this ~"},
		{"a code fence", "- a: x\n```\n", 2, 1, "remove this line"},
		{"a merge conflict", "- a: x\n<<<<<<< HEAD\n- a: y\n=======\n- a: z\n>>>>>>> b\n", 2, 1, "keep one side of it"},
		{"a line of blanks before a block", "- a: |\n      \n    x\n  b: y\n", 2, 1, "remove the blanks"},
		{"the prompt of a terminal", "$ kubectl get cm x -o yaml\n- a: x\n", 1, 1, "remove this line"},
		{"a comma too many", "[{\"a\": \"x\",, \"b\": \"y\"}]\n", 1, 12, "remove this ,"},
		{"a comma before all", "[,{\"a\": \"x\"}]\n", 1, 2, "remove this ,"},
		{"Windows lines", "- a: x\r\n  b: y\r\n c: z\r\n", 3, 2, "begin it in column 3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := read(tt.text)
			if err == nil {
				t.Fatal("the text can be read")
			}
			_, line := yamlpos.ErrorLine(err)
			f := Find(tt.text, max(line, 1), read)
			saw, remedy := f.Words()
			if f.Move != nil {
				saw, remedy = f.Move.Columns()
			}
			said := saw + "; " + remedy
			at := (&yamlpos.File{Text: tt.text}).Position(f.Start)
			if at.Line != tt.line || at.Column != tt.column || !strings.Contains(said, tt.advice) {
				t.Errorf("%d:%d %s, want %d:%d %s", at.Line, at.Column, said, tt.line, tt.column, tt.advice)
			}
			fixed, err := splice.Apply(tt.text, f.Edits)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := read(fixed); err != nil {
				t.Errorf("fixed: %v\n%s", err, fixed)
			}
		})
	}
}

// TestFindNothing gives a place within the text where no change fixes it.
func TestFindNothing(t *testing.T) {
	for _, text := range []string{"", "\n", "[", "a: [\n}\n: {", strings.Repeat("[", 3000), "\x00", "- a: x\n" + strings.Repeat(" - b: {{\n", 500)} {
		f := Find(text, 1, func(string) (int, error) { return 0, errNever })
		if f.Start < 0 || f.End < f.Start || f.End > len(text) || f.Edits != nil {
			t.Errorf("%.20q: %+v", text, f)
		}
	}
}

var errNever = yaml.Unmarshal([]byte("["), &struct{}{})

// TestFindQuotesBytesThatAreNoCharacters gives a line without the beginning of any character.
func TestFindQuotesBytesThatAreNoCharacters(t *testing.T) {
	for _, long := range []string{"\x80", "\xc3", "é", "\xf0\x9f\x98\x80"} {
		for _, frame := range []string{"\"%s", "[\n\"%s", "a: [%s", "- a: %s: x", "\t%s: x\n x"} {
			all := fmt.Sprintf(frame, strings.Repeat(long, 2*maxShown))
			for line := range 3 {
				if f := Find(all, line, func(string) (int, error) { return 0, nil }); f.Start < 0 || f.End < f.Start || f.End > len(all) {
					t.Errorf("%.20q, line %d: %+v", all, line, f.Span)
				}
			}
		}
	}
}

// FuzzFind gives places within the text, and edits that can be made.
func FuzzFind(f *testing.F) {
	for _, text := range []string{"- a: x\n  b: y\n   c: z\n", "[{\"a\": \"x\",, \"b\": [\"y\"}\n {a: y}", "[\n\"" + strings.Repeat("\x80", 200), "$ kubectl x\n- a: x\n", "- a: |\n      \n    x\n", "/* x\n */ [a\n]", "[\"a\n b: {"} {
		f.Add(text, 2)
	}
	f.Fuzz(func(t *testing.T, text string, line int) {
		if _, err := read(text); err == nil || line < 0 || line > 1+strings.Count(text, "\n") {
			return
		}
		fault := Find(text, line, read)
		if fault.Start < 0 || fault.End < fault.Start || fault.End > len(text) {
			t.Fatalf("%+v of %d bytes", fault.Span, len(text))
		}
		if _, err := splice.Apply(text, fault.Edits); err != nil {
			t.Fatalf("%+v: %v", fault.Edits, err)
		}
	})
}
