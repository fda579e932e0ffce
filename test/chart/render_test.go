package chart

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLintRender checks a chart with `lint --render` as each Helm renders it, and wants Helm to be run only then.
func TestLintRender(t *testing.T) {
	dir := t.TempDir()
	plugin := filepath.Join(dir, "kubectl-aws_auth")
	compile(t, "../..", plugin, "./cmd/kubectl-aws_auth")
	for name, text := range map[string]string{
		"chart/Chart.yaml":  "apiVersion: v2\nname: access\nversion: 1.0.0\n",
		"chart/values.yaml": "role: eu/build\n",
		"chart/prod.yaml":   "role: build\n",
		"chart/templates/auth.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: {{ .Release.Namespace }}\ndata:\n  mapRoles: |\n" +
			"    - rolearn: arn:aws:iam::111122223333:role/{{ .Values.role }}\n      username: build\n",
		"chart/charts/sub/Chart.yaml":          "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
		"chart/charts/sub/templates/auth.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n",
		"list/Chart.yaml":                      "apiVersion: v2\nname: list\nversion: 1.0.0\n",
		"list/values.yaml":                     "mapRoles:\n- rolearn: arn:aws:iam::111122223333:role/eu/build\n  username: build\n",
		"list/templates/auth.yaml":             "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n{{ toYaml .Values.mapRoles | indent 4 }}\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, helm := range []string{"helm.sh/helm/v3/cmd/helm", "helm.sh/helm/v4/cmd/helm"} {
		t.Run(helm, func(t *testing.T) {
			bin := t.TempDir()
			compile(t, ".", filepath.Join(bin, "helm"), helm)
			for _, tt := range []struct {
				name string
				args []string
				code int
				says []string
			}{
				{"not rendered", []string{"lint", "chart"}, 0, []string{"chart/templates/auth.yaml:5:14: note: a Helm or Go template, not checked"}},
				{"rendered", []string{"lint", "--render", "chart", "--namespace", "kube-system"}, 1,
					[]string{"chart/templates/auth.yaml (rendered):8:16: error: this role ARN has the path eu/", "Helm renders this; change the template or the values", "1 map in "}},
				{"other values", []string{"lint", "--render", "chart", "--namespace", "kube-system", "--values", "chart/prod.yaml"}, 0, []string{"1 map in ", "0 errors, 0 warnings\n"}},
				{"another namespace", []string{"lint", "--render", "chart"}, 1, []string{`EKS reads aws-auth only in the namespace kube-system, never in "default"`}},
				{"a fault of the values", []string{"lint", "--render", "list", "--namespace", "kube-system"}, 1,
					[]string{"list/values.yaml:2:12: error: this role ARN has the path eu/", "2 maps in ", ": 1 error, 0 warnings\n"}},
				{"values that are not there", []string{"lint", "--render", "chart", "--values", "gone.yaml"}, 3, []string{"helm template chart: exit status 1: ", "gone.yaml"}},
				{"no chart", []string{"lint", "--render", "chart/templates"}, 2, []string{"a chart is a folder with Chart.yaml"}},
			} {
				c := exec.Command(plugin, tt.args...)
				c.Dir, c.Env = dir, append(os.Environ(), "PATH="+bin)
				out, _ := c.CombinedOutput()
				if c.ProcessState.ExitCode() != tt.code {
					t.Errorf("%s: exit code %d, want %d", tt.name, c.ProcessState.ExitCode(), tt.code)
				}
				for _, want := range tt.says {
					if !strings.Contains(string(out), want) {
						t.Errorf("%s: no %q in\n%s", tt.name, want, out)
					}
				}
			}
		})
	}
}

// compile builds a program from a folder of a module.
func compile(t *testing.T, dir, to, program string) {
	t.Helper()
	c := exec.Command("go", "build", "-o", to, program)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
}
