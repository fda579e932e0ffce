package distribution

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"sigs.k8s.io/yaml"
)

// root of the repository.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const (
	bad  = "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/team/dev\n    username: dev\n"
	good = "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/dev\n    username: dev\n"
)

// folder holds a good and a bad map, the latter under a name with a blank, and what holds none.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"good-aws-auth.yaml": good, "bad aws-auth.yaml": bad, "other.yaml": "kind: Pod\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run runs a command in a folder and returns what it wrote and its exit code.
func run(t *testing.T, dir string, env []string, name string, args ...string) (output string, code int) {
	t.Helper()
	c := exec.Command(name, args...)
	c.Dir, c.Env = dir, append(os.Environ(), env...)
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), c.ProcessState.ExitCode()
}

// TestHooks installs the hooks as pre-commit does for Go, and runs them on a good and on a bad file.
func TestHooks(t *testing.T) {
	var hooks []struct {
		ID, Name, Description, Language, Entry, Files string
		TypesOr                                       []string `json:"types_or"`
		RequireSerial                                 bool     `json:"require_serial"`
		Minimum                                       string   `json:"minimum_pre_commit_version"`
		Args                                          []string
	}
	if err := yaml.UnmarshalStrict(read(t, ".pre-commit-hooks.yaml"), &hooks); err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	dir := folder(t)
	want := map[string]string{"aws-auth-lint": "[role-path]", "aws-auth-fix": "fixed"}
	for _, h := range hooks {
		words := append(strings.Fields(h.Entry), h.Args...)
		if h.Language != "golang" || h.Name == "" || want[h.ID] == "" || !slices.Equal(h.TypesOr, []string{"yaml", "json"}) {
			t.Fatalf("the hook %+v", h)
		}
		files := regexp.MustCompile(h.Files)
		for name, matches := range map[string]bool{"aws-auth.yaml": true, "kube/awsAuth.yml": true, "a/AWS_AUTH.json": true, "deployment.yaml": false} {
			if files.MatchString(name) != matches {
				t.Errorf("%s: matching %s is not %v", h.ID, name, matches)
			}
		}
		if out, code := run(t, root(t), []string{"GOBIN=" + bin}, "go", "install", "./cmd/"+words[0]); code != 0 {
			t.Fatalf("%s: %s", h.ID, out)
		}
		command := filepath.Join(bin, words[0])
		if out, code := run(t, dir, nil, command, append(words[1:], "good-aws-auth.yaml")...); code != 0 {
			t.Errorf("%s, good file: exit code %d\n%s", h.ID, code, out)
		}
		if out, code := run(t, dir, nil, command, append(words[1:], "other.yaml")...); code != 3 || !strings.Contains(out, "no aws-auth found") {
			t.Errorf("%s, a file without a map: exit code %d\n%s", h.ID, code, out)
		}
		out, code := run(t, dir, nil, command, append(words[1:], "bad aws-auth.yaml")...)
		if !strings.Contains(out, want[h.ID]) || h.ID == "aws-auth-lint" && code != 1 {
			t.Errorf("%s, bad file: exit code %d\n%s", h.ID, code, out)
		}
	}
	// A file can't choose the policy that it is checked by.
	for name, text := range map[string]string{"--policy=x-aws-auth.yaml": bad, "x-aws-auth.yaml": "apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\n" +
		"rules: {role-path: {action: \"off\"}}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	words := append(strings.Fields(hooks[0].Entry), hooks[0].Args...)
	command := filepath.Join(bin, words[0])
	if out, code := run(t, dir, nil, command, append(words[1:], "--policy=x-aws-auth.yaml")...); code != 1 || !strings.Contains(out, "[role-path]") {
		t.Errorf("a file that is called like an option: exit code %d\n%s", code, out)
	}
	if out, code := run(t, dir, nil, command, words[1], "--policy=x-aws-auth.yaml", "good-aws-auth.yaml"); code != 2 {
		t.Errorf("a file that is called like an option, and no --: exit code %d\n%s", code, out)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "bad aws-auth.yaml")); err != nil || string(text) != good {
		t.Errorf("after the repair: %v\n%s", err, text)
	}
}

