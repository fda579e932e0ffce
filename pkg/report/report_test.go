package report

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/mutate"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

var update = flag.Bool("update", false, "update the golden files")

// build makes the report of texts by the rules as they are.
func build(profile validate.Profile, files ...*manifest.File) *Report {
	b := &Builder{Maps: true, Action: func(rule string) validate.Action { return validate.Lookup(rule).Action(profile) }}
	for _, f := range files {
		b.File(f)
		for _, d := range f.Documents {
			doc := awsauth.ReadAll(d.Data, d.BinaryData)
			b.Document(f, d, mutate.Vet(doc, validate.Check(doc, validate.Options{Bindings: &validate.BindingFacts{}}), validate.Options{}))
			b.Map(f, d, doc)
		}
	}
	return b.Report()
}

// oneLine is a map in JSON that is far longer than an excerpt.
func oneLine() string {
	entries := make([]string, 40)
	for i := range entries {
		entries[i] = fmt.Sprintf(`{\"userarn\":\"arn:aws:iam::111122223333:user/u%d\",\"username\":\"u%d\",\"userid\":\"é\"}`, i, i)
	}
	entries[20] = `{\"userarn\":\"arn:aws:iam::111122223333:user/dev\",\"username\":\"Dev\"}`
	return `{"data":{"mapUsers":"[` + strings.Join(entries, ",") + `]"}}`
}

func sample() *Report {
	return build(validate.Standard,
		manifest.Read("b/stream.yaml", strings.Join([]string{
			"apiVersion: v1", "kind: ConfigMap", "metadata: {name: aws-auth}", "data:", "  maproles: x", "  mapRoles: |",
			"    - rolearn: arn:aws:iam::111122223333:role/team/dev # é", "      username: dev", "      groups: system:masters",
			"    - rolearn:\targ:aws", "      username:\tÜ開", "    - just text", "---", "a: [", "",
		}, "\n")),
		manifest.Read("a.yaml", "mapRoles: |\r\n  - rolearn: arn:aws:iam::111122223333:role/dev\r\n    username: {{SessionName}}\r\n    groups:\r\n    - {{AccountID}}-x\r\n"),
		manifest.Read("broken.yaml", "mapUsers: |\n  - userarn: \"arn\n  - x\x1b[31m: y\n"),
	)
}

func TestGolden(t *testing.T) {
	for name, write := range map[string]func(io.Writer, *Report) error{"sample.txt": Text, "sample.json": JSON} {
		var got bytes.Buffer
		if err := write(&got, sample()); err != nil {
			t.Fatal(err)
		}
		golden(t, name, got.Bytes())
	}
	var got bytes.Buffer
	if err := Text(&got, build(validate.Audit, manifest.Read("long.json", oneLine()))); err != nil {
		t.Fatal(err)
	}
	golden(t, "long.txt", got.Bytes())
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; run with -update and look at the change:\n%s", name, got)
	}
}

// TestEdits makes the edits of all fixes by their lines and columns, as an editor would, and wants the corrected line.
func TestEdits(t *testing.T) {
	text := "data:\n  mapRoles: |\n    - {rolearn: arn:aws:iam::111122223333:role/ü/dev, username: Dev} # 開\n    - {username: 12, rolearn: arn:aws:iam::111122223333:role/ops}\n"
	f := manifest.Read("x.yaml", text)
	r := build(validate.Standard, f)
	fixes := 0
	for _, found := range r.Findings {
		if found.Fix == nil {
			continue
		}
		fixes++
		lines := strings.Split(text, "\n")
		for _, e := range slices.Backward(found.Fix.Edits) {
			if e.Start.Line != e.End.Line {
				t.Fatalf("%s: an edit over lines: %+v", found.Rule, e)
			}
			line := []rune(lines[e.Start.Line-1])
			lines[e.Start.Line-1] = string(line[:e.Start.Column-1]) + e.New + string(line[e.End.Column-1:])
		}
		if got := lines[found.Start.Line-1]; got != found.Fix.After.Text {
			t.Errorf("%s: the edits give\n%s\nbut the fix shows\n%s", found.Rule, got, found.Fix.After.Text)
		}
	}
	if fixes < 2 {
		t.Errorf("%d fixes, want two at least: %+v", fixes, r.Findings)
	}
}

