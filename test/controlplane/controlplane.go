package controlplane

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/aws-auth-guard/aws-auth-guard/test/assets"
)

const (
	// serverLimit bounds the start and the end of one server, generously: builds may be using the processors.
	serverLimit = 2 * time.Minute
	// loopback is the only address that anything here listens on.
	loopback = "127.0.0.1"
	// shownLines is how much of a server's log an error repeats.
	shownLines = 15

	etcdName      = "etcd"
	apiServerName = "kube-apiserver"
)

// Options say how to start a control plane. The zero value is fit for use.
type Options struct {
	// Progress gets a line for each step that takes long (see assets.Ensure). It may be nil.
	Progress io.Writer
	// APIServerFlags are added to the flags of kube-apiserver, by name without dashes.
	APIServerFlags map[string]string
	// AuditPolicy says what the audit log holds; without one it is the metadata of all requests.
	AuditPolicy string
}

// ControlPlane is a running kube-apiserver with its etcd.
type ControlPlane struct {
	// AdminConfig is the access of a member of system:masters, who may also impersonate anybody.
	AdminConfig *rest.Config
	// AdminKubeconfig is the path of a kubeconfig file with the same access.
	AdminKubeconfig string
	// KubectlPath is the program that Kubectl runs.
	KubectlPath string
	// AuditLogPath is the file of JSON lines that the API server writes its audit events to. AuditEvents reads it.
	AuditLogPath string
	// Directory holds everything the servers write. Stop removes it.
	Directory string

	servers  *envtest.ControlPlane
	watchdog *watchdog
	logs     []*os.File
	stopOnce sync.Once
	stopErr  error
}

// Start makes the programs available (see assets.Ensure), starts the servers and waits until the API server
// answers and has made the namespace kube-system. The servers run until Stop is called, ctx ends or the
// process is gone. The error of a server that does not come up ends with the last lines of its log.
func Start(ctx context.Context, options Options) (*ControlPlane, error) {
	programs, err := assets.Ensure(ctx, options.Progress)
	if err != nil {
		return nil, fmt.Errorf("making the test servers available: %w", err)
	}
	directory, err := os.MkdirTemp("", "aws-auth-guard-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the test servers: %w", err)
	}
	c := &ControlPlane{
		KubectlPath:  programs.Kubectl,
		AuditLogPath: filepath.Join(directory, "audit.log"),
		Directory:    directory,
	}
	if err := c.start(ctx, programs, options); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	context.AfterFunc(ctx, func() { _ = c.Stop() })
	return c, nil
}

func (c *ControlPlane) start(ctx context.Context, programs assets.Assets, options Options) error {
	var err error
	if c.watchdog, err = startWatchdog(c.Directory); err != nil {
		return err
	}
	etcdPath, err := c.watchdog.wrap(etcdName, programs.Etcd)
	if err != nil {
		return err
	}
	apiServerPath, err := c.watchdog.wrap(apiServerName, programs.APIServer)
	if err != nil {
		return err
	}
	etcdLog, err := c.createLog(etcdName)
	if err != nil {
		return err
	}
	apiServerLog, err := c.createLog(apiServerName)
	if err != nil {
		return err
	}

	servers := &envtest.ControlPlane{
		Etcd: &envtest.Etcd{
			Path: etcdPath, DataDir: filepath.Join(c.Directory, "etcd"),
			Out: etcdLog, Err: etcdLog, StartTimeout: serverLimit, StopTimeout: serverLimit,
		},
		APIServer: &envtest.APIServer{
			Path: apiServerPath, CertDir: filepath.Join(c.Directory, "kube-apiserver"),
			Out: apiServerLog, Err: apiServerLog, StartTimeout: serverLimit, StopTimeout: serverLimit,
		},
		KubectlPath: programs.Kubectl,
	}
	if err := os.Mkdir(servers.APIServer.CertDir, 0o700); err != nil {
		return err
	}
	if err := c.configure(servers.APIServer.Configure(), options); err != nil {
		return err
	}
	c.servers = servers
	if err := servers.Start(); err != nil {
		return fmt.Errorf("starting the test servers: %w\n%s%s", err, c.lastLines(etcdName), c.lastLines(apiServerName))
	}
	if c.AdminConfig, c.AdminKubeconfig, err = c.User("admin", "system:masters"); err != nil {
		return err
	}
	// The API server makes the namespace soon after its start.
	return c.await(ctx, "the namespace "+metav1.NamespaceSystem, func(ctx context.Context, clients kubernetes.Interface) error {
		_, err := clients.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
		return err
	})
}