// TestKrew renders the manifest as krew-release-bot does and checks it by krew's rules.
func TestKrew(t *testing.T) {
	const tag, sum = "v1.2.3", "a0123456789012345678901234567890123456789012345678901234567890ff"
	// The bot renders the address too, and writes two lines that stand four deep.
	uriAndSum := func(address, tag string) (string, error) {
		var b strings.Builder
		err := template.Must(template.New("").Parse(address)).Execute(&b, map[string]string{"TagName": tag})
		return "uri: " + b.String() + "\n    sha256: " + sum, err
	}
	manifest, err := template.New(".krew.yaml").Funcs(template.FuncMap{"addURIAndSha": uriAndSum}).Parse(string(read(t, ".krew.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := manifest.Execute(&text, map[string]string{"TagName": tag}); err != nil {
		t.Fatal(err)
	}
	var plugin struct {
		APIVersion, Kind string
		Metadata         struct{ Name string }
		Spec             struct {
			Version, ShortDescription, Description, Caveats, Homepage string
			Platforms                                                 []struct {
				URI, SHA256, Bin string
				Selector         struct{ MatchLabels map[string]string }
			}
		}
	}
	if err := yaml.UnmarshalStrict(text.Bytes(), &plugin); err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	spec := plugin.Spec
	switch {
	case plugin.APIVersion != "krew.googlecontainertools.github.com/v1alpha2" || plugin.Kind != "Plugin":
		t.Errorf("%s %s is no plugin", plugin.APIVersion, plugin.Kind)
	case !regexp.MustCompile(`^[a-z][a-z0-9-]*$`).MatchString(plugin.Metadata.Name) || plugin.Metadata.Name == "aws-auth":
		t.Errorf("the name %q is not allowed in the index, or taken", plugin.Metadata.Name)
	case spec.Version != tag || spec.Homepage == "" || spec.Description == "":
		t.Errorf("the specification %+v", spec)
	// The index asks for a short description of 50 characters at most, without a period.
	case spec.ShortDescription == "" || len(spec.ShortDescription) > 50 || strings.HasSuffix(spec.ShortDescription, "."):
		t.Errorf("the short description %q", spec.ShortDescription)
	}
	seen := map[string]bool{}
	for _, p := range spec.Platforms {
		labels := p.Selector.MatchLabels
		platform := labels["os"] + "_" + labels["arch"]
		want := "https://github.com/aws-auth-guard/aws-auth-guard/releases/download/v1.2.3/kubectl-aws_auth_v1.2.3_" + platform + ".tar.gz"
		if seen[platform] || p.URI != want || p.SHA256 != sum || strings.TrimSuffix(p.Bin, ".exe") != "kubectl-aws_auth" || strings.HasSuffix(p.Bin, ".exe") != (labels["os"] == "windows") {
			t.Errorf("the platform %+v, want the address %s", p, want)
		}
		seen[platform] = true
	}
	if len(seen) != 5 {
		t.Errorf("%d platforms", len(seen))
	}
}

// TestSnippetsTrustNoChange: what runs in CI heeds no policy and no comment that a pull request brings.
func TestSnippetsTrustNoChange(t *testing.T) {
	for _, name := range []string{"action.yml", ".pre-commit-hooks.yaml"} {
		runs := 0
		for line := range strings.Lines(string(read(t, name))) {
			if strings.Contains(line, "kubectl-aws_auth\" lint") && !strings.Contains(line, "lint \"${flags[@]}\"") {
				t.Errorf("%s: %s", name, line)
			}
			if !strings.Contains(line, "entry:") && !strings.Contains(line, "flags=(") {
				continue
			}
			runs++
			if !strings.Contains(line, "--no-config --no-ignores") {
				t.Errorf("%s: %s", name, line)
			}
		}
		if runs == 0 {
			t.Errorf("%s runs nothing", name)
		}
	}
}
