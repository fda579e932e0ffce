package assets

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestEnsureTakesTheConfiguredFolder(t *testing.T) {
	directory := t.TempDir()
	fakePrograms(t, directory, apiServerName, etcdName, kubectlName)
	t.Setenv(directoryVariable, directory)
	// Far from any clone: a complete folder needs none.
	t.Chdir(t.TempDir())

	got, err := Ensure(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Assets{
		Directory: directory,
		APIServer: filepath.Join(directory, apiServerName),
		Etcd:      filepath.Join(directory, etcdName),
		Kubectl:   filepath.Join(directory, kubectlName),
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestEnsureOutsideAClone(t *testing.T) {
	t.Setenv(directoryVariable, "")
	t.Chdir(t.TempDir())
	_, err := Ensure(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "no clone of aws-auth-guard") || !strings.Contains(err.Error(), directoryVariable) {
		t.Errorf("got the error %v, want one that says where to run it and names %s", err, directoryVariable)
	}
}

func TestServersFromACache(t *testing.T) {
	const built, downloaded = "kubernetes-v1.98.7-etcd-v3.6.5-", "envtest-v1.98-"
	tests := map[string]struct {
		cached     []string
		configured []string
		want       string
		says       string
	}{
		"built":                      {cached: []string{built}, want: built},
		"downloaded":                 {cached: []string{downloaded}, want: downloaded},
		"built before downloaded":    {cached: []string{downloaded, built}, want: built},
		"configured before built":    {cached: []string{built}, configured: []string{apiServerName, etcdName}, want: "configured"},
		"half a configured folder":   {cached: []string{built}, configured: []string{apiServerName}, want: built, says: "looking elsewhere"},
		"an empty configured folder": {cached: []string{downloaded}, configured: []string{}, want: downloaded, says: "looking elsewhere"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			m := fakeClone(t, &said)
			for _, prefix := range test.cached {
				fakePrograms(t, filepath.Join(m.cache, prefix+platform()), apiServerName, etcdName)
			}
			configured := ""
			if test.configured != nil {
				configured = filepath.Join(t.TempDir(), "configured")
				fakePrograms(t, configured, test.configured...)
			}
			got, err := m.servers(t.Context(), configured)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(filepath.Base(got), test.want) {
				t.Errorf("got %s, want %s…", got, test.want)
			}
			if !strings.Contains(said.String(), test.says) || (test.says == "" && said.Len() > 0) {
				t.Errorf("it said %q, want %q", said.String(), test.says)
			}
		})
	}
}

func TestKubectlBesideTheServersComesFirst(t *testing.T) {
	m := fakeClone(t, &bytes.Buffer{})
	fakePrograms(t, m.cache, kubectlName)
	got, err := m.kubectl(t.Context(), m.cache)
	if want := filepath.Join(m.cache, kubectlName); err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestCheckKubectl(t *testing.T) {
	tests := map[string]struct {
		script string
		fails  string
	}{
		"works":           {script: `echo '{"clientVersion":{"gitVersion":"v1.98.7"}}'`},
		"another program": {script: "echo hello", fails: "names no version"},
		"broken":          {script: "echo lost its library >&2; exit 3", fails: "lost its library"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), kubectlName)
			writeFile(t, path, "#!/bin/sh\n"+test.script+"\n", 0o700)
			err := fakeClone(t, &bytes.Buffer{}).checkKubectl(t.Context(), path)
			if test.fails == "" && err != nil {
				t.Errorf("refused: %v", err)
			}
			if test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)) {
				t.Errorf("got the error %v, want %q", err, test.fails)
			}
		})
	}
}

func TestBuildProgram(t *testing.T) {
	m := fakeClone(t, &bytes.Buffer{})
	module := filepath.Join(m.root, "test", "hello")
	writeFile(t, filepath.Join(module, "go.mod"), "module example.com/hello\n\ngo 1.26.0\n", 0o600)
	source := filepath.Join(module, "main.go")
	path := filepath.Join(m.cache, "made", "hello")

	writeFile(t, source, "package main\n\nfunc main() { undefinedName() }\n", 0o600)
	err := m.buildProgram(t.Context(), "test/hello", "example.com/hello", "", path)
	if err == nil || !strings.Contains(err.Error(), "undefinedName") || !strings.Contains(err.Error(), "GOPROXY") {
		t.Errorf("got the error %v, want the compiler's words and what to do", err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) > 0 {
		t.Errorf("a failed build left %v (%v)", left, err)
	}

	writeFile(t, source, "package main\n\nvar said string\n\nfunc main() { print(said) }\n", 0o600)
	if err := m.buildProgram(t.Context(), "test/hello", "example.com/hello", " -X main.said=hello", path); err != nil {
		t.Fatal(err)
	}
	output, err := exec.Command(path).CombinedOutput()
	if err != nil || string(output) != "hello" {
		t.Errorf("the built program gave %q, %v; want hello", output, err)
	}
}

func TestRunEndsACommandThatHangs(t *testing.T) {
	m := fakeClone(t, &bytes.Buffer{})
	_, err := m.run(exec.CommandContext(t.Context(), "sleep", "3600"), "sleeping", 50*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "sleeping: no end after 50ms") {
		t.Errorf("got the error %v", err)
	}
}

func TestLockMakesOthersWait(t *testing.T) {
	m := fakeClone(t, &bytes.Buffer{})
	unlock, err := m.lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := m.lock(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second lock ended with %v, want it to wait until the deadline", err)
	}
	unlock()
	unlock, err = m.lock(t.Context())
	if err != nil {
		t.Fatalf("the lock is not free after unlocking: %v", err)
	}
	unlock()
}

func TestVersions(t *testing.T) {
	root, err := repositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	m := maker{root: root}
	for module, dependency := range map[string]string{
		kubernetesModule: "k8s.io/kubernetes",
		etcdModule:       "go.etcd.io/etcd/server/v3",
	} {
		if got, err := m.requiredVersion(module, dependency); err != nil || !strings.HasPrefix(string(got), "v") {
			t.Errorf("%s requires %s %q, %v", module, dependency, got, err)
		}
	}
	if _, err := m.requiredVersion(etcdModule, "k8s.io/kubernetes"); err == nil {
		t.Error("a requirement that is not there is no error")
	}
	const want = " -X k8s.io/component-base/version.gitVersion=v1.98.7" +
		" -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=98"
	if got := version("v1.98.7").linkerFlags(); got != want {
		t.Errorf("the linker flags are %q, want %q", got, want)
	}
}

// fakeClone is a clone that has the go.mod files alone.
func fakeClone(t *testing.T, said *bytes.Buffer) maker {
	t.Helper()
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "test", "kubernetes", "go.mod"), "module k\n\nrequire k8s.io/kubernetes v1.98.7\n", 0o600)
	writeFile(t, filepath.Join(root, "test", "etcd", "go.mod"), "module e\n\nrequire (\n\tgo.etcd.io/etcd/server/v3 v3.6.5\n)\n", 0o600)
	m := maker{root: root, cache: filepath.Join(root, ".cache"), progress: said}
	if err := os.Mkdir(m.cache, 0o700); err != nil {
		t.Fatal(err)
	}
	return m
}

func fakePrograms(t *testing.T, directory string, names ...string) {
	t.Helper()
	for _, name := range names {
		writeFile(t, filepath.Join(directory, name), "#!/bin/sh\n", 0o700)
	}
}

func writeFile(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}
