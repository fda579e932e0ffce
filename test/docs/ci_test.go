package docs

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const (
	badMap  = "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/team/dev\n    username: dev\n"
	goodMap = "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/dev\n    username: dev\n"
	badPlan = `{"format_version":"1.2","terraform_version":"1.9.8","planned_values":{"root_module":{}},"resource_changes":[` +
		`{"address":"kubernetes_config_map.aws_auth","mode":"managed","type":"kubernetes_config_map","name":"aws_auth","change":{"actions":["delete"],` +
		`"after":null,"before":{"metadata":[{"name":"aws-auth","namespace":"kube-system"}],"data":{"mapRoles":"- rolearn: arn:aws:iam::111122223333:role/build\n  username: build\n"}}}}]}`
	goodPlan = `{"format_version":"1.2","terraform_version":"1.9.8","planned_values":{"root_module":{}},"resource_changes":[]}`
)

// TestCISnippets runs the commands of each snippet, but for those that install, on a good and on a bad map.
func TestCISnippets(t *testing.T) {
	snippets := blocks(t, "docs/ci.md", "snippet")
	program := filepath.Join(t.TempDir(), "kubectl-aws_auth")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/kubectl-aws_auth").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, tt := range []struct {
		name string
		// commands finds what the runner would give to a shell.
		commands func(t *testing.T, snippet string) []string
		report   string
	}{
		{"gitlab", func(t *testing.T, snippet string) []string {
			var file map[string]struct {
				Script    []string
				Artifacts struct {
					When    string
					Reports map[string]string
				}
			}
			parse(t, snippet, &file)
			if job := file["aws-auth"]; job.Artifacts.When != "always" || job.Artifacts.Reports["junit"] != "aws-auth.xml" {
				t.Errorf("the report is lost where the job fails: %+v", job)
			}
			return file["aws-auth"].Script
		}, "aws-auth.xml"},
		{"jenkins", func(t *testing.T, snippet string) []string {
			var commands []string
			for _, m := range regexp.MustCompile(`(?m)^ *sh '(.*)'$`).FindAllStringSubmatch(snippet, -1) {
				commands = append(commands, m[1])
			}
			if strings.Count(snippet, "{") != strings.Count(snippet, "}") || !strings.Contains(snippet, "always { junit 'aws-auth.xml' }") {
				t.Error("braces, or the report")
			}
			return commands
		}, "aws-auth.xml"},
		{"atlantis", func(t *testing.T, snippet string) []string {
			var file struct {
				Repos     []struct{ Workflow string }
				Workflows map[string]struct {
					Plan struct{ Steps []any }
				}
			}
			parse(t, snippet, &file)
			var commands []string
			for _, step := range file.Workflows[file.Repos[0].Workflow].Plan.Steps {
				if run, ok := step.(map[string]any); ok {
					commands = append(commands, run["run"].(string))
				}
			}
			return commands
		}, ""},
	} {
		for _, bad := range []bool{false, true} {
			t.Run(tt.name+map[bool]string{false: ", good", true: ", bad"}[bad], func(t *testing.T) {
				folder := t.TempDir()
				text, plan := goodMap, goodPlan
				if bad {
					text, plan = badMap, badPlan
				}
				write(t, filepath.Join(folder, "manifests", "aws-auth.yaml"), text, 0o644)
				write(t, filepath.Join(folder, "plan"), plan, 0o644)
				// Terraform is not here: what it would show of the plan is.
				write(t, filepath.Join(folder, ".bin", "terraform"), "#!/bin/sh\ncat \"$3\"\n", 0o755)
				if err := os.Symlink(program, filepath.Join(folder, ".bin", "kubectl-aws_auth")); err != nil {
					t.Fatal(err)
				}
				ran, code := 0, 0
				for _, command := range tt.commands(t, snippets[tt.name]) {
					if strings.HasPrefix(command, "go install github.com/aws-auth-guard/aws-auth-guard/cmd/kubectl-aws_auth@") {
						continue
					}
					if !strings.Contains(command, "--no-config --no-ignores") {
						t.Errorf("a change may bring its own policy: %s", command)
					}
					ran++
					c := exec.CommandContext(t.Context(), "bash", "-eo", "pipefail", "-c", command)
					c.Dir = folder
					c.Env = append(os.Environ(), "PATH="+filepath.Join(folder, ".bin")+":"+os.Getenv("PATH"), "PLANFILE="+filepath.Join(folder, "plan"))
					out, err := c.CombinedOutput()
					if code = c.ProcessState.ExitCode(); err != nil && code != 1 {
						t.Errorf("%s: %v\n%s", command, err, out)
					}
				}
				if ran != 1 || (code == 1) != bad {
					t.Errorf("%d commands ran, the last exits with %d", ran, code)
				}
				if tt.report == "" {
					return
				}
				report, err := os.ReadFile(filepath.Join(folder, tt.report))
				if err != nil || !bytes.Contains(report, []byte("<testsuite")) || bytes.Contains(report, []byte("<failure")) != bad {
					t.Errorf("the report: %v\n%s", err, report)
				}
			})
		}
	}
}

// TestGitHubSnippet wants the action to have what the workflow takes; actionlint reads the workflow in build/goreleaser.
func TestGitHubSnippet(t *testing.T) {
	var action struct{ Inputs, Outputs map[string]any }
	parse(t, read(t, "action.yml"), &action)
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct {
				ID, Uses string
				With     map[string]any
				Env      map[string]string
			}
		}
	}
	text := blocks(t, "docs/ci.md", "snippet")["github"]
	parse(t, text, &workflow)
	used := false
	for _, step := range workflow.Jobs["aws-auth"].Steps {
		if !strings.HasPrefix(step.Uses, "aws-auth-guard/aws-auth-guard@") {
			continue
		}
		used = true
		for input := range step.With {
			if action.Inputs[input] == nil {
				t.Errorf("the action has no input %s", input)
			}
		}
	}
	outputs := regexp.MustCompile(`steps\.aws-auth\.outputs\.([a-z-]+)`).FindAllStringSubmatch(text, -1)
	for _, m := range outputs {
		if action.Outputs[m[1]] == nil {
			t.Errorf("the action has no output %s", m[1])
		}
	}
	if !used || len(outputs) == 0 {
		t.Error("the snippet does not use the action, or not what it puts out")
	}
	for _, names := range []map[string]any{action.Inputs, action.Outputs} {
		for name := range names {
			if !strings.Contains(read(t, "docs/ci.md"), "`"+name+"`") {
				t.Errorf("the page does not speak of %s", name)
			}
		}
	}
}

func TestPreCommitSnippet(t *testing.T) {
	var hooks []struct{ ID string }
	parse(t, read(t, ".pre-commit-hooks.yaml"), &hooks)
	var config struct {
		Repos []struct {
			Repo, Rev string
			Hooks     []struct{ ID string }
		}
	}
	parse(t, blocks(t, "docs/ci.md", "snippet")["pre-commit"], &config)
	if len(config.Repos) != 1 || config.Repos[0].Rev == "" || len(config.Repos[0].Hooks) != len(hooks) {
		t.Fatalf("%+v", config)
	}
	for _, h := range config.Repos[0].Hooks {
		if !slices.Contains(hooks, h) {
			t.Errorf("there is no hook %s", h.ID)
		}
	}
}

func parse(t *testing.T, text string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
