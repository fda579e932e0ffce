package manifest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestInputs(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.yaml", "a.yml", "c.txt", "sub/d.JSON", "sub/deep/e.yaml"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// A link to a folder would be a loop; one to a file is how Kubernetes mounts volumes.
	for link, to := range map[string]string{"sub/loop.yaml": "..", "sub/f.yaml": "../b.yaml", "sub/gone.yaml": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	inputs, errs := Inputs([]string{dir, "-", filepath.Join(dir, "c.txt"), filepath.Join(dir, "missing")})
	var got []string
	for _, in := range inputs {
		got = append(got, strings.TrimPrefix(filepath.ToSlash(in.Path), filepath.ToSlash(dir)+"/"))
		if in.Found != (in.Path != "-" && !strings.HasSuffix(in.Path, "c.txt")) {
			t.Errorf("%s: found is %v", in.Path, in.Found)
		}
	}
	want := []string{"a.yml", "b.yaml", "sub/d.JSON", "sub/deep/e.yaml", "sub/f.yaml", "-", "c.txt"}
	if !slices.Equal(got, want) {
		t.Errorf("inputs %q, want %q", got, want)
	}
	if len(errs) != 2 || !strings.Contains(errs[0].Error(), "gone.yaml") || !strings.Contains(errs[1].Error(), "missing: no such file") {
		t.Errorf("errors %v", errs)
	}
}

func TestLoad(t *testing.T) {
	for text, want := range map[string]string{
		"mapRoles: x\n":          "",
		"a: \xff\xfe\n":          "line 1 is not valid UTF-8",
		"a\nb\nc \xe9\n":         "line 3 is not valid UTF-8",
		"\xff\xfea\x00":          "UTF-16",
		"a\x00b":                 "binary",
		strings.Repeat("#", 100): "",
	} {
		f, err := Input{Path: "-"}.Load(strings.NewReader(text))
		switch {
		case want == "" && (err != nil || f.Name != StdinName || f.Text != text):
			t.Errorf("%q: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := (Input{Path: "-"}).Load(zeroes{}); err == nil || !strings.Contains(err.Error(), "larger than 100 MiB") {
		t.Errorf("an endless input: %v", err)
	}
}

// zeroes is an input without end.
type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { return len(p), nil }
