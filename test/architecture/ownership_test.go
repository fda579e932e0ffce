package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// root is the repository.
const root = "../.."

// generatedFrom begin the files that are written from the rules, and mark the parts of others.
const (
	generatedFile  = "Written by `make generate` from the rules"
	generatedBegin = generatedFile + ": begin."
	generatedEnd   = generatedFile + ": end."
)

// homes are the files that may name a rule: its own, and for the two rules about manifests their reader.
func homes(r *validate.Rule) []string {
	if r.LintOnly {
		return []string{"pkg/validate/manifest.go", "pkg/manifest/manifest.go"}
	}
	return []string{"pkg/validate/" + strings.ReplaceAll(r.Name, "-", "_") + ".go"}
}

// named are the rules that a text names: those with a hyphen anywhere, others where the text is the name.
func named(text string) []*validate.Rule {
	var all []*validate.Rule
	for _, r := range validate.Rules() {
		pattern := `(^|[^a-z-])` + regexp.QuoteMeta(r.Name) + `($|[^a-z-])`
		if !strings.Contains(r.Name, "-") {
			pattern = "^" + regexp.QuoteMeta(r.Name) + "$"
		}
		if regexp.MustCompile(pattern).MatchString(text) {
			all = append(all, r)
		}
	}
	return all
}

// TestARuleStandsInItsFile holds that adding a rule takes one file and one line in rules.go: no other code names one.
func TestARuleStandsInItsFile(t *testing.T) {
	for _, name := range tracked(t, "*.go") {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "test/") || strings.HasPrefix(name, "build/") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, r := range named(text) {
				if !slices.Contains(homes(r), name) {
					t.Errorf("%s names the rule %s: %.80q", name, r.Name, text)
				}
			}
			return true
		})
	}
}

// TestTheChartNamesRulesWhereTheyAreGenerated holds the same for the chart. The companion policy also names the rules that
// it has an implementation of.
func TestTheChartNamesRulesWhereTheyAreGenerated(t *testing.T) {
	for _, name := range slices.Concat(tracked(t, "charts/*/templates/*"), tracked(t, "charts/*/files/*")) {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		companion := strings.HasPrefix(path.Base(name), "companion") && path.Dir(name) == "charts/aws-auth-guard/files"
		for _, line := range strings.Split(withoutGenerated(string(text)), "\n") {
			for _, r := range named(line) {
				if !companion || !r.Companion {
					t.Errorf("%s names the rule %s: %s", name, r.Name, line)
				}
			}
		}
	}
}

// withoutGenerated is a text without what is written from the rules.
func withoutGenerated(text string) string {
	if before, rest, ok := strings.Cut(text, generatedBegin); ok {
		_, after, _ := strings.Cut(rest, generatedEnd)
		return before + after
	}
	if strings.Contains(text, generatedFile) {
		return ""
	}
	return text
}

// tracked are the files of the repository that fit a pattern of git.
func tracked(t *testing.T, pattern string) []string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "git", "ls-files", "--cached", "--others", "--exclude-standard", "--", pattern)
	command.Dir = root
	output, err := command.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	files := slices.DeleteFunc(strings.Fields(string(output)), func(name string) bool {
		_, err := os.Stat(filepath.Join(root, name))
		return err != nil
	})
	if len(files) == 0 {
		t.Fatalf("no file fits %s", pattern)
	}
	return files
}
