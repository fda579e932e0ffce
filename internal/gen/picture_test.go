package main

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/ruledoc"
)

const root = "../.."

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ruledoc.Readme))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestGeneratedPictureIsUpToDate(t *testing.T) {
	page := readme(t)
	block, err := firstBlock(page)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, pictureFile))
	if err != nil || string(got) != drawn(t, block) {
		t.Errorf("%s is not what the README's first console block shows (%v); run make generate", pictureFile, err)
	}
	if len(got) > 20_000 {
		t.Errorf("%s has %d bytes; at most 20000 are allowed", pictureFile, len(got))
	}
	if !strings.Contains(page, "]("+pictureFile+")") {
		t.Errorf("the README does not show %s", pictureFile)
	}
}

func drawn(t *testing.T, block string) string {
	t.Helper()
	svg, err := draw(block)
	if err != nil {
		t.Fatal(err)
	}
	return svg
}

// drawing is what the tests read back of an SVG.
type drawing struct {
	rows  []string          // the texts, broken rows put together again
	wide  int               // the most characters in one row
	looks map[string]string // the texts of each class, broken ones put together again
}

// read parses an SVG as a viewer does.
func read(t *testing.T, svg string) drawing {
	t.Helper()
	d := drawing{looks: map[string]string{}}
	decoder := xml.NewDecoder(strings.NewReader(svg))
	inText, rest, class, row := false, false, "", ""
	for {
		token, err := decoder.Token()
		if token == nil {
			if err.Error() != "EOF" {
				t.Fatalf("not XML: %v\n%s", err, svg)
			}
			return d
		}
		switch token := token.(type) {
		case xml.StartElement:
			switch token.Name.Local {
			case "use":
				rest = true
			case "text":
				inText, row = true, ""
			case "tspan":
				class = token.Attr[0].Value
			case "script", "image", "foreignObject", "a":
				t.Errorf("a picture needs no <%s>", token.Name.Local)
			}
		case xml.CharData:
			if inText {
				row += string(token)
				d.looks[class] += string(token)
			}
		case xml.EndElement:
			switch token.Name.Local {
			case "tspan":
				class = ""
			case "text":
				inText = false
				count := utf8.RuneCountInString(row)
				if rest {
					d.rows[len(d.rows)-1] += row
					count += 2
				} else {
					d.rows = append(d.rows, row)
				}
				rest = false
				d.wide = max(d.wide, count)
			}
		}
	}
}

func TestPictureShowsTheBlockByteForByte(t *testing.T) {
	block, err := firstBlock(readme(t))
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("é", 3*columns)
	for name, block := range map[string]string{
		"the README's":       block,
		"markup":             "$ echo '<b class=\"x\">&amp;</b>'\n<script>1 < 2 && \"3\" > '2'</script>\n]]>\n",
		"markup in a repair": "$ x\nWarning: repaired mapRoles[0].username 1:2: a<b -> a&amp;b [rule]\n",
		"blanks":             "$ x\n  two  and   three    \n\nafter an empty line\n",
		"no blank to break":  "$ x\n" + long + "\nWarning: " + long + "\n",
		"just fits":          "$ x\n" + strings.Repeat("x", columns) + "\n" + strings.Repeat("y", columns+1) + "\n",
		"no line end":        "$ x\nlast",
	} {
		t.Run(name, func(t *testing.T) {
			svg := drawn(t, block)
			d := read(t, svg)
			if got := strings.Join(d.rows, "\n"); got != strings.TrimSuffix(block, "\n") {
				t.Errorf("the picture shows\n%s\nthe block is\n%s", got, block)
			}
			if d.wide > columns {
				t.Errorf("a row of %d characters; the terminal has %d", d.wide, columns)
			}
			if strings.Contains(strings.ReplaceAll(svg, "http://www.w3.org/2000/svg", ""), "://") {
				t.Error("the picture refers to the network")
			}
		})
	}
}

func TestLooks(t *testing.T) {
	long := "arn:aws:iam::111122223333:role/" + strings.Repeat("team/", 20)
	d := read(t, drawn(t, "$ kubectl edit\nWarning: repaired mapRoles[0].rolearn 1:12: "+long+"Dev -> arn:x -> y [role-path]\nWarning: else\nplain\n"))
	for class, want := range map[string]string{
		"prompt":  "$ ",
		"command": "kubectl edit",
		"warning": "Warning:Warning:",
		"old":     long + "Dev -> arn:x",
		"new":     "y",
		"":        " repaired mapRoles[0].rolearn 1:12:  ->  [role-path] elseplain",
	} {
		if d.looks[class] != want {
			t.Errorf("%q: %q, want %q", class, d.looks[class], want)
		}
	}
}

func TestLongLinesBreakBehindBlanks(t *testing.T) {
	for _, c := range []struct {
		line string
		want []string
	}{
		{"12345678", []string{"12345678"}},
		{"123456789", []string{"12345678", "9"}},
		{"1234 5678", []string{"1234 ", "5678"}},
		{"1234567 89", []string{"1234567 ", "89"}},
		{"1 23456789 1", []string{"1 ", "234567", "89 1"}},
	} {
		if got := wrap(c.line, 8); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.line, got, c.want)
		}
	}
}

func TestBlockSaysWhatIsMissing(t *testing.T) {
	for page, want := range map[string]string{
		"# Title\n":                             "no console block",
		"```console\n$ kubectl\n":               "has no end",
		"```console\nkubectl\n```\n":            "must begin with",
		"```yaml\na: b\n```\n":                  "no console block",
		"```console\n```\n```console\n$ x```\n": "must begin with",
	} {
		if _, err := firstBlock(page); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", page, err, want)
		}
	}
}
