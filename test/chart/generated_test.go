package chart

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/test/chart/deploy"
	"github.com/aws-auth-guard/aws-auth-guard/test/chart/roles"
	"github.com/aws-auth-guard/aws-auth-guard/test/chart/values"
)

// TestGenerated fails when values.yaml or the chart changed and `make generate` was not run.
func TestGenerated(t *testing.T) {
	generated := map[string]bool{}
	for _, files := range []func(string) (map[string]string, error){values.Files, values.Rules, values.Policy, deploy.Files, roles.Files} {
		wanted, err := files(root)
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range wanted {
			generated[name] = true
			if found := readFile(t, filepath.Join(root, filepath.FromSlash(name))); found != text {
				t.Errorf("%s is not what `make generate` writes; the first line that differs: %s", name, difference(found, text))
			}
		}
	}
	if len(generated) < 8 {
		t.Fatalf("only %d files are generated", len(generated))
	}
	byHand := []string{"deploy/kubectl/"}
	err := fs.WalkDir(os.DirFS(filepath.Join(root, "deploy")), ".", func(name string, entry fs.DirEntry, err error) error {
		name = path.Join("deploy", name)
		if err == nil && !entry.IsDir() && !generated[name] && !slices.ContainsFunc(byHand, func(p string) bool { return strings.HasPrefix(name, p) }) {
			t.Errorf("%s is left over: nothing generates it", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// difference is the first line of found that wanted does not have in its place.
func difference(found, wanted string) string {
	lines := strings.Split(wanted, "\n")
	for i, line := range strings.Split(found, "\n") {
		if i >= len(lines) || lines[i] != line {
			return line
		}
	}
	return "its end"
}
