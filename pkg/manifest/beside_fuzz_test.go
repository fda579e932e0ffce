package manifest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// outsider is what no file of the folder may bring into it.
const outsider = "OUTSIDER"

// outsiders are maps in a folder above the one that is read, and a link to one of them in it.
func outsiders(t *testing.T, root, inside string) {
	t.Helper()
	held := map[string]string{
		"roles.yaml": "- rolearn: arn:aws:iam::111122223333:role/" + outsider + "\n  username: dev\n",
		"map.yaml":   "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {mapRoles: " + outsider + "}\n",
	}
	for name, text := range held {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(root, "roles.yaml"), filepath.Join(inside, "link.yaml")); err != nil {
		t.Skip(err)
	}
}

// FuzzBeside reads files that name others: nothing panics, what is read is bounded, and kustomize's files are those of its folder.
func FuzzBeside(f *testing.F) {
	const generator = "configMapGenerator:\n- name: aws-auth\n  options: {disableNameSuffixHash: true}\n  files: "
	for _, seed := range []struct{ name, text string }{
		{"kustomization.yaml", generator + "[mapRoles=roles.yaml]\n"},
		{"kustomization.yaml", generator + "[mapRoles=../roles.yaml]\n"},
		{"kustomization.yaml", generator + "[mapRoles=sub/../../roles.yaml]\n"},
		{"kustomization.yaml", generator + "[mapRoles=link.yaml]\n"},
		{"kustomization.yaml", generator + "[mapRoles=/etc/hosts, mapUsers=.]\n"},
		{"kustomization.yaml", "patches:\n- path: ../map.yaml\n- path: link.yaml\npatchesStrategicMerge: [../map.yaml]\n"},
		{"kustomization.yaml", "resources: [aws-auth.yaml]\nreplacements:\n- targets:\n  - select: {name: aws-auth}\n    fieldPaths: [data.mapRoles]\n    options: {delimiter: ':', index: 5}\n"},
		{"main.tf", "resource \"kubernetes_config_map\" \"a\" {\n  metadata {\n    name = \"aws-auth\"\n  }\n  data = { mapRoles = file(\"roles.yaml\"), mapUsers = templatefile(\"main.tf\", {}) }\n}\n"},
		{"main.tf", "locals {\n  a = file(\"main.tf\")\n  b = local.a\n}\nresource \"helm_release\" \"aws-auth\" {\n  values = [file(\"${path.module}/roles.yaml\"), local.b]\n}\n"},
		{"tasks.yaml", "- kubernetes.core.k8s:\n    src: roles.yaml\n- k8s: {template: {path: tasks.yaml}}\n- k8s: {state: absent, src: .}\n"},
	} {
		f.Add(seed.name, seed.text)
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		if name != filepath.Base(name) || !filepath.IsLocal(name) || len(name) > 100 || strings.ContainsRune(name, 0) || name == "link.yaml" {
			t.Skip()
		}
		root := t.TempDir()
		inside := filepath.Join(root, "inside")
		if err := os.Mkdir(inside, 0o700); err != nil {
			t.Fatal(err)
		}
		outsiders(t, root, inside)
		for file, held := range map[string]string{"roles.yaml": "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n", name: text} {
			if err := os.WriteFile(filepath.Join(inside, file), []byte(held), 0o600); err != nil {
				t.Skip(err)
			}
		}
		for _, path := range []string{name, "roles.yaml"} {
			read, err := Input{Path: filepath.Join(inside, path)}.Load(nil)
			if err != nil {
				continue
			}
			if isKustomization(name) {
				checkInside(t, read, inside, text)
			}
			if len(read.Beside) > strings.Count(text, "\n")+len(text) {
				t.Errorf("%d files beside one of %d bytes", len(read.Beside), len(text))
			}
		}
	})
}

// checkInside fails for what a kustomization brought in from outside of its folder.
func checkInside(t *testing.T, read *File, inside, text string) {
	t.Helper()
	for _, beside := range read.Beside {
		if at, err := filepath.Rel(inside, beside); err != nil || !filepath.IsLocal(at) || filepath.Base(beside) == "link.yaml" {
			t.Errorf("it reads %s", beside)
		}
	}
	for _, d := range read.Documents {
		for key, value := range d.Data {
			if strings.Contains(value, outsider) && !strings.Contains(text, outsider) {
				t.Errorf("%s holds %q", key, value)
			}
		}
	}
}

// TestBeside_folder: what is no file is not read, or waited for.
func TestBeside_folder(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "roles.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	f := &File{folder: dir}
	for _, path := range []string{"roles.yaml", ".", "", "gone"} {
		if text, ok := f.besideFile(path); ok {
			t.Errorf("%q is read: %q", path, text)
		}
	}
}
