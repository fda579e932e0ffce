package report

import (
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

func TestSummary(t *testing.T) {
	const good, template, values = "mapRoles: '[]'\n", "mapRoles: |\n  {{- range .x }}\n", "mapRoles: '[]'\nmapUsers: '- userarn: ${x.y}'\n"
	for _, tt := range []struct {
		name   string
		files  []string
		unread int
		want   string
	}{
		{"nothing", nil, 0, "no aws-auth found in 0 files"},
		{"none", []string{"kind: Pod\n", "kind: Pod\n", "kind: Pod\n"}, 0, "no aws-auth found in 3 files"},
		{"broken", []string{"a: [\n"}, 0, "no aws-auth could be read in 1 file: 1 error, 0 warnings"},
		{"one", []string{good, "kind: Pod\n", template}, 0, "1 map in 3 files: 0 errors, 0 warnings; 1 template not checked"},
		{"two in one", []string{good + "---\n" + good}, 0, "2 maps in 1 file: 0 errors, 0 warnings"},
		{"all", []string{template, template, values}, 1, "1 map in 3 files: 2 errors, 0 warnings; 2 templates, 1 file and 1 part not checked"},
		{"template only", []string{template}, 0, "no aws-auth found in 1 file; 1 template not checked"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var files []*manifest.File
			for _, text := range tt.files {
				files = append(files, manifest.Read("x.yaml", text))
			}
			r := build(validate.Standard, files...)
			for range tt.unread {
				r.Notes = append(r.Notes, Note{File: "y", What: manifest.Unread})
			}
			if got := r.Summary(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