// RestartAPIServer ends kube-apiserver as a node does that is taken out of service (SIGTERM, then its own shutdown) and
// starts it again with the same flags, certificates and etcd, at the same address. It returns when /readyz is fine. Open
// watches and connections end; what was stored stays.
func (c *ControlPlane) RestartAPIServer(ctx context.Context) error {
	if err := c.servers.APIServer.Stop(); err != nil {
		return fmt.Errorf("ending kube-apiserver: %w", err)
	}
	if err := c.servers.APIServer.Start(); err != nil {
		return fmt.Errorf("starting kube-apiserver again: %w\n%s", err, c.lastLines(apiServerName))
	}
	return c.await(ctx, "kube-apiserver to be ready again", func(ctx context.Context, clients kubernetes.Interface) error {
		_, err := clients.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err
	})
}

// configure sets the flags of kube-apiserver that differ from envtest's.
func (c *ControlPlane) configure(flags *envtest.Arguments, options Options) error {
	policy := filepath.Join(c.Directory, "audit-policy.yaml")
	if err := os.WriteFile(policy, []byte(cmp.Or(options.AuditPolicy, auditPolicy)), 0o600); err != nil {
		return err
	}
	flags.Set("audit-policy-file", policy)
	flags.Set("audit-log-path", c.AuditLogPath)
	// Without these the API server wants an address of its own besides loopback, and a default route.
	flags.Set("advertise-address", loopback)
	flags.Set("endpoint-reconciler-type", "none")
	// Without this an open watch keeps the API server from ending for a minute.
	flags.Set("shutdown-watch-termination-grace-period", "2s")
	for name, value := range options.APIServerFlags {
		flags.Set(name, value)
	}
	return nil
}

// await asks the API server, as the administrator, until it answers well.
func (c *ControlPlane) await(ctx context.Context, what string, ask func(context.Context, kubernetes.Interface) error) error {
	clients, err := kubernetes.NewForConfig(c.AdminConfig)
	if err != nil {
		return err
	}
	var last error
	err = wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, serverLimit, true, func(ctx context.Context) (bool, error) {
		last = ask(ctx, clients)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for %s: %w (last answer: %w)\n%s", what, err, last, c.lastLines(apiServerName))
	}
	return nil
}

// Stop ends the servers and removes what they wrote. Calling it again waits for the first call's end and gives
// its answer.
func (c *ControlPlane) Stop() error {
	c.stopOnce.Do(func() {
		var problems []error
		if c.servers != nil {
			problems = append(problems, c.servers.Stop())
		}
		if c.watchdog != nil {
			problems = append(problems, c.watchdog.release())
		}
		for _, log := range c.logs {
			problems = append(problems, log.Close())
		}
		problems = append(problems, os.RemoveAll(c.Directory))
		c.stopErr = errors.Join(problems...)
	})
	return c.stopErr
}

func (c *ControlPlane) createLog(name string) (*os.File, error) {
	log, err := os.Create(filepath.Join(c.Directory, name+".log"))
	if err == nil {
		c.logs = append(c.logs, log)
	}
	return log, err
}

// lastLines is the end of a server's log.
func (c *ControlPlane) lastLines(name string) string {
	text, err := os.ReadFile(filepath.Join(c.Directory, name+".log"))
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return fmt.Sprintf("the end of %s.log:\n%s\n", name, strings.Join(lines[max(0, len(lines)-shownLines):], "\n"))
}
