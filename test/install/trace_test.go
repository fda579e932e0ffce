package install

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// footprint is all that a cluster could leave on a machine: network namespaces and devices, mounts, cgroups, files in
// the places that its parts write to, and processes of its programs.
func footprint(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{
		"/run/*", "/run/netns/*", "/sys/class/net/*", "/var/lib/*", "/var/lib/cni/*", "/var/log/*", "/var/log/pods/*", "/sys/fs/cgroup/*", "/sys/fs/cgroup/*/k8s.io",
		filepath.Join(os.TempDir(), "aws-auth-guard-cluster*"),
	} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, paths...)
	}
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 4 {
			found = append(found, "mount "+fields[4])
		}
	}
	lines, err := filepath.Glob("/proc/*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range lines {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		for _, program := range []string{"containerd", "containerd-shim-runc-v2", "kubelet", "kube-controller-manager", "kube-scheduler", "runc", "pause"} {
			if command, _, _ := strings.Cut(string(text), "\x00"); filepath.Base(command) == program {
				found = append(found, "process "+program)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// leavesNoTrace fails where the machine has more on it than before.
func leavesNoTrace(t *testing.T, before []string) {
	t.Helper()
	for _, what := range footprint(t) {
		if !slices.Contains(before, what) {
			t.Errorf("the cluster left %s behind", what)
		}
	}
}
