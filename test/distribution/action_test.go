package distribution

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

type action struct {
	Name, Description string
	Branding          map[string]string
	Inputs            map[string]struct{ Description, Default string }
	Outputs           map[string]struct{ Description, Value string }
	Runs              struct {
		Using string
		Steps []struct {
			Name, ID, If, Uses, Shell, Run string
			With, Env                      map[string]string
		}
	}
}

// runner runs the scripts of the action as one of GitHub's does: inputs and outputs come as environment variables.
type runner struct {
	action action
	root   string
	// folder is the one that is checked, temp that of RUNNER_TEMP.
	folder, temp string
	// context holds values such as "github.action_ref", and what steps have put out.
	context map[string]string
	// env is added to that of the steps.
	env []string
}

func newRunner(t *testing.T) *runner {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs bash")
	}
	r := &runner{root: root(t), folder: folder(t), temp: t.TempDir(), context: map[string]string{"github.action_ref": "main"}}
	if err := yaml.UnmarshalStrict(read(t, "action.yml"), &r.action); err != nil {
		t.Fatal(err)
	}
	r.context["github.action_path"] = r.root
	r.context["runner.os"], r.context["runner.arch"] = "Linux", "X64"
	return r
}

var expression = regexp.MustCompile(`\$\{\{ ([a-z_.-]+) \}\}`)

// step runs a step by its name and keeps what it puts out.
func (r *runner) step(t *testing.T, name string, inputs map[string]string) (out string, code int) {
	t.Helper()
	output := filepath.Join(r.temp, "output")
	if err := os.WriteFile(output, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, s := range r.action.Runs.Steps {
		if s.Name != name {
			continue
		}
		if s.Shell != "bash" || strings.Contains(s.Run, "${{") {
			t.Errorf("step %q must run in bash and take nothing but environment variables", s.Name)
		}
		env := append([]string{"RUNNER_TEMP=" + r.temp, "GITHUB_OUTPUT=" + output}, r.env...)
		for variable, value := range s.Env {
			env = append(env, variable+"="+expression.ReplaceAllStringFunc(value, func(e string) string {
				name := expression.FindStringSubmatch(e)[1]
				input, known := r.action.Inputs[strings.TrimPrefix(name, "inputs.")]
				given, ok := inputs[strings.TrimPrefix(name, "inputs.")]
				switch value, inContext := r.context[name]; {
				case inContext:
					return value
				case !known:
					t.Errorf("step %q takes %s, which nothing gives", s.Name, name)
				case ok:
					return given
				}
				return input.Default
			}))
		}
		out, code = run(t, r.folder, env, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.Run)
		text, err := os.ReadFile(output)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			r.context["steps."+s.ID+".outputs."+name] = value
		}
		return out, code
	}
	t.Fatalf("the action has no step %q", name)
	return "", 0
}

func TestAction(t *testing.T) {
	r := newRunner(t)
	a := r.action
	if a.Runs.Using != "composite" || a.Name == "" || a.Description == "" {
		t.Fatalf("no composite action: %+v", a)
	}
	if out, code := r.step(t, "Choose the release", nil); code != 0 || r.context["steps.release.outputs.version"] != "" {
		t.Fatalf("exit code %d, %v\n%s", code, r.context, out)
	}
	if out, code := r.step(t, "Build it", nil); code != 0 {
		t.Fatalf("building: exit code %d\n%s", code, out)
	}
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(policy, []byte("apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\nrules: {role-path: {action: \"off\"}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		inputs map[string]string
		code   int
		says   string
		// counts are the outputs maps, errors and warnings.
		counts string
	}{
		{"by default", nil, 1, "::error file=bad aws-auth.yaml,line=2,", "2 1 0"},
		{"a good file", map[string]string{"paths": "good-aws-auth.yaml", "format": "text"}, 0, "0 errors", "1 0 0"},
		{"several", map[string]string{"paths": "good-aws-auth.yaml\nbad aws-auth.yaml\n", "format": "text"}, 1, "2 maps in 2 files", "2 1 0"},
		{"a file without a map", map[string]string{"paths": "other.yaml"}, 3, "no aws-auth found in 1 file", ""},
		{"a folder without a map", map[string]string{"paths": "empty"}, 0, "", "0 0 0"},
		{"the profile", map[string]string{"profile": "audit"}, 0, "::warning ", "2 0 1"},
		{"the policy", map[string]string{"policy": policy, "format": "text"}, 0, "0 errors", "2 0 0"},
		{"no policy there", map[string]string{"policy": "gone.yaml"}, 3, "gone.yaml", ""},
		{"the level", map[string]string{"profile": "audit", "fail-on": "warning"}, 1, "::warning ", "2 0 1"},
		{"no option by a name", map[string]string{"paths": "--help"}, 3, "--help: no such file", ""},
		{"nothing", map[string]string{"paths": "$(touch gone)"}, 3, "$(touch gone): no such file", ""},
		{"a wrong format", map[string]string{"format": "pdf"}, 2, "pdf", "2 1 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for name := range a.Outputs {
				delete(r.context, "steps.check.outputs."+name)
			}
			out, code := r.step(t, "Check aws-auth", tt.inputs)
			if code != tt.code || !strings.Contains(out, tt.says) {
				t.Errorf("exit code %d, want %d, and %q in\n%s", code, tt.code, tt.says, out)
			}
			var counts []string
			for _, name := range []string{"maps", "errors", "warnings"} {
				value := expression.FindStringSubmatch(a.Outputs[name].Value)
				if value == nil {
					t.Fatalf("the output %s is %q", name, a.Outputs[name].Value)
				}
				counts = append(counts, r.context[value[1]])
			}
			if got := strings.TrimSpace(strings.Join(counts, " ")); got != tt.counts && (tt.counts != "" || !slices.Contains([]string{"", "0 0 0"}, got)) {
				t.Errorf("put out %q, want %q", got, tt.counts)
			}
		})
	}
	for _, format := range []string{"github", "text", "json", "sarif", "junit", "markdown", "html"} {
		t.Run(format, func(t *testing.T) {
			if !strings.Contains(a.Inputs["format"].Description, format) {
				t.Error("the input's description does not name it")
			}
			if out, code := r.step(t, "Check aws-auth", map[string]string{"format": format, "report": "out"}); code != 1 || out != "" {
				t.Errorf("exit code %d\n%s", code, out)
			}
			if text, err := os.ReadFile(filepath.Join(r.folder, "out")); err != nil || !bytes.Contains(text, []byte("role-path")) {
				t.Errorf("%v\n%s", err, text)
			}
		})
	}
}

