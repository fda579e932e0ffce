package manifest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

func TestInputs(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.yaml", "a.yml", "c.txt", "sub/d.JSON", "sub/deep/e.yaml", "main.tf", "map.yaml.j2", ".git/x.yaml", ".github/x.yml", "sub/node_modules/p/x.json", "vendor/x.yaml",
		".hidden.yaml", "sub/out/x.yaml", "sub/out/y.yaml", "sub/out2/y.yaml", "terraform.tfstate.backup", "Kustomization", "audit.jsonl"} {
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
	list := func(exclude ...string) (got []string, errs []error) {
		inputs, errs := Inputs([]string{dir, "-", filepath.Join(dir, "c.txt"), filepath.Join(dir, "missing")}, exclude)
		for _, in := range inputs {
			got = append(got, strings.TrimPrefix(filepath.ToSlash(in.Path), filepath.ToSlash(dir)+"/"))
			if in.Found != (in.Path != "-" && !strings.HasSuffix(in.Path, "c.txt")) {
				t.Errorf("%s: found is %v", in.Path, in.Found)
			}
		}
		return got, errs
	}
	got, errs := list()
	want := []string{".hidden.yaml", "Kustomization", "a.yml", "audit.jsonl", "b.yaml", "main.tf", "map.yaml.j2", "sub/d.JSON", "sub/deep/e.yaml", "sub/f.yaml",
		"sub/gone.yaml", "sub/out/x.yaml", "sub/out/y.yaml", "sub/out2/y.yaml", "terraform.tfstate.backup", "-", "c.txt"}
	if !slices.Equal(got, want) {
		t.Errorf("inputs %q, want %q", got, want)
	}
	if len(errs) != 1 || !strings.Contains(errs[0].Error(), "missing: no such file") {
		t.Errorf("errors %v", errs)
	}
	for exclude, left := range map[string][]string{
		"out": {"sub/out/x.yaml", "sub/out/y.yaml"}, "sub/out": {"sub/out/x.yaml", "sub/out/y.yaml"}, "./sub/out/": {"sub/out/x.yaml", "sub/out/y.yaml"},
		"**/y.yaml": {"sub/out/y.yaml", "sub/out2/y.yaml"}, "y.yaml": {"sub/out/y.yaml", "sub/out2/y.yaml"}, "sub/*/y.yaml": {"sub/out/y.yaml", "sub/out2/y.yaml"},
		"sub/**/*.yaml":   {"sub/deep/e.yaml", "sub/f.yaml", "sub/gone.yaml", "sub/out/x.yaml", "sub/out/y.yaml", "sub/out2/y.yaml"},
		"{main,other}.tf": {"main.tf"}, "c.txt": nil,
		filepath.ToSlash(dir) + "/sub/out/**": {"sub/out/x.yaml", "sub/out/y.yaml"},
	} {
		got, _ := list(exclude)
		if want := slices.DeleteFunc(slices.Clone(want), func(name string) bool { return slices.Contains(left, name) }); !slices.Equal(got, want) {
			t.Errorf("without %q: inputs %q, want %q", exclude, got, want)
		}
	}
	if err := (Excludes{"a", "[b"}).Check(); err == nil || !strings.Contains(err.Error(), `"[b" is not a glob`) {
		t.Errorf("a malformed glob: %v", err)
	}
}

// TestUTF16: kubectl applies what has a byte order mark and refuses what has none; both get a word of their own.
func TestUTF16(t *testing.T) {
	for _, e := range []unicode.Endianness{unicode.LittleEndian, unicode.BigEndian} {
		for bom, want := range map[unicode.BOMPolicy]string{unicode.UseBOM: "kubectl applies it", unicode.IgnoreBOM: "kubectl refuses"} {
			text, _, err := transform.String(unicode.UTF16(e, bom).NewEncoder(), configMap("\n  mapRoles: |\n    []\n"))
			if err != nil {
				t.Fatal(err)
			}
			found, err := kubectl(t, text)
			if applies := bom == unicode.UseBOM; applies != (len(found) == 1 && err == nil) {
				t.Errorf("kubectl finds %d maps, %v", len(found), err)
			}
			if err := checkText([]byte(text)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "save it as UTF-8") {
				t.Errorf("%v, want %q", err, want)
			}
		}
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

// TestNamespaceBeside: the kustomization beside a manifest says where it goes, also to a repair of it.
func TestNamespaceBeside(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "aws-auth.yaml")
	manifest := strings.Replace(configMap("\n  mapRoles: |\n    - rolearn: a/b\n      username: x\n"), "  namespace: kube-system\n", "", 1)
	for text, want := range map[string]int{
		"": 1, "kind: Kustomization\nnamespace: kube-system\nresources: [aws-auth.yaml]\n": 0, "namespace: other\n": 1, "resources: [aws-auth.yaml]\n": 1,
	} {
		for name, content := range map[string]string{path: manifest, filepath.Join(dir, "kustomization.yaml"): text} {
			if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		f, err := Input{Path: path}.Load(nil)
		if err != nil || len(f.Problems) != want || len(f.Documents) != 1 {
			t.Fatalf("%q: %v, problems %s, want %d", text, err, problems(f), want)
		}
		d := f.Documents[0]
		at := strings.Index(d.Data["mapRoles"], "a/b")
		if _, err := f.Make([]Change{{Document: d, Key: "mapRoles", Edits: []Edit{{Start: at, End: at + 2}}}}); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("no") }

// TestLoad_panics: a fault of ours in one file is an error of that file, so that the others are read.
func TestLoad_panics(t *testing.T) {
	_, err := Input{Path: "-"}.Load(panicking{})
	if err == nil || !strings.Contains(err.Error(), "<stdin>: reading this file fails by a fault of this tool") {
		t.Errorf("error %v", err)
	}
}
