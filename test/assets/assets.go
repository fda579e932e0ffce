package assets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

const (
	apiServerName = "kube-apiserver"
	etcdName      = "etcd"
	kubectlName   = "kubectl"

	// directoryVariable is the variable by which every envtest suite finds its servers.
	directoryVariable = "KUBEBUILDER_ASSETS"

	kubernetesModule = "test/kubernetes"
	etcdModule       = "test/etcd"
	envtestModule    = "test/setup-envtest"
)

// Assets are the programs of a control plane, as absolute paths.
type Assets struct {
	// Directory holds kube-apiserver and etcd, and is fit to be the value of KUBEBUILDER_ASSETS.
	Directory string
	APIServer string
	Etcd      string
	// Kubectl lies in Directory or, where it is the machine's own, elsewhere.
	Kubectl string
}

// Ensure gives the programs, making those that are missing. In this order it takes the servers from
// KUBEBUILDER_ASSETS when that folder holds both, from an earlier run, from setup-envtest (a download), and from
// a build of the nested modules test/kubernetes and test/etcd, which takes minutes. kubectl is the one beside
// the servers, else the one on PATH, else built.
//
// What lasts is reported on progress, a line at a time; nil reports nothing. Several processes may call Ensure
// at once: one works and the others wait. It fails when ctx ends, when a build fails, and when the working
// directory is not inside a clone of the repository.
func Ensure(ctx context.Context, progress io.Writer) (Assets, error) {
	directory := os.Getenv(directoryVariable)
	if holds(directory, apiServerName, etcdName, kubectlName) {
		return at(directory, filepath.Join(directory, kubectlName))
	}
	m, unlock, err := newMaker(ctx, progress)
	if err != nil {
		return Assets{}, err
	}
	defer unlock()
	return m.assets(ctx, directory)
}

// assets is Ensure under the lock; directory is the value of KUBEBUILDER_ASSETS.
func (m maker) assets(ctx context.Context, directory string) (Assets, error) {
	directory, err := m.servers(ctx, directory)
	if err != nil {
		return Assets{}, err
	}
	kubectl, err := m.kubectl(ctx, directory)
	if err != nil {
		return Assets{}, err
	}
	return at(directory, kubectl)
}

func at(directory, kubectl string) (Assets, error) {
	directory, err := filepath.Abs(directory)
	if err != nil {
		return Assets{}, err
	}
	kubectl, err = filepath.Abs(kubectl)
	if err != nil {
		return Assets{}, err
	}
	return Assets{
		Directory: directory,
		APIServer: filepath.Join(directory, apiServerName),
		Etcd:      filepath.Join(directory, etcdName),
		Kubectl:   kubectl,
	}, nil
}

// maker makes programs for one clone of the repository.
type maker struct {
	root     string
	cache    string
	progress io.Writer
}

// newMaker gives the maker of the clone that the working directory lies in, once no other process makes programs for it.
func newMaker(ctx context.Context, progress io.Writer) (m maker, unlock func(), err error) {
	if progress == nil {
		progress = io.Discard
	}
	root, err := repositoryRoot()
	if err != nil {
		return maker{}, nil, err
	}
	m = maker{root: root, cache: filepath.Join(root, ".cache"), progress: progress}
	unlock, err = m.lock(ctx)
	return m, unlock, err
}

// servers gives a folder with kube-apiserver and etcd; configured is the value of KUBEBUILDER_ASSETS.
func (m maker) servers(ctx context.Context, configured string) (string, error) {
	if configured != "" {
		if holds(configured, apiServerName, etcdName) {
			return configured, nil
		}
		m.say("%s is %s, which does not hold both %s and %s: looking elsewhere", directoryVariable, configured, apiServerName, etcdName)
	}
	version, err := m.requiredVersion(kubernetesModule, "k8s.io/kubernetes")
	if err != nil {
		return "", err
	}
	built, err := m.builtDirectory(version)
	if err != nil {
		return "", err
	}
	downloaded := filepath.Join(m.cache, fmt.Sprintf("envtest-%s-%s", version.minor(), platform()))
	for _, directory := range []string{built, downloaded} {
		if holds(directory, apiServerName, etcdName) {
			return directory, nil
		}
	}
	if err := m.download(ctx, version, downloaded); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		m.say("setup-envtest gives no ready-made servers (%v): building them instead", err)
		return built, m.buildServers(ctx, version, built)
	}
	return downloaded, nil
}

// lock waits until this process is the only one that makes programs for this clone.
func (m maker) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(m.cache, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder for built servers: %w", err)
	}
	path := filepath.Join(m.cache, "lock")
	lock := flock.New(path)
	free, err := lock.TryLock()
	if err == nil && !free {
		defer m.report("waiting for another process that makes the test servers")()
		_, err = lock.TryLockContext(ctx, 500*time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	// Closing the file is what frees the lock; an error would leave nothing to do.
	return func() { _ = lock.Close() }, nil
}

func (m maker) say(format string, arguments ...any) {
	fmt.Fprintf(m.progress, format+"\n", arguments...)
}

// holds reports whether the folder holds every named program.
func holds(directory string, names ...string) bool {
	if directory == "" {
		return false
	}
	for _, name := range names {
		info, err := os.Stat(filepath.Join(directory, name))
		if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 {
			return false
		}
	}
	return true
}

// repositoryRoot finds the clone that the working directory lies in.
func repositoryRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the working directory: %w", err)
	}
	for directory := start; ; directory = filepath.Dir(directory) {
		_, err := os.Stat(filepath.Join(directory, filepath.FromSlash(kubernetesModule), "go.mod"))
		if err == nil {
			return directory, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("looking for %s: %w", kubernetesModule, err)
		}
		if directory == filepath.Dir(directory) {
			return "", fmt.Errorf("%s lies in no clone of aws-auth-guard: run this inside one, or set %s to a folder with %s",
				start, directoryVariable, strings.Join([]string{apiServerName, etcdName, kubectlName}, ", "))
		}
	}
}