// TestActionDownloads lets the real curl and tar take a release from a server that stands where GitHub is.
func TestActionDownloads(t *testing.T) {
	r := newRunner(t)
	for _, tool := range []string{"curl", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	files := map[string][]byte{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if text, ok := files[request.URL.Path]; ok {
			_, _ = w.Write(text)
			return
		}
		http.NotFound(w, request)
	}))
	t.Cleanup(server.Close)
	home := t.TempDir()
	curlrc := fmt.Sprintf("connect-to = \"github.com:443:%s\"\ninsecure\nnoproxy = \"*\"\n", server.Listener.Addr())
	if err := os.WriteFile(filepath.Join(home, ".curlrc"), []byte(curlrc), 0o644); err != nil {
		t.Fatal(err)
	}
	r.env = []string{"CURL_HOME=" + home}
	made := t.TempDir()
	if err := os.WriteFile(filepath.Join(made, "kubectl-aws_auth"), []byte("#!/bin/sh\necho downloaded\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, code := run(t, made, nil, "tar", "-czf", "a.tar.gz", "kubectl-aws_auth"); code != 0 {
		t.Fatal(out)
	}
	archive, err := os.ReadFile(filepath.Join(made, "a.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	const releases = "/aws-auth-guard/aws-auth-guard/releases/download/"
	sums := func(text []byte, name string) []byte { return fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(text), name) }
	for _, architecture := range []string{"amd64", "arm64"} {
		files[releases+"v1.2.3/kubectl-aws_auth_v1.2.3_linux_"+architecture+".tar.gz"] = archive
	}
	files[releases+"v1.2.3/checksums.txt"] = slices.Concat(sums(archive, "kubectl-aws_auth_v1.2.3_linux_amd64.tar.gz"), sums(nil, "kubectl-aws_auth_v1.2.3_linux_arm64.tar.gz"))
	for _, tt := range []struct {
		name             string
		ref, version     string
		system, machine  string
		chosen, download int
		says             string
	}{
		{name: "the version", ref: "main", version: "v1.2.3", system: "Linux", machine: "X64"},
		{name: "the action's tag", ref: "v1.2.3", system: "Linux", machine: "X64"},
		{name: "another sum", ref: "v1.2.3", system: "Linux", machine: "ARM64", download: 1, says: "does not have the checksum"},
		{name: "no such release", version: "v9.9.9", system: "Linux", machine: "X64", download: 22, says: "404"},
		{name: "no such machine", version: "v1.2.3", system: "Linux", machine: "ARM", download: 2, says: "no release for Linux on ARM"},
		{name: "no version", version: "v1/../../../x", chosen: 2, says: "not a release"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.context["github.action_ref"], r.context["runner.os"], r.context["runner.arch"] = tt.ref, tt.system, tt.machine
			if err := os.RemoveAll(filepath.Join(r.temp, "aws-auth-guard")); err != nil {
				t.Fatal(err)
			}
			out, code := r.step(t, "Choose the release", map[string]string{"version": tt.version})
			if code != tt.chosen {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			if code == 0 {
				if out, code = r.step(t, "Download the release", nil); code != tt.download {
					t.Errorf("exit code %d, want %d\n%s", code, tt.download, out)
				}
			}
			if !strings.Contains(out, tt.says) {
				t.Errorf("%q is not in\n%s", tt.says, out)
			}
			got, code := "", 1
			program := filepath.Join(r.temp, "aws-auth-guard", "kubectl-aws_auth")
			if _, err := os.Stat(program); err == nil {
				got, code = run(t, r.folder, nil, program)
			}
			if wanted := tt.says == ""; (code == 0 && got == "downloaded\n") != wanted {
				t.Errorf("the program is there and runs: %v, wanted %v", !wanted, wanted)
			}
		})
	}
}
