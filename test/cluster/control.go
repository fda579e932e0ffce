package cluster

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

const (
	// startLimit bounds the start of one part, generously: builds may be using the processors.
	startLimit = 3 * time.Minute
	startPoll  = 100 * time.Millisecond

	etcdAddress = "http://127.0.0.1:2379"
	// serverURL is where the components in the cluster reach the API server, hostURL where the machine does.
	serverURL = "https://" + controlAddress
	hostURL   = "https://" + controlHostAddress
)

// startControlPlane starts etcd, the API server, the controller manager and the scheduler, and waits for the API
// server. --enable-aggregator-routing makes it call webhooks at the addresses of their pods, which the addresses of
// Services would need a kube-proxy for. Pods of nodes that are gone are moved after seconds instead of minutes.
func (c *Cluster) startControlPlane(ctx context.Context, certificate []byte, users map[string]*user) error {
	etcd, err := c.start("etcd", controlNamespace, c.Programs.Etcd, nil,
		"--data-dir="+filepath.Join(c.dir, "etcd"), "--unsafe-no-fsync=true", "--listen-client-urls="+etcdAddress,
		"--advertise-client-urls="+etcdAddress, "--listen-peer-urls=http://127.0.0.1:0")
	if err != nil {
		return err
	}
	c.control = append(c.control, etcd)
	server, err := c.start("kube-apiserver", controlNamespace, c.Programs.APIServer, nil,
		"--etcd-servers="+etcdAddress, "--bind-address=0.0.0.0", "--secure-port=443", "--advertise-address="+controlAddress,
		"--service-cluster-ip-range="+serviceRange,
		"--tls-cert-file="+c.file(serverCertificate), "--tls-private-key-file="+c.file(serverKey),
		"--token-auth-file="+c.file(tokensFile), "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		"--service-account-key-file="+c.file(serverKey), "--service-account-signing-key-file="+c.file(serverKey),
		"--service-account-issuer=https://kubernetes.default.svc", "--enable-aggregator-routing=true",
		"--kubelet-preferred-address-types=InternalIP", "--default-not-ready-toleration-seconds=2", "--default-unreachable-toleration-seconds=2",
		"--shutdown-watch-termination-grace-period=2s", "--profiling=false")
	if err != nil {
		return err
	}
	c.control = append(c.control, server)
	if err := c.awaitServer(ctx); err != nil {
		return err
	}
	for _, part := range []struct{ name, program, user string }{
		{"kube-controller-manager", c.Programs.ControllerManager, managerUser},
		{"kube-scheduler", c.Programs.Scheduler, schedulerUser},
	} {
		kubeconfig, err := writeKubeconfig(c.dir, serverURL, certificate, users[part.user])
		if err != nil {
			return err
		}
		arguments := []string{"--kubeconfig=" + kubeconfig, "--leader-elect=false", "--profiling=false"}
		if part.user == managerUser {
			arguments = append(arguments, "--use-service-account-credentials=true", "--service-account-private-key-file="+c.file(serverKey),
				"--root-ca-file="+c.file(serverCertificate), "--node-monitor-period=1s", "--node-monitor-grace-period=10s")
		}
		p, err := c.start(part.name, controlNamespace, part.program, nil, arguments...)
		if err != nil {
			return err
		}
		c.control = append(c.control, p)
	}
	return nil
}

func (c *Cluster) awaitServer(ctx context.Context) error {
	clients, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		return err
	}
	var last error
	err = wait.PollUntilContextTimeout(ctx, startPoll, startLimit, true, func(ctx context.Context) (bool, error) {
		for _, p := range c.control {
			if !p.alive() {
				return false, fmt.Errorf("%s has ended", p.name)
			}
		}
		var status int
		last = clients.RESTClient().Get().AbsPath("/readyz").Do(ctx).StatusCode(&status).Error()
		return last == nil && status == http.StatusOK, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the API server: %w (last answer: %w)", err, last)
	}
	return nil
}
