package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/aws-auth-guard/aws-auth-guard/test/assets"
)

// ErrUnfit says that this machine can't run a cluster: not Linux, not root, or a tool that is missing.
var ErrUnfit = errors.New("a test cluster needs root on Linux, with ip (iproute2), nsenter (util-linux), a C compiler, pkg-config and the headers of libseccomp")

// Cluster is a running cluster.
type Cluster struct {
	// Config is the access of a member of system:masters, and Kubeconfig the path of a file with the same. They work on
	// this machine, outside of the cluster's network.
	Config     *rest.Config
	Kubeconfig string
	// Programs are those that the cluster is made of, kubectl and Helm among them.
	Programs assets.Cluster

	dir      string
	control  []*process
	nodes    []*node
	stopOnce sync.Once
	stopErr  error
}

// Directory is the folder that a cluster keeps its files in. There is one cluster on a machine at most.
func Directory() string { return filepath.Join(os.TempDir(), "aws-auth-guard-cluster") }

// Check reports whether this machine can run a cluster; the error is an ErrUnfit with the reason.
func Check() error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("%w: this is %s", ErrUnfit, runtime.GOOS)
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: this is not root", ErrUnfit)
	}
	return checkTools()
}

// Start makes the programs available, which takes minutes the first time, removes what an earlier cluster left behind,
// and starts a new one with two nodes, each in a zone of its own. It returns when both are ready. What lasts is
// reported on progress; nil reports nothing.
func Start(ctx context.Context, progress io.Writer) (*Cluster, error) {
	if err := Check(); err != nil {
		return nil, err
	}
	programs, err := assets.EnsureCluster(ctx, progress)
	if err != nil {
		return nil, err
	}
	if err := Clean(ctx); err != nil {
		return nil, fmt.Errorf("removing what an earlier cluster left behind: %w", err)
	}
	c := &Cluster{Programs: programs, dir: Directory()}
	if err := c.boot(ctx); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Cluster) boot(ctx context.Context) error {
	if err := noteTraces(); err != nil {
		return err
	}
	if err := os.MkdirAll(c.logs(), 0o700); err != nil {
		return err
	}
	certificate, err := makeCertificates(c.dir)
	if err != nil {
		return err
	}
	users, err := makeUsers(c.dir)
	if err != nil {
		return err
	}
	if err := makeNetwork(ctx); err != nil {
		return err
	}
	if c.Kubeconfig, err = writeKubeconfig(c.dir, hostURL, certificate, users[adminUser]); err != nil {
		return err
	}
	if c.Config, err = clientcmd.BuildConfigFromFlags("", c.Kubeconfig); err != nil {
		return err
	}
	if err := c.startControlPlane(ctx, certificate, users); err != nil {
		return c.explain(err)
	}
	if err := WriteImage(ctx, filepath.Join(c.dir, "pause.tar"), pauseImage, pauseProgram); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for i := 1; i <= nodeCount; i++ {
		if _, err := writeKubeconfig(c.dir, serverURL, certificate, users[nodeUserPrefix+nodeName(i)]); err != nil {
			return err
		}
		n := &node{number: i, dir: filepath.Join(c.dir, nodeName(i))}
		c.nodes = append(c.nodes, n)
		group.Go(func() error { return c.startNode(ctx, n) })
	}
	return c.explain(group.Wait())
}

// ImportImage gives an image, as a tar of docker save or of the OCI, to both nodes.
func (c *Cluster) ImportImage(ctx context.Context, path string) error {
	for _, n := range c.nodes {
		if err := c.importInto(ctx, n, path); err != nil {
			return fmt.Errorf("%s: %w", n.name(), err)
		}
	}
	return nil
}

// KillNode ends all of a node at once, as a machine that loses its power, and returns at once: it takes the
// control plane some seconds to notice. Nodes count from 1.
func (c *Cluster) KillNode(n int) error { return c.nodes[n-1].kill() }

// StartNode starts a node that was killed, and waits until it is ready.
func (c *Cluster) StartNode(ctx context.Context, n int) error {
	return c.explain(c.startNode(ctx, c.nodes[n-1]))
}

// AwaitNotReady waits until the control plane has noticed that a node is gone.
func (c *Cluster) AwaitNotReady(ctx context.Context, n int) error {
	return c.awaitReady(ctx, c.nodes[n-1], false)
}

// Node is the name of a node. Nodes count from 1.
func (c *Cluster) Node(n int) string { return nodeName(n) }

// Stop ends the cluster and removes all of it. Calling it again gives the first call's answer.
func (c *Cluster) Stop() error {
	c.stopOnce.Do(func() {
		// What a test's context bounds, the clean end is not.
		ctx := context.Background()
		for _, n := range c.nodes {
			c.stopErr = errors.Join(c.stopErr, n.kill())
		}
		for _, p := range slices.Backward(c.control) {
			p.stop()
		}
		c.stopErr = errors.Join(c.stopErr, Clean(ctx))
	})
	return c.stopErr
}

func (c *Cluster) logs() string { return filepath.Join(c.dir, "logs") }

func (c *Cluster) file(name string) string { return filepath.Join(c.dir, name) }
