package distribution

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

type workflow struct {
	Permissions any
	Jobs        map[string]struct {
		Permissions    map[string]string
		TimeoutMinutes int `json:"timeout-minutes"`
		Strategy       struct {
			Matrix struct{ Target []string }
		}
		Steps []struct {
			Uses, Run string
			With      map[string]any
		}
	}
}

// workflows are those of GitHub, by name.
func workflows(t *testing.T) map[string]workflow {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root(t), ".github", "workflows", "*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d workflows: %v", len(paths), err)
	}
	all := map[string]workflow{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var w workflow
		if err := yaml.Unmarshal(text, &w); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all[filepath.Base(path)] = w
	}
	return all
}

// pinned is an action at a commit, with the version that it is.
var pinned = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)

// TestActionsArePinned: a tag can be moved, a commit can't. One action has one version everywhere.
func TestActionsArePinned(t *testing.T) {
	names := []string{"action.yml"}
	for name := range workflows(t) {
		names = append(names, ".github/workflows/"+name)
	}
	versions := map[string]string{}
	uses := 0
	for _, name := range names {
		for line := range strings.Lines(string(read(t, name))) {
			_, action, ok := strings.Cut(line, "uses: ")
			if !ok {
				continue
			}
			action = strings.TrimSpace(action)
			uses++
			if !pinned.MatchString(action) {
				t.Errorf("%s: %s is not pinned by its commit, with its version beside it", name, action)
			}
			path, version, _ := strings.Cut(action, "@")
			owner := strings.Join(strings.Split(path, "/")[:2], "/")
			if known := versions[owner]; known != "" && known != version {
				t.Errorf("%s: %s is %s here and %s elsewhere", name, owner, version, known)
			}
			versions[owner] = version
		}
	}
	if uses == 0 {
		t.Error("no action is used")
	}
}

// TestLeastPermissions: a workflow may do nothing, and each job names what it needs; only a release writes code or packages.
func TestLeastPermissions(t *testing.T) {
	for name, w := range workflows(t) {
		if p, ok := w.Permissions.(map[string]any); !ok || len(p) != 0 {
			t.Errorf("%s: permissions of the workflow are %v", name, w.Permissions)
		}
		for job, j := range w.Jobs {
			if len(j.Permissions) == 0 || j.TimeoutMinutes == 0 {
				t.Errorf("%s: %s has permissions %v and %d minutes", name, job, j.Permissions, j.TimeoutMinutes)
			}
			for scope, level := range j.Permissions {
				if level == "write" && (scope == "contents" || scope == "packages") && name != "release.yaml" {
					t.Errorf("%s: %s may write %s", name, job, scope)
				}
			}
			for _, s := range j.Steps {
				if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != false {
					t.Errorf("%s: %s leaves the token in the folder", name, job)
				}
				if strings.Contains(s.Run, "${{") {
					t.Errorf("%s: %s puts an expression into a script: %s", name, job, s.Run)
				}
			}
		}
	}
}

// TestWorkflowRunsWhatCIRuns holds the two lists of targets to each other; the workflow may run more.
func TestWorkflowRunsWhatCIRuns(t *testing.T) {
	here := workflows(t)["ci.yaml"].Jobs["make"].Strategy.Matrix.Target
	for i, target := range here {
		here[i], _, _ = strings.Cut(target, " ")
	}
	found := regexp.MustCompile(`(?m)^make ([a-z-]+)`).FindAllStringSubmatch(string(read(t, ".ci/run")), -1)
	if len(found) == 0 {
		t.Fatal(".ci/run makes nothing")
	}
	makefile := string(read(t, "Makefile"))
	for _, m := range found {
		if !slices.Contains(here, m[1]) {
			t.Errorf("ci.yaml does not run make %s", m[1])
		}
	}
	for _, target := range here {
		if !strings.Contains(makefile, "\n"+target+":") {
			t.Errorf("the Makefile has no target %s", target)
		}
	}
}

// TestDependabotKnowsTheModules: a folder that it looks into holds a module.
func TestDependabotKnowsTheModules(t *testing.T) {
	var config struct {
		Updates []struct {
			Ecosystem   string `json:"package-ecosystem"`
			Directories []string
		}
	}
	if err := yaml.Unmarshal(read(t, ".github/dependabot.yml"), &config); err != nil {
		t.Fatal(err)
	}
	modules := 0
	for _, u := range config.Updates {
		if u.Ecosystem != "gomod" {
			continue
		}
		for _, folder := range u.Directories {
			modules++
			if _, err := os.Stat(filepath.Join(root(t), folder, "go.mod")); err != nil {
				t.Error(err)
			}
		}
	}
	if modules == 0 {
		t.Error("it looks into no module")
	}
}

// TestShellScripts runs shellcheck, where it is, on all scripts: files, and the steps of the action. actionlint does so for the workflows.
func TestShellScripts(t *testing.T) {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("needs shellcheck")
	}
	scripts := map[string]string{".ci/run": "", "deploy/kubectl/kubectl_complete-aws_auth": ""}
	for name := range scripts {
		scripts[name] = string(read(t, name))
	}
	var a action
	if err := yaml.UnmarshalStrict(read(t, "action.yml"), &a); err != nil {
		t.Fatal(err)
	}
	for _, s := range a.Runs.Steps {
		if s.Run != "" {
			scripts["action.yml: "+s.Name] = "#!/bin/bash\nset -eo pipefail\n" + s.Run // as a runner starts bash
		}
	}
	for name, text := range scripts {
		c := exec.CommandContext(t.Context(), "shellcheck", "-")
		c.Stdin = strings.NewReader(text)
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
