package chart

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestFlags wants every flag that a pod is started with to be one that the program has.
func TestFlags(t *testing.T) {
	known := map[string]map[string]bool{}
	for _, command := range []string{"serve", "audit", "check"} {
		run := exec.CommandContext(t.Context(), "go", "run", "./cmd/webhook", command, "--help")
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
				if _, another := container["command"]; another {
					// The plugin, whose flags are its own.
					continue
				}
				command, _ := args[0].(string)
				seen[command]++
				for _, arg := range args[1:] {
					flag, _, _ := strings.Cut(strings.TrimPrefix(arg.(string), "--"), "=")
					if !known[command][flag] {
						t.Errorf("%s: %s: `webhook %s` has no flag --%s", name, o, command, flag)
					}
				}
			}
		}
	}
	if seen["serve"] == 0 || seen["audit"] == 0 || seen["check"] == 0 || len(seen) != 3 {
		t.Errorf("the commands are %v", seen)
	}
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
