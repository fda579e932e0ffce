package manifest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBeside reads files that another one refers to.
func TestBeside(t *testing.T) {
	const (
		kustomize = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
		patch     = "kind: ConfigMap\nmetadata: {name: aws-auth}\ndata: {mapRoles: MARK}\napiVersion: v1\n"
		generator = kustomize + "configMapGenerator:\n- name: aws-auth\n  options: {disableNameSuffixHash: true}\n"
		resource  = "resource \"kubernetes_config_map\" \"a\" {\n" + metadataBlock + "  data = { mapRoles = yamlencode(local.roles) }\n}\n"
		locals    = "locals {\n  roles = [{ rolearn = local.arn }]\n  arn = \"MARK\"\n  more = [{ rolearn = \"x\" }]\n}\n"
		inFile    = "resource \"kubernetes_config_map\" \"a\" {\n" + metadataBlock + "  data = { mapRoles = file(\"${path.module}/r.yaml\"), mapUsers = file(\"gone.yaml\") }\n}\n"
		whole     = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {mapRoles: x}\n"
	)
	task := func(parameters string) string { return "- kubernetes.core.k8s:\n    " + parameters + "\n" }
	for _, tt := range []struct {
		name  string
		files map[string]string
		read  string
		// data is that of all documents, beside what is to be read as well.
		data, beside, problems string
		notes                  []string
		elsewhere              string
	}{
		{name: "a patch takes the namespace of what it patches", files: map[string]string{"kustomization.yaml": kustomize + "patches:\n- path: p/a.yaml\n", "p/a.yaml": patch}, read: "p/a.yaml", data: "mapRoles=MARK"},
		{name: "a patch by a target", files: map[string]string{"kustomization.yaml": kustomize + "patches:\n- path: p.json\n  target: {name: aws-auth}\n", "p.json": `[{"op":"remove","path":"/data"}]`}, read: "p.json"},
		{name: "a patch in an old list", files: map[string]string{"kustomization.yml": kustomize + "patchesStrategicMerge: [p.yaml]\n", "p.yaml": patch}, read: "p.yaml", data: "mapRoles=MARK"},
		{name: "a patch that nobody names", files: map[string]string{"kustomization.yaml": kustomize, "p/a.yaml": patch}, read: "p/a.yaml", data: "mapRoles=MARK", problems: `2:18 manifest-shape "aws-auth"`},
		{name: "the files of patches", files: map[string]string{"kustomization.yaml": kustomize + "patches:\n- path: a.yaml\n- path: other.yaml\n- path: gone.yaml\npatchesStrategicMerge: [b.yaml]\n", "a.yaml": patch, "b.yaml": patch, "other.yaml": "kind: Pod\n"},
			read: "kustomization.yaml", beside: "a.yaml,b.yaml"},
		{name: "the files of a generator", files: map[string]string{"kustomization.yaml": generator + "  files: [mapRoles=r.txt, mapUsers, roles.yaml, README, gone]\n  envs: [a.env]\n", "r.txt": "x", "mapUsers": "x", "roles.yaml": "- rolearn: x\n", "README": "x", "a.env": "x"},
			read: "kustomization.yaml", beside: "r.txt,mapUsers,a.env", problems: `6:37 manifest-shape "roles.yaml"`, notes: []string{"gone, which can't be read here"}},
		{name: "a file of a generator", files: map[string]string{"kustomization.yaml": generator + "  files: [mapRoles=r.txt]\n", "r.txt": "- rolearn: MARK\n"}, read: "r.txt", data: "mapRoles=- rolearn: MARK\n"},
		{name: "a file that is empty YAML", files: map[string]string{"kustomization.yaml": generator + "  files: [mapUsers]\n", "mapUsers": "userarn"}, read: "mapUsers", data: "mapUsers=userarn"},
		{name: "an env file", files: map[string]string{"kustomization.yaml": generator + "  envs: [a.env]\n", "a.env": "# mapRoles=x\nA=b\n  mapRoles=[MARK]\r\n"}, read: "a.env", data: "mapRoles=[MARK]"},
		{name: "a generator with a hash", files: map[string]string{"kustomization.yaml": kustomize + "configMapGenerator:\n- name: aws-auth\n  literals: [mapRoles=MARK]\n"}, read: "kustomization.yaml", data: "mapRoles=MARK", problems: `4:9 manifest-shape "aws-auth"`},
		{name: "a namespace from the kustomization", files: map[string]string{"kustomization.yaml": kustomize + "namespace: kube-system\nresources: [a.yaml]\n", "a.yaml": "kind: ConfigMap\nmetadata: {name: aws-auth, namespace: other}\ndata: {mapRoles: MARK}\napiVersion: v1\n"}, read: "a.yaml", data: "mapRoles=MARK"},
		{name: "another namespace from the kustomization", files: map[string]string{"kustomization.yaml": kustomize + "namespace: other\nresources: [a.yaml]\n", "a.yaml": "kind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {mapRoles: MARK}\napiVersion: v1\n"}, read: "a.yaml", data: "mapRoles=MARK",
			problems: `2:39 manifest-shape "kube-system"`},
		{name: "another name from the kustomization", files: map[string]string{"kustomization.yaml": kustomize + "namePrefix: x-\nresources: [a.yaml]\n", "a.yaml": "kind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {mapRoles: MARK}\napiVersion: v1\n"}, read: "a.yaml", data: "mapRoles=MARK",
			problems: `2:18 manifest-shape "aws-auth"`},
		{name: "a namespace from the kustomization around", files: map[string]string{"kustomization.yaml": kustomize + "namespace: kube-system\nresources: [b]\n", "b/kustomization.yaml": kustomize + "resources: [a.yaml]\n", "b/a.yaml": "kind: ConfigMap\nmetadata: {name: aws-auth}\ndata: {mapRoles: MARK}\napiVersion: v1\n"}, read: "b/a.yaml", data: "mapRoles=MARK"},
		{name: "another name from the kustomization around", files: map[string]string{"kustomization.yaml": kustomize + "nameSuffix: -x\nresources: [b]\n", "b/kustomization.yaml": kustomize + "resources: [a.yaml]\n", "b/a.yaml": "kind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {mapRoles: MARK}\napiVersion: v1\n"}, read: "b/a.yaml", data: "mapRoles=MARK",
			problems: `2:18 manifest-shape "aws-auth"`},
		{name: "a kustomization around that names another folder", files: map[string]string{"kustomization.yaml": kustomize + "namespace: other\nresources: [c]\n", "b/kustomization.yaml": kustomize + "resources: [a.yaml]\n", "b/a.yaml": "kind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {mapRoles: MARK}\napiVersion: v1\n"}, read: "b/a.yaml", data: "mapRoles=MARK"},
		{name: "locals of another file", files: map[string]string{"main.tf": resource, "locals.tf": locals}, read: "main.tf", data: "mapRoles=[{\"rolearn\":\"MARK\"}]\n", elsewhere: "locals.tf:3:"},
		{name: "locals that another file reads", files: map[string]string{"main.tf": resource, "locals.tf": locals}, read: "locals.tf", notes: []string{"rolearn in Terraform source"}},
		{name: "a file of a resource", files: map[string]string{"main.tf": inFile, "r.yaml": "- rolearn: x\n  username: x\n", "m.yaml": "kind: ConfigMap\nmetadata: {name: aws-auth}\n"}, read: "main.tf", beside: "r.yaml",
			notes: []string{"depends on file(…)"}},
		{name: "a file of a resource that nobody has", files: map[string]string{"main.tf": inFile}, read: "main.tf", notes: []string{"depends on file(…), path.module"}},
		{name: "a file of the folder around", files: map[string]string{"m/main.tf": strings.ReplaceAll(inFile, "/r.yaml", "/../r.yaml"), "r.yaml": "- rolearn: x\n  username: x\n"}, read: "m/main.tf", beside: "r.yaml",
			notes: []string{"depends on file(…)"}},
		{name: "a file farther up", files: map[string]string{"a/m/main.tf": strings.ReplaceAll(inFile, "/r.yaml", "/../../r.yaml"), "r.yaml": "- rolearn: x\n  username: x\n"}, read: "a/m/main.tf",
			notes: []string{"depends on file(…), path.module"}},
		{name: "a file farther up in the repository", files: map[string]string{".git/HEAD": "x", "a/m/main.tf": strings.ReplaceAll(inFile, "/r.yaml", "/../../r.yaml"), "r.yaml": "- rolearn: x\n  username: x\n"}, read: "a/m/main.tf", beside: "r.yaml",
			notes: []string{"depends on file(…)"}},
		{name: "a file outside of the repository", files: map[string]string{"m/.git": "gitdir: x", "m/main.tf": strings.ReplaceAll(inFile, "/r.yaml", "/../r.yaml"), "r.yaml": "- rolearn: x\n  username: x\n"}, read: "m/main.tf",
			notes: []string{"depends on file(…), path.module"}},
		{name: "a task's file outside of the repository", files: map[string]string{"m/.git": "gitdir: x", "m/main.yml": task("src: ../aws-auth.yml"), "aws-auth.yml": whole}, read: "m/main.yml",
			notes: []string{"../aws-auth.yml, which can't be read here"}},
		{name: "files with values", files: map[string]string{"main.tf": "resource \"helm_release\" \"aws-auth\" {\n  values = [file(\"v.yaml\"), file(\"gone.yaml\")]\n}\n", "v.yaml": "x:\n  mapRoles:\n  - rolearn: x\n"},
			read: "main.tf", beside: "v.yaml", notes: []string{"depends on file(…)"}},
		{name: "the files of tasks", files: map[string]string{"tasks/main.yml": task("src: a.yml") + task("template: {path: b.j2}") + task("src: aws-auth.yml") + task("src: other.yml"),
			"files/a.yml": patch, "tasks/b.j2": patch}, read: "tasks/main.yml", beside: "files/a.yml,tasks/b.j2", notes: []string{"aws-auth.yml, which can't be read here"}},
		{name: "a task that deletes what a file has", files: map[string]string{"main.yml": "- k8s: {state: absent, src: a.yml}\n", "files/a.yml": whole}, read: "main.yml"},
		{name: "locals that nobody reads", files: map[string]string{"locals.tf": locals}, read: "locals.tf", notes: []string{"rolearn in Terraform source", "rolearn in Terraform source"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range tt.files {
				path := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			f, err := Input{Path: filepath.Join(dir, tt.read)}.Load(nil)
			if err != nil {
				t.Fatal(err)
			}
			var data, beside []string
			for _, d := range f.Documents {
				for _, key := range []string{"mapRoles", "mapUsers"} {
					if text, ok := d.Data[key]; ok {
						data = append(data, key+"="+text)
						at := strings.Index(text, "MARK")
						if got := d.Elsewhere(key, Span{Start: max(0, at), End: max(0, at) + 4}); !strings.HasPrefix(got, tt.elsewhere) || got != "" && tt.elsewhere == "" {
							t.Errorf("elsewhere %q, want %q", got, tt.elsewhere)
						}
					}
				}
			}
			for _, path := range f.Beside {
				rel, _ := filepath.Rel(dir, path)
				beside = append(beside, rel)
			}
			if got := strings.Join(data, "|"); got != tt.data {
				t.Errorf("data %q, want %q", got, tt.data)
			}
			if got := strings.Join(beside, ","); got != tt.beside {
				t.Errorf("beside %s, want %s", got, tt.beside)
			}
			if got := problems(f); got != tt.problems {
				t.Errorf("problems %s, want %s", got, tt.problems)
			}
			checkNotes(t, f, tt.notes)
			// What is edited is read as before.
			if _, err := f.Apply(nil, nil); err != nil {
				t.Errorf("read again: %v", err)
			}
		})
	}
}

// TestInReach: no link leads out of the repository.
func TestInReach(t *testing.T) {
	dir := t.TempDir()
	repository := filepath.Join(dir, "repository")
	if err := os.MkdirAll(filepath.Join(repository, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "outside"), filepath.Join(repository, "inside")} {
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"out": "../outside", "in": "inside", "away": filepath.Join(dir, "outside"), "gone": "nowhere"} {
		if err := os.Symlink(target, filepath.Join(repository, name)); err != nil {
			t.Skip(err)
		}
	}
	for name, want := range map[string]bool{"inside": true, "in": true, "out": false, "away": false, "gone": false, ".git": false, "../outside": false} {
		if got := inReach(repository, filepath.Join(repository, name)); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
