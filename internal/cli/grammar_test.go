package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// ungrammatical are forms of a word that don't go with the number before it.
var ungrammatical = []*regexp.Regexp{
	regexp.MustCompile(`(?:^|[\s(])1 (?:need|are|were|have|lose|gain|stand|remain|entries|mappings|maps|files|errors|warnings|items|lines|columns|blanks|findings|notes|templates|parts|principals|nodes|groups|changes|keys)\b`),
	regexp.MustCompile(`(?:^|[\s(])(?:0|[2-9]|[1-9][0-9]+) (?:needs|is|was|has|loses|gains|stands|remains|entry|mapping|map|file|error|warning|item|line|column|blank|finding|note|template|part|principal|node|group|change|key)\b`),
}

// aName is a word after which a number is a name, as in line 2.
var aName = regexp.MustCompile(`(?:line|column|revision|clean,)$`)

// wrongForm is the first form in a line that does not go with its number, or "".
func wrongForm(line string) string {
	for _, wrong := range ungrammatical {
		for _, m := range wrong.FindAllStringIndex(line, -1) {
			if !aName.MatchString(line[:m[0]]) {
				return line[m[0]:m[1]]
			}
		}
	}
	return ""
}

// TestGrammar reads all that the scripts expect, with one thing and with many, and what the formats print.
func TestGrammar(t *testing.T) {
	read := 0
	for _, pattern := range []string{"testdata/script/*.txtar", "../../pkg/report/testdata/*.txt", "../../pkg/report/testdata/*.md", "../../pkg/validate/testdata/*.golden", "../../docs/*.md", "../../docs/rules/*.md", "../../README.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			read++
			for i, line := range strings.Split(string(raw), "\n") {
				if m := wrongForm(line); m != "" {
					t.Errorf("%s:%d: %q in %q", path, i+1, m, line)
				}
			}
		}
	}
	if read < 50 {
		t.Errorf("only %d files", read)
	}
}

// TestGrammarIsSeen finds what is wrong, and lets pass what is right.
func TestGrammarIsSeen(t *testing.T) {
	for text, wrong := range map[string]bool{
		"1 need attention": true, "2 needs attention": true, "1 entries": true, "2 entry": true, "12 file checked": true, "0 map": true,
		"1 needs attention, 2 need no change": false, "1 entry, 2 entries, 0 maps": false, "line 2 is": false, "3 lines, 2 is": true, "11 entries": false,
	} {
		found := wrongForm(text) != ""
		if found != wrong {
			t.Errorf("%q: wrong %v, want %v", text, found, wrong)
		}
	}
}

// number is where a message puts one.
var number = regexp.MustCompile(`%(?:\[\d+\])?d`)

// onlyMany are texts that the code writes only where there are more than one, so that they have one form.
var onlyMany = []string{
	", and the %d lines below with blanks too", ", and move the %d lines below as far", "it has %d entries, more than %d", "and more (%d principals in all)",
	"%d maps (%s), and a plan is for one cluster: give one by itself", "%d entries fit: %s", "%s: %d maps in it (lines %s): give one by itself",
	": %d principals lose their access", "%d were",
}

// TestGrammarOfTemplates renders every text of the code that takes a number, with one thing and with many.
func TestGrammarOfTemplates(t *testing.T) {
	rendered := 0
	for _, root := range []string{"../../pkg", "../../internal", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING || !number.MatchString(lit.Value) {
					return true
				}
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				rendered++
				numbers := []string{"1", "2"}
				if slices.Contains(onlyMany, text) {
					numbers = numbers[1:]
				}
				for _, n := range numbers {
					if wrong := wrongForm(number.ReplaceAllString(text, n)); wrong != "" {
						t.Errorf("%s: %q in %q", fset.Position(lit.Pos()), wrong, text)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if rendered < 50 {
		t.Errorf("only %d texts", rendered)
	}
}