func TestRefusedInFile(t *testing.T) {
	// The value is "…role/o'neil/dev", with the apostrophe written twice in the file: the path can't be cut out as it is there.
	f := manifest.Read("x.yaml", `mapRoles: '- {rolearn: "arn:aws:iam::111122223333:role/o''neil/dev", username: Dev}'`)
	byRule := map[string]Finding{}
	for _, found := range build(validate.Standard, f).Findings {
		byRule[found.Rule] = found
	}
	if found := byRule["role-path"]; found.Fix != nil || !strings.Contains(found.Message, "; "+found.Remedy+"; not repaired: "+found.NotRepaired) ||
		!strings.HasPrefix(found.NotRepaired, "the text to change is escaped") {
		t.Errorf("role-path: %+v", found)
	}
	if found := byRule["username-uppercase"]; found.Fix == nil {
		t.Errorf("username-uppercase lost its fix to its neighbor: %+v", found)
	}
}

// TestFileLines wants lines of the file where the rules name lines of the value, of whichever section, and nothing else changed.
func TestFileLines(t *testing.T) {
	f := manifest.Read("x.yaml", "data:\n  mapRoles: |\n    a\n    b\n  mapUsers: |\n    c\n    d\n")
	role := func(n int) awsauth.Line { return awsauth.Line{Section: awsauth.MapRoles, Number: n} }
	user := func(n int) awsauth.Line { return awsauth.Line{Section: awsauth.MapUsers, Number: n} }
	for _, tt := range []struct {
		sentence awsauth.Sentence
		want     string
	}{
		{awsauth.Say(role(1), " and ", role(2)), "line 3 and line 4"},
		{awsauth.Say("mapUsers[1] (", user(2), ") has it"), "mapUsers[1] (line 7) has it"},
		{awsauth.Say(`"line 1" stays, `, role(2), " not"), `"line 1" stays, line 4 not`},
		{awsauth.Say("a", role(2), ": ", awsauth.Say("b", user(1), "c")), "aline 4: bline 6c"},
		{awsauth.Say(role(9), " and ", role(99999999999)), "line 9 and line 99999999999"},
		{awsauth.Say("in one line"), "in one line"},
	} {
		if got := FileLines(tt.sentence, f, f.Documents[0]); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.sentence.Text, got, tt.want)
		}
	}
}

func TestCarets(t *testing.T) {
	for _, tt := range []struct {
		line     string
		from, to int
		want     string
	}{
		{"abc", 1, 2, " ^"},
		{"abc", 3, 3, "   ^"},
		{"\ta\tbc", 3, 5, "\t \t^^"},
		{"日本x", 3, 6, "  ^^"},
		{"日本x", 6, 7, "    ^"},
		{"e\u0301x", 3, 4, " ^"},
		{"a\u200bx", 1, 4, " ^^^^^^"},
	} {
		e := excerpt(tt.line, tt.from, tt.to)
		if got := e.carets(); got != tt.want {
			t.Errorf("%q [%d:%d]: %q, want %q", tt.line, tt.from, tt.to, got, tt.want)
		}
	}
}

func TestCut(t *testing.T) {
	long := strings.Repeat("é", 500) + "MARK" + strings.Repeat("é", 500)
	at := strings.Index(long, "MARK")
	for _, limit := range []int{100, 101, 1999, 3000} {
		e := Excerpt{Text: long, Marked: manifest.Span{Start: at, End: at + 4}}.cut(limit, 31)
		if got := e.Text[e.Marked.Start:e.Marked.End]; got != "MARK" {
			t.Errorf("limit %d: marked %q", limit, got)
		}
		if len(e.Text) > limit+2*len(ellipsis)+4 || !strings.HasPrefix(strings.Trim(e.Text, ellipsis), "é") {
			t.Errorf("limit %d: %d bytes: %q", limit, len(e.Text), e.Text)
		}
	}
}

func TestVisible(t *testing.T) {
	if got, want := text.Source("a\tb\x1b[31m\u00a0\u202e日"), `a	b\x1b[31m\u00a0\u202e日`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
