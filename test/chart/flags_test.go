package chart

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestFlags wants every flag that a pod is started with to be one that the program has.
func TestFlags(t *testing.T) {
	known := map[string]map[string]bool{}
	for command, program := range programs() {
		run := exec.CommandContext(t.Context(), "go", slices.Concat([]string{"run", "./cmd/" + program}, strings.Fields(command), []string{"--help"})...)
		run.Dir = root
		help, err := run.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, help)
		}
		known[command] = map[string]bool{}
		for _, m := range regexp.MustCompile(`(?m)^ +(?:-\w, |    )--([a-z-]+)`).FindAllStringSubmatch(string(help), -1) {
			known[command][m[1]] = true
		}
	}
	seen := map[string]int{}
	for name, o := range matrix(t) {
		for _, o := range objects(t, rendered(t, o).Documents()) {
			for _, container := range containers(o) {
				args, _ := container["args"].([]any)
				if len(args) == 0 {
					t.Errorf("%s: %s is started without a command", name, o)
					continue
				}
				command, program := args[0].(string), "webhook"
				args = args[1:]
				if words, ok := container["command"].([]any); ok && len(words) == 1 {
					program = strings.TrimPrefix(words[0].(string), "/")
					command += " " + args[0].(string)
					args = args[1:]
				}
				if programs()[command] != program {
					t.Errorf("%s: %s: %s has no command %s", name, o, program, command)
				}
				seen[command]++
				for _, arg := range args {
					flag, _, _ := strings.Cut(strings.TrimPrefix(arg.(string), "--"), "=")
					if !known[command][flag] {
						t.Errorf("%s: %s: `%s` has no flag --%s", name, o, command, flag)
					}
				}
			}
		}
	}
	for command := range programs() {
		if seen[command] == 0 {
			t.Errorf("no pod is started with %s", command)
		}
	}
}

// programs are those of the commands that pods are started with.
func programs() map[string]string {
	return map[string]string{"serve": "webhook", "audit": "webhook", "check": "webhook", "access-entries snapshot": "kubectl-aws_auth"}
}

// containers are those of the pods that an object is or makes.
func containers(o object) []object {
	var all []object
	var find func(node any)
	find = func(node any) {
		switch n := node.(type) {
		case object:
			find(map[string]any(n))
		case map[string]any:
			if list, ok := n["containers"].([]any); ok {
				for _, c := range list {
					all = append(all, c.(map[string]any))
				}
			}
			for _, child := range n {
				find(child)
			}
		case []any:
			for _, child := range n {
				find(child)
			}
		}
	}
	if o["kind"] == "Deployment" || o["kind"] == "CronJob" || o["kind"] == "Pod" {
		find(o)
	}
	return all
}
