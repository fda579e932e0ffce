package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

// node is one node: a containerd and a kubelet in a network namespace.
type node struct {
	number              int
	dir                 string
	containerd, kubelet *process
}

func (n *node) name() string   { return nodeName(n.number) }
func (n *node) socket() string { return filepath.Join(n.dir, "containerd.sock") }

// pauseImage is the name of the sandbox image.
const pauseImage = "localhost/pause:test"

// The configuration of containerd: everything under the node's folder, and no registry. restrict_oom_score_adj is for
// machines without CAP_SYS_RESOURCE.
const containerdConfiguration = `version = 3
root = "%[1]s/containerd"
state = "%[1]s/state"
oom_score = 0

[grpc]
address = "%[1]s/containerd.sock"

# Its socket has one fixed place on a machine.
[plugins.'io.containerd.nri.v1.nri']
disable = true

[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = "` + pauseImage + `"

[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
disable_apparmor = true

[plugins.'io.containerd.cri.v1.runtime'.cni]
bin_dirs = ["%[2]s"]
conf_dir = "%[1]s/cni"

[plugins.'io.containerd.cri.v1.runtime'.containerd]
default_runtime_name = "runc"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
BinaryName = "%[3]s"
SystemdCgroup = false
`

const cniConfiguration = `{
  "cniVersion": "1.0.0",
  "name": "pods",
  "plugins": [{
    "type": "bridge", "bridge": "pods", "isGateway": true, "hairpinMode": true,
    "ipam": {"type": "host-local", "dataDir": "%s/addresses", "ranges": [[{"subnet": "%s"}]], "routes": [{"dst": "0.0.0.0/0"}]}
  }]
}
`

// The configuration of the kubelet. Without cgroups for the classes of service two kubelets of one machine leave each
// other's pods alone. Its own port is reachable inside of the cluster alone, so it asks nobody who calls.
const kubeletConfiguration = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
containerRuntimeEndpoint: unix://%[1]s/containerd.sock
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
evictionHard: {}
imageGCHighThresholdPercent: 100
localStorageCapacityIsolation: false
makeIPTablesUtilChains: false
resolvConf: ""
nodeStatusUpdateFrequency: 2s
nodeLeaseDurationSeconds: 4
syncFrequency: 5s
volumeStatsAggPeriod: -1s
podLogsDir: %[1]s/pods
`

// startNode starts containerd and the kubelet of a node and waits until it is ready.
func (c *Cluster) startNode(ctx context.Context, n *node) error {
	if err := c.configureNode(n); err != nil {
		return err
	}
	var err error
	if n.containerd, err = c.start(n.name()+"-containerd", nodeNamespace(n.number), filepath.Join(c.Programs.Containerd, "containerd"),
		// Its shim and runc are looked for on the PATH.
		[]string{"PATH=" + c.Programs.Containerd + ":" + os.Getenv("PATH")}, "--config", filepath.Join(n.dir, "containerd.toml")); err != nil {
		return err
	}
	if err := c.awaitContainerd(ctx, n); err != nil {
		return err
	}
	if err := c.importInto(ctx, n, filepath.Join(c.dir, "pause.tar")); err != nil {
		return err
	}
	if n.kubelet, err = c.start(n.name()+"-kubelet", nodeNamespace(n.number), c.Programs.Kubelet, nil,
		"--config="+filepath.Join(n.dir, "kubelet.yaml"), "--kubeconfig="+filepath.Join(c.dir, strings.ReplaceAll(nodeUserPrefix+n.name(), ":", "-")+".kubeconfig"),
		"--root-dir="+filepath.Join(n.dir, "kubelet"), "--cert-dir="+filepath.Join(n.dir, "pki"), "--hostname-override="+n.name(),
		"--node-ip="+nodeAddress(n.number), "--node-labels=topology.kubernetes.io/zone="+nodeZone(n.number)); err != nil {
		return err
	}
	return c.awaitReady(ctx, n, true)
}

func (c *Cluster) configureNode(n *node) error {
	if err := os.MkdirAll(filepath.Join(n.dir, "cni"), 0o755); err != nil {
		return err
	}
	for name, content := range map[string]string{
		"containerd.toml":   fmt.Sprintf(containerdConfiguration, n.dir, c.Programs.CNI, c.Programs.Runc),
		"cni/pods.conflist": fmt.Sprintf(cniConfiguration, n.dir, podRange(n.number)),
		"kubelet.yaml":      fmt.Sprintf(kubeletConfiguration, n.dir),
	} {
		if err := os.WriteFile(filepath.Join(n.dir, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) awaitContainerd(ctx context.Context, n *node) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, startPoll, startLimit, true, func(ctx context.Context) (bool, error) {
		if !n.containerd.alive() {
			return false, errors.New("it has ended")
		}
		last = run(c.ctr(ctx, n, "version"))
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for containerd of %s: %w (last answer: %w)", n.name(), err, last)
	}
	return nil
}

// awaitReady waits until the API server holds a node for ready, or not ready.
func (c *Cluster) awaitReady(ctx context.Context, n *node, want bool) error {
	clients, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		return err
	}
	since := time.Now()
	last := "there is no such node"
	err = wait.PollUntilContextTimeout(ctx, startPoll, startLimit, true, func(ctx context.Context) (bool, error) {
		if want && !n.kubelet.alive() {
			return false, errors.New("its kubelet has ended")
		}
		object, err := clients.CoreV1().Nodes().Get(ctx, n.name(), metav1.GetOptions{})
		if err != nil {
			return false, nil //nolint:nilerr // It is waited for.
		}
		for i := range object.Status.Conditions {
			condition := &object.Status.Conditions[i]
			if condition.Type == corev1.NodeReady {
				last = condition.Reason + ": " + condition.Message
				// What was known of a node before its restart does not count.
				fresh := condition.LastHeartbeatTime.After(since.Truncate(time.Second).Add(-time.Second))
				return (condition.Status == corev1.ConditionTrue) == want && (fresh || !want), nil
			}
		}
		return false, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for %s: %w (%s)", n.name(), err, last)
	}
	return nil
}

func (c *Cluster) ctr(ctx context.Context, n *node, arguments ...string) *exec.Cmd {
	arguments = append([]string{"--address", n.socket(), "--namespace", "k8s.io"}, arguments...)
	return inside(ctx, nodeNamespace(n.number), filepath.Join(c.Programs.Containerd, "ctr"), arguments...)
}

func (c *Cluster) importInto(ctx context.Context, n *node, path string) error {
	return run(c.ctr(ctx, n, "images", "import", path))
}

// kill ends all of a node at once, its containers as well, as a machine that loses its power.
func (n *node) kill() error {
	for _, p := range []*process{n.kubelet, n.containerd} {
		if p != nil {
			p.kill()
		}
	}
	return errors.Join(killBelow(n.dir), unmountBelow(n.dir))
}
