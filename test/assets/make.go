package assets

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// reportInterval is how often a step that lasts says that it is alive.
	reportInterval = 15 * time.Second
	// envtestBuildLimit bounds making the small download tool, its modules included.
	envtestBuildLimit = 3 * time.Minute
	// indexLimit bounds asking for the list of downloads, which tells quickly whether the network is open.
	indexLimit = 20 * time.Second
	// downloadLimit bounds the download of about 100 MB.
	downloadLimit = 5 * time.Minute
	// shownLines is how much of a failed command's output an error repeats.
	shownLines = 20
)

// version is a Go module version such as v1.37.2.
type version string

// minor gives v1.37 for v1.37.2.
func (v version) minor() string {
	parts := strings.SplitN(string(v), ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

func platform() string { return runtime.GOOS + "-" + runtime.GOARCH }

// requiredVersion reads which version of a dependency a nested module requires: its go.mod is the only place
// that names the version.
func (m maker) requiredVersion(module, dependency string) (version, error) {
	path := filepath.Join(m.root, filepath.FromSlash(module), "go.mod")
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading which %s to build: %w", dependency, err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) >= 2 && fields[0] == dependency && strings.HasPrefix(fields[1], "v") {
			return version(fields[1]), nil
		}
	}
	return "", fmt.Errorf("%s requires no %s: restore its require line", path, dependency)
}

// builtDirectory names the folder for what is built from the nested modules at these versions.
func (m maker) builtDirectory(kubernetes version) (string, error) {
	etcd, err := m.requiredVersion(etcdModule, "go.etcd.io/etcd/server/v3")
	if err != nil {
		return "", err
	}
	return filepath.Join(m.cache, fmt.Sprintf("kubernetes-%s-etcd-%s-%s", kubernetes, etcd, platform())), nil
}

