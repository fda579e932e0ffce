package assets

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	containerdModule  = "test/containerd"
	runcModule        = "test/runc"
	helmModule        = "test/chart"
	certManagerModule = "test/certmanager"
)

// Cluster are the programs of a whole cluster with nodes, as absolute paths.
type Cluster struct {
	Assets

	ControllerManager, Scheduler, Kubelet string
	// Containerd is the folder with containerd, its shim and ctr; CNI the one with the plugins bridge, host-local
	// and loopback.
	Containerd, CNI string
	Runc            string
	// Helm4 and Helm3 are the newest releases of either line.
	Helm4, Helm3 string
	// CertManager runs the controllers and the cainjector of cert-manager, see test/certmanager; CertManagerCRDs is
	// the folder with its custom resource definitions.
	CertManager, CertManagerCRDs string
}

// group is a set of programs that are built from one nested module into one folder.
type group struct {
	module, dependency, folder string
	packages                   []string
	flags                      func(version) string
	environment, arguments     []string
}

// EnsureCluster gives the programs of a cluster as Ensure gives those of a control plane, all built from Go modules.
// It runs on Linux alone; runc needs a C compiler, pkg-config and the headers of libseccomp (see cluster.Check).
func EnsureCluster(ctx context.Context, progress io.Writer) (Cluster, error) {
	m, unlock, err := newMaker(ctx, progress)
	if err != nil {
		return Cluster{}, err
	}
	defer unlock()
	var c Cluster
	if c.Assets, err = m.assets(ctx, os.Getenv(directoryVariable)); err != nil {
		return Cluster{}, err
	}
	var kubernetes, runc, helm4, helm3, certManager string
	for _, g := range []struct {
		group
		into *string
	}{
		{group{
			module: kubernetesModule, dependency: "k8s.io/kubernetes", folder: "kubernetes-nodes", flags: version.linkerFlags,
			packages: []string{"k8s.io/kubernetes/cmd/kube-controller-manager", "k8s.io/kubernetes/cmd/kube-scheduler", "k8s.io/kubernetes/cmd/kubelet"},
		}, &kubernetes},
		{group{
			module: containerdModule, dependency: "github.com/containerd/containerd/v2", folder: "containerd",
			packages: []string{
				"github.com/containerd/containerd/v2/cmd/containerd", "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
				"github.com/containerd/containerd/v2/cmd/ctr",
			},
		}, &c.Containerd},
		{group{
			module: runcModule, dependency: "github.com/opencontainers/runc", folder: "runc", packages: []string{"github.com/opencontainers/runc"},
			// Pods with the seccomp profile RuntimeDefault need seccomp, which needs C.
			environment: []string{"CGO_ENABLED=1"}, arguments: []string{"-tags", "seccomp"},
		}, &runc},
		{group{
			module: runcModule, dependency: "github.com/containernetworking/plugins", folder: "cni",
			packages: []string{
				"github.com/containernetworking/plugins/plugins/main/bridge", "github.com/containernetworking/plugins/plugins/ipam/host-local",
				"github.com/containernetworking/plugins/plugins/main/loopback",
			},
		}, &c.CNI},
		{group{module: helmModule, dependency: "helm.sh/helm/v4", folder: "helm", packages: []string{"helm.sh/helm/v4/cmd/helm"}}, &helm4},
		{group{module: helmModule, dependency: "helm.sh/helm/v3", folder: "helm", packages: []string{"helm.sh/helm/v3/cmd/helm"}}, &helm3},
		{group{
			module: certManagerModule, dependency: "github.com/cert-manager/cert-manager", folder: "cert-manager",
			packages: []string{"github.com/aws-auth-guard/aws-auth-guard/test/certmanager"},
		}, &certManager},
	} {
		if *g.into, err = m.group(ctx, &g.group); err != nil {
			return Cluster{}, err
		}
	}
	c.ControllerManager, c.Scheduler = filepath.Join(kubernetes, "kube-controller-manager"), filepath.Join(kubernetes, "kube-scheduler")
	c.Kubelet, c.Runc = filepath.Join(kubernetes, "kubelet"), filepath.Join(runc, "runc")
	c.Helm4, c.Helm3 = filepath.Join(helm4, "helm"), filepath.Join(helm3, "helm")
	c.CertManager = filepath.Join(certManager, "certmanager")
	c.CertManagerCRDs, err = m.moduleFolder(ctx, certManagerModule, "github.com/cert-manager/cert-manager")
	c.CertManagerCRDs = filepath.Join(c.CertManagerCRDs, "deploy", "crds")
	return c, err
}

// group builds those programs of a group that are missing, and gives their folder.
func (m maker) group(ctx context.Context, g *group) (string, error) {
	directory, err := m.groupDirectory(g)
	if err != nil {
		return "", err
	}
	linker := ""
	if g.flags != nil {
		v, err := m.requiredVersion(g.module, g.dependency)
		if err != nil {
			return "", err
		}
		linker = g.flags(v)
	}
	for _, pkg := range g.packages {
		name := filepath.Base(pkg)
		if holds(directory, name) {
			continue
		}
		if err := m.buildProgram(ctx, g.module, pkg, linker, filepath.Join(directory, name), func(c *exec.Cmd) {
			c.Args = append(c.Args[:len(c.Args)-1], append(g.arguments, pkg)...)
			c.Env = append(c.Env, g.environment...)
		}); err != nil {
			return "", err
		}
	}
	return directory, nil
}

// groupDirectory names the folder of a group at the version that its module requires.
func (m maker) groupDirectory(g *group) (string, error) {
	v, err := m.requiredVersion(g.module, g.dependency)
	if err != nil {
		return "", err
	}
	return filepath.Abs(filepath.Join(m.cache, fmt.Sprintf("%s-%s-%s", g.folder, v, platform())))
}

// moduleFolder gives the folder in the module cache that holds a dependency of a nested module.
func (m maker) moduleFolder(ctx context.Context, module, dependency string) (string, error) {
	command := exec.CommandContext(ctx, "go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", dependency)
	command.Dir = filepath.Join(m.root, filepath.FromSlash(module))
	command.Env = append(os.Environ(), "GOWORK=off")
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("looking for the sources of %s: %w", dependency, err)
	}
	return strings.TrimSpace(string(output)), nil
}
