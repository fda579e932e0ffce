package goreleaser

import (
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
