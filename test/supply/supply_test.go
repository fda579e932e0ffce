package supply

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// direct are the modules that the module in a folder requires itself.
func direct(t *testing.T, folder string) []string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	command.Dir = filepath.Join(root, folder)
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(output, &file); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, r := range file.Require {
		if !r.Indirect {
			paths = append(paths, r.Path)
		}
	}
	slices.Sort(paths)
	return paths
}

// row is a line of a table that begins with a module and gives a reason.
var row = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|.* \\S.* \\|$")

func TestEachDependencyHasItsReason(t *testing.T) {
	programs, build, ok := strings.Cut(read(t, "docs/dependencies.md"), "## The module build")
	if !ok {
		t.Fatal("the page has no part about the module build")
	}
	for folder, text := range map[string]string{".": programs, "build": build} {
		var listed []string
		for _, m := range row.FindAllStringSubmatch(text, -1) {
			listed = append(listed, m[1])
		}
		slices.Sort(listed)
		if want := direct(t, folder); !slices.Equal(listed, want) {
			t.Errorf("docs/dependencies.md lists\n%s\n%s/go.mod requires\n%s", strings.Join(listed, "\n"), folder, strings.Join(want, "\n"))
		}
	}
}

// TestWhatIsLinkedIsListedAsLinked: a dependency of tests alone that a program comes to import moves to the other table.
func TestWhatIsLinkedIsListedAsLinked(t *testing.T) {
	text := read(t, "docs/dependencies.md")
	linkedPart, rest, _ := strings.Cut(text, "## Used by tests alone")
	testsPart, _, _ := strings.Cut(rest, "## The module build")
	command := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./cmd/...")
	command.Dir = root
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := strings.Fields(string(output))
	for _, m := range row.FindAllStringSubmatch(linkedPart, -1) {
		if !slices.Contains(linked, m[1]) {
			t.Errorf("%s is not linked into any program", m[1])
		}
	}
	imported := importsOf(t)
	for _, m := range row.FindAllStringSubmatch(testsPart, -1) {
		if slices.ContainsFunc(imported, func(p string) bool { return p == m[1] || strings.HasPrefix(p, m[1]+"/") }) {
			t.Errorf("%s is imported by a program", m[1])
		}
	}
}

// importsOf are the packages that the project's own code in the programs imports.
func importsOf(t *testing.T) []string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-f", `{{join .Imports "\n"}}`, "./cmd/...", "./internal/...", "./pkg/...")
	command.Dir = root
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(output))
}

// cell is the folder and the tests in it that a line of the threat model names.
var cell = regexp.MustCompile("`([^`]+)` ((?:(?:Test|Fuzz)\\w+(?:, )?)+)")

// TestEachThreatNamesATestThatIsThere: the last cell of each line names at least one test, and all that are named exist.
func TestEachThreatNamesATestThatIsThere(t *testing.T) {
	lines := 0
	for line := range strings.Lines(read(t, "docs/threat-model.md")) {
		line = strings.TrimSpace(line)
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if !strings.HasPrefix(line, "|") || len(cells) != 4 || strings.HasPrefix(cells[0], "---") || strings.TrimSpace(cells[3]) == "test" {
			continue
		}
		lines++
		named := cell.FindAllStringSubmatch(cells[3], -1)
		if len(named) == 0 {
			t.Errorf("no test: %s", line)
		}
		for _, m := range named {
			for name := range strings.SplitSeq(m[2], ", ") {
				if name != "" && !declares(t, m[1], name) {
					t.Errorf("%s has no %s: %s", m[1], name, line)
				}
			}
		}
		if rest := strings.Trim(cell.ReplaceAllString(cells[3], ""), " ;"); rest != "" {
			t.Errorf("not the name of a test: %q", rest)
		}
	}
	if lines < 30 {
		t.Errorf("%d lines were found", lines)
	}
}

// declares reports whether a folder has a test of that name, in itself or in a folder below it.
func declares(t *testing.T, folder, name string) bool {
	t.Helper()
	found := false
	declaration := regexp.MustCompile(`(?m)^func ` + name + `\(\w+ \*testing\.[TF]\)`)
	err := filepath.WalkDir(filepath.Join(root, folder), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		found = found || declaration.Match(text)
		return err
	})
	if err != nil {
		t.Errorf("%s: %v", folder, err)
	}
	return found
}

// TestTheVulnerabilityCheckIsWired: `make vulncheck` runs govulncheck, of one version, over all programs.
func TestTheVulnerabilityCheckIsWired(t *testing.T) {
	command := exec.CommandContext(t.Context(), "make", "--dry-run", "vulncheck")
	command.Dir = root
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if !regexp.MustCompile(`go run golang\.org/x/vuln/cmd/govulncheck@v\d+\.\d+\.\d+ .*\./cmd/\.\.\.`).Match(output) {
		t.Errorf("make vulncheck runs\n%s", output)
	}
}

// TestTheServerCarriesNoAWS holds that the webhook and the auditor can't call AWS: nothing of its SDK is linked into them.
func TestTheServerCarriesNoAWS(t *testing.T) {
	for program, want := range map[string]bool{"webhook": false, "kubectl-aws_auth": true} {
		command := exec.CommandContext(t.Context(), "go", "list", "-deps", "./cmd/"+program)
		command.Dir = root
		output, err := command.Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := regexp.MustCompile(`(?m)^github\.com/aws/`).Match(output); got != want {
			t.Errorf("%s carries packages of AWS: %v", program, got)
		}
	}
}

// TestTheServerCarriesNoTemplates wants html/template in the plugin alone: it makes the linker keep every method of every type, and
// the in-cluster program half as large again. The compiler keeps the names of functions in what it links.
func TestTheServerCarriesNoTemplates(t *testing.T) {
	folder := t.TempDir()
	command := exec.CommandContext(t.Context(), "go", "build", "-o", folder, "./cmd/...")
	command.Dir = root
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for program, want := range map[string]bool{"webhook": false, "kubectl-aws_auth": true} {
		content, err := os.ReadFile(filepath.Join(folder, program))
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Contains(content, []byte("html/template.(*Template).Execute")); got != want {
			t.Errorf("%s carries html/template: %v", program, got)
		}
	}
}