// download puts the newest ready-made servers of the version's minor release into directory.
func (m maker) download(ctx context.Context, v version, directory string) error {
	scratch, err := os.MkdirTemp(m.cache, "envtest-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	tool := filepath.Join(scratch, "setup-envtest")
	build := goBuild(ctx, filepath.Join(m.root, filepath.FromSlash(envtestModule)), tool, "",
		"sigs.k8s.io/controller-runtime/tools/setup-envtest")
	if _, err := m.run(build, "building setup-envtest", envtestBuildLimit); err != nil {
		return err
	}
	release := strings.TrimPrefix(v.minor(), "v") + ".x"
	list := exec.CommandContext(ctx, tool, "list", release, "--bin-dir", scratch)
	if _, err := m.run(list, "asking for ready-made servers", indexLimit); err != nil {
		return err
	}
	use := exec.CommandContext(ctx, tool, "use", release, "--bin-dir", scratch, "--print", "path")
	path, err := m.run(use, "downloading the servers of Kubernetes "+release, downloadLimit)
	if err != nil {
		return err
	}
	path = strings.TrimSpace(path)
	if !holds(path, apiServerName, etcdName) {
		return fmt.Errorf("the download at %q lacks %s or %s", path, apiServerName, etcdName)
	}
	return os.Rename(path, directory)
}

func (m maker) buildServers(ctx context.Context, kubernetes version, directory string) error {
	m.say("building the test servers from Go modules: once, and 6 to 10 minutes on two cores")
	if err := m.buildProgram(ctx, etcdModule, "go.etcd.io/etcd/server/v3", "", filepath.Join(directory, etcdName)); err != nil {
		return err
	}
	return m.buildProgram(ctx, kubernetesModule, "k8s.io/kubernetes/cmd/kube-apiserver", kubernetes.linkerFlags(),
		filepath.Join(directory, apiServerName))
}

// kubectl gives the kubectl beside the servers, else the machine's own, else builds one.
func (m maker) kubectl(ctx context.Context, servers string) (string, error) {
	if holds(servers, kubectlName) {
		return filepath.Join(servers, kubectlName), nil
	}
	if path, err := exec.LookPath(kubectlName); err == nil {
		if err := m.checkKubectl(ctx, path); err == nil {
			return path, nil
		} else if ctx.Err() != nil {
			return "", ctx.Err()
		} else {
			m.say("%s does not work (%v): building one", path, err)
		}
	}
	kubernetes, err := m.requiredVersion(kubernetesModule, "k8s.io/kubernetes")
	if err != nil {
		return "", err
	}
	directory, err := m.builtDirectory(kubernetes)
	if err != nil {
		return "", err
	}
	path := filepath.Join(directory, kubectlName)
	if holds(directory, kubectlName) {
		return path, nil
	}
	return path, m.buildProgram(ctx, kubernetesModule, "k8s.io/kubernetes/cmd/kubectl", kubernetes.linkerFlags(), path)
}

// checkKubectl reports whether a program is a kubectl that runs.
func (m maker) checkKubectl(ctx context.Context, path string) error {
	output, err := m.run(exec.CommandContext(ctx, path, "version", "--client", "--output", "json"), "trying "+path, indexLimit)
	if err != nil {
		return err
	}
	var answer struct {
		ClientVersion struct{ GitVersion string }
	}
	if err := json.Unmarshal([]byte(output), &answer); err != nil || answer.ClientVersion.GitVersion == "" {
		return errors.New("its version --output json names no version")
	}
	return nil
}

// linkerFlags give a Kubernetes program its version, which its own build scripts would otherwise set.
func (v version) linkerFlags() string {
	const prefix = " -X k8s.io/component-base/version."
	major, minor, _ := strings.Cut(strings.TrimPrefix(v.minor(), "v"), ".")
	return prefix + "gitVersion=" + string(v) + prefix + "gitMajor=" + major + prefix + "gitMinor=" + minor
}

// buildProgram builds one program of a nested module, so that path is either whole or absent.
//
// Each of the changes is applied to the build command.
func (m maker) buildProgram(ctx context.Context, module, pkg, linkerFlags, path string, changes ...func(*exec.Cmd)) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	partial := path + ".partial"
	defer os.Remove(partial)
	command := goBuild(ctx, filepath.Join(m.root, filepath.FromSlash(module)), partial, linkerFlags, pkg)
	for _, change := range changes {
		change(command)
	}
	if _, err := m.run(command, "building "+filepath.Base(path), 0); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%w\n%s needs the Go module proxy (go env GOPROXY) and some 4 GB of disk; "+
			"or set %s to a folder that holds %s, %s and %s", err, module, directoryVariable, apiServerName, etcdName, kubectlName)
	}
	return os.Rename(partial, path)
}

// goBuild is a static build of one package of the module at directory, for this machine.
func goBuild(ctx context.Context, directory, output, linkerFlags, pkg string) *exec.Cmd {
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w"+linkerFlags, "-o", output, pkg)
	command.Dir = directory
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	return command
}

// run runs a command, reports while it lasts and gives its standard output. Zero limit means as long as it takes.
// The error ends with the last lines that the command wrote to standard error.
func (m maker) run(command *exec.Cmd, what string, limit time.Duration) (string, error) {
	defer m.report(what)()
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	// go build ends its compilers when interrupted, and leaves them running when killed.
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGINT) }
	command.WaitDelay = 5 * time.Second
	if err := command.Start(); err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	var late atomic.Bool
	if limit > 0 {
		timer := time.AfterFunc(limit, func() {
			late.Store(true)
			_ = command.Process.Kill()
		})
		defer timer.Stop()
	}
	if err := command.Wait(); err != nil {
		if late.Load() {
			return "", fmt.Errorf("%s: no end after %s", what, limit)
		}
		return "", fmt.Errorf("%s: %w: %s", what, err, lastLines(stderr.String()))
	}
	return stdout.String(), nil
}

// report says every now and then that a step is still going on, until the function it gives is called.
func (m maker) report(what string) (stop func()) {
	done, stopped := make(chan struct{}), make(chan struct{})
	started := time.Now()
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(reportInterval)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				m.say("%s: %s so far", what, time.Since(started).Round(time.Second))
			}
		}
	}()
	return func() {
		close(done)
		<-stopped
	}
}

func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-shownLines):], "\n")
}
