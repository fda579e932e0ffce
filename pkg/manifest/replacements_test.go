package manifest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReplacements: what kustomize puts into a part of the map is a note that says from where, and the rest is read.
func TestReplacements(t *testing.T) {
	const (
		head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n"
		one  = "    - rolearn: arn:aws:iam::ACCOUNT_ID:role/dev\n      username: dev\n"
	)
	replace := func(select_, options string) string {
		return "resources: [aws-auth.yaml]\nreplacements:\n- source: {kind: ConfigMap, name: account, fieldPath: data.id}\n  targets:\n  - select: " + select_ +
			"\n    fieldPaths: [data.mapRoles]\n" + options
	}
	for name, tt := range map[string]struct {
		kustomization string
		note          string
	}{
		"a part":           {replace("{kind: ConfigMap, name: aws-auth}", "    options: {delimiter: ':', index: 5}\n"), "ACCOUNT_ID (kustomize replaces it by data.id of ConfigMap account)"},
		"by kind alone":    {replace("{kind: ConfigMap}", "    options: {delimiter: ':', index: 5}\n"), "ACCOUNT_ID (kustomize replaces it by data.id of ConfigMap account)"},
		"all of it":        {replace("{name: aws-auth}", ""), "(kustomize replaces it by data.id of ConfigMap account)"},
		"another object":   {replace("{kind: ConfigMap, name: other}", "    options: {delimiter: ':', index: 5}\n"), ""},
		"no such part":     {replace("{name: aws-auth}", "    options: {delimiter: ':', index: 50}\n"), ""},
		"no part, at all":  {replace("{name: aws-auth}", "    options: {delimiter: ':', index: x}\n"), ""},
		"a negative index": {replace("{name: aws-auth}", "    options: {delimiter: ':', index: -1}\n"), ""},
		"none":             {"resources: [aws-auth.yaml]\n", ""},
		"of other shapes":  {"resources: [aws-auth.yaml]\nreplacements: {a: [b]}\n", ""},
		"of no shape":      {"resources: [aws-auth.yaml]\nreplacements: [7, {targets: [8, {select: 9, fieldPaths: {a: b}}]}]\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range map[string]string{"kustomization.yaml": tt.kustomization, "aws-auth.yaml": head + one} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			f, err := Input{Path: filepath.Join(dir, "aws-auth.yaml")}.Load(nil)
			if err != nil || len(f.Documents) != 1 {
				t.Fatalf("%v, %+v", err, f)
			}
			said := ""
			for _, n := range f.Notes {
				said += n.Message
			}
			if tt.note == "" && said != "" || !strings.Contains(said, tt.note) {
				t.Errorf("%q, want %q", said, tt.note)
			}
			d := f.Documents[0]
			if got := d.Unrendered("arn:aws:iam::ACCOUNT_ID:role/dev"); got {
				t.Error("the same text elsewhere counts as filled in")
			}
			if masked := !strings.Contains(d.Readable()["mapRoles"], "ACCOUNT_ID"); masked != (tt.note != "") {
				t.Errorf("readable as %q", d.Readable()["mapRoles"])
			}
		})
	}
}
