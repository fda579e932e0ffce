package goreleaser

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
)

// TestWorkflows lints the workflows of GitHub as actionlint does, and their scripts with shellcheck where it is.
func TestWorkflows(t *testing.T) {
	var out strings.Builder
	options := actionlint.LinterOptions{Color: actionlint.ColorOptionKindNever}
	options.Shellcheck, _ = exec.LookPath("shellcheck")
	linter, err := actionlint.NewLinter(&out, &options)
	if err != nil {
		t.Fatal(err)
	}
	found, err := linter.LintRepository(repository)
	if err != nil || len(found) > 0 {
		t.Errorf("%v\n%s", err, out.String())
	}
	paths, err := filepath.Glob(filepath.Join(repository, ".github", "workflows", "*"))
	if err != nil || len(paths) == 0 {
		t.Errorf("no workflow was linted: %v", err)
	}
}

// TestSnippet lints the workflow that docs/ci.md shows.
func TestSnippet(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(repository, "docs", "ci.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "<!-- snippet: github -->\n```yaml\n")
	snippet, _, ended := strings.Cut(rest, "```\n")
	if !found || !ended {
		t.Fatal("the page has no snippet for GitHub")
	}
	var out strings.Builder
	linter, err := actionlint.NewLinter(&out, &actionlint.LinterOptions{Color: actionlint.ColorOptionKindNever})
	if err != nil {
		t.Fatal(err)
	}
	if wrong, err := linter.Lint("ci.yaml", []byte(snippet), nil); err != nil || len(wrong) > 0 {
		t.Errorf("%v\n%s", err, out.String())
	}
}
