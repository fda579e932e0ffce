package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRenderWithoutHelm says what is missing.
func TestRenderWithoutHelm(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Chart.yaml"), []byte("name: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", "")
	var said bytes.Buffer
	code := Run([]string{"lint", "--render", dir}, Streams{In: strings.NewReader(""), Out: &said, Err: &said})
	if code != exitUnreadable || !strings.Contains(said.String(), "--render runs helm, which is not on the PATH") {
		t.Errorf("exit %d: %s", code, &said)
	}
}

// TestRenderSplit names the objects by their templates, and joins those of one.
func TestRenderSplit(t *testing.T) {
	const out = "---\n# Source: c/templates/a.yaml\nkind: A\n---\n# Source: c/charts/d/templates/b.yaml\nkind: B\n---\n# Source: c/templates/a.yaml\nkind: C\n"
	files := (&renderFlags{}).split("x", out)
	var got []string
	for _, f := range files {
		got = append(got, filepath.ToSlash(f.Name)+"="+f.Text)
	}
	want := "x/templates/a.yaml (rendered)=kind: A\n---\nkind: C\n|x/charts/d/templates/b.yaml (rendered)=kind: B\n---\n"
	if strings.Join(got, "|") != want {
		t.Errorf("%q, want %q", got, want)
	}
}
