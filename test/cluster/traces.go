package cluster

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// tracesFile is the file, beside the cluster's folder, that names the places to remove when the cluster ends.
func tracesFile() string { return Directory() + ".traces" }

// places are where containerd, its shims, the CNI plugins, the kubelet and mount(8) write, whatever their configuration says.
func places() []string {
	return []string{"/run/containerd", "/run/nri", "/run/netns", "/run/mount", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers", "/var/log/pods"}
}

// cgroups are where containerd makes cgroups: once for each controller in version 1, once in all in version 2.
func cgroups() []string {
	found, _ := filepath.Glob("/sys/fs/cgroup/*/k8s.io")
	return append(found, "/sys/fs/cgroup/k8s.io")
}

// noteTraces notes which places are not there yet: those are removed in the end. Others are somebody else's.
func noteTraces() error {
	absent := slices.DeleteFunc(places(), exists)
	if len(slices.DeleteFunc(cgroups(), func(path string) bool { return !exists(path) })) == 0 {
		absent = append(absent, "/sys/fs/cgroup")
	}
	return os.WriteFile(tracesFile(), []byte(strings.Join(absent, "\n")), 0o600)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// removeTraces removes the places that noteTraces noted. Nothing of the cluster may run any more.
func removeTraces() error {
	text, err := os.ReadFile(tracesFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var problems []error
	for path := range strings.Lines(string(text)) {
		switch path = strings.TrimSpace(path); {
		case path == "/sys/fs/cgroup":
			for _, group := range cgroups() {
				problems = append(problems, removeCgroup(group))
			}
		case slices.Contains(places(), path):
			problems = append(problems, unmountBelow(path), os.RemoveAll(path))
		}
	}
	return errors.Join(append(problems, os.Remove(tracesFile()))...)
}

// removeCgroup removes a cgroup with those in it. The files in them can't be removed, and need not be.
func removeCgroup(path string) error {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := removeCgroup(filepath.Join(path, e.Name())); err != nil {
				return err
			}
		}
	}
	return os.Remove(path)
}
