package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cli"
	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/accessmap"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/eks"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

const (
	nodes = `- rolearn: arn:aws:iam::111122223333:role/nodes
  username: system:node:{{EC2PrivateDNSName}}
  groups:
  - system:bootstrappers
  - system:nodes
`
	admins = `- rolearn: arn:aws:iam::111122223333:role/admins
  username: admin:{{SessionName}}
  groups:
  - system:masters
`
	clusterName = "blue"
	guards      = "aws-auth-guard"
	// known bounds how long the guard takes to see a snapshot.
	known = time.Minute
)

// second is the second act: off aws-auth, without anybody losing access.
type second struct {
	*demo
	*guard.Guard
	api      *eks.Server
	snapshot string
}

// journey plays the second act, with a guard of its own that knows the access entries of a small EKS.
func (d *demo) journey(ctx context.Context, program string, log io.Writer) (*guard.Guard, error) {
	dir, err := os.MkdirTemp(d.Directory, "second-")
	if err != nil {
		return nil, err
	}
	s := &second{demo: d, snapshot: filepath.Join(dir, "snapshot")}
	s.Guard, err = guard.Start(ctx, guard.Options{Program: program, Directory: dir, Log: log, Arguments: []string{
		"--kubeconfig", d.AdminKubeconfig, "--access-snapshot", s.snapshot,
	}})
	if err != nil {
		return nil, err
	}
	// Its clock is late, so that new access entries are in use at once.
	if s.api, err = eks.Start(eks.Options{Now: func() time.Time { return time.Now().Add(-5 * time.Minute) }}); err != nil {
		return s.Guard, err
	}
	defer func() { _ = s.api.Stop() }()
	if err := s.prepare(ctx); err != nil {
		return s.Guard, err
	}
	if err := s.Register(ctx, d.AdminConfig); err != nil {
		return s.Guard, err
	}
	for _, scene := range []func(context.Context) error{s.begin, s.tooEarly, s.apply, s.tell, s.remove, s.leave} {
		if err := scene(ctx); err != nil {
			return s.Guard, err
		}
	}
	return s.Guard, nil
}

// prepare makes a node, and roles in AWS, and takes the map of the first act away.
func (s *second) prepare(ctx context.Context) error {
	for _, e := range s.api.Environment() {
		name, value, _ := strings.Cut(e, "=")
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	config := rest.CopyConfig(s.AdminConfig)
	if err := rest.LoadTLSFiles(config); err != nil {
		return err
	}
	s.api.SetCluster(clusterName, "API_AND_CONFIG_MAP", config.CAData)
	for _, name := range []string{"nodes", "teams/admins"} {
		s.api.SetPrincipal("arn:aws:iam::111122223333:role/"+name, time.Now().AddDate(-1, 0, 0))
	}
	core := s.clients.CoreV1()
	node, err := core.Nodes().Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "ip-10-0-0-1"}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	_, statusErr := core.Nodes().UpdateStatus(ctx, node, metav1.UpdateOptions{})
	_, namespaceErr := core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: guards}}, metav1.CreateOptions{})
	deleteErr := core.ConfigMaps("kube-system").Delete(ctx, "aws-auth", metav1.DeleteOptions{}) // No guard is registered now.
	return errors.Join(statusErr, namespaceErr, deleteErr)
}

// begin makes the map.
func (s *second) begin(ctx context.Context) error {
	title("Second act: off aws-auth, to access entries, without anybody losing access")
	text(nodes + admins)
	return s.seed(ctx, map[string]string{"mapRoles": nodes + admins})
}

// tooEarly takes the nodes out of the map while nothing else lets them in.
func (s *second) tooEarly(ctx context.Context) error {
	title("7. Somebody thinks the nodes have their access entry already")
	return s.put(ctx, admins, false)
}

// apply makes the access entries.
func (s *second) apply(context.Context) error {
	title("8. kubectl aws-auth access-entries apply --cluster " + clusterName)
	return s.plugin("apply", "--cluster", clusterName, "--yes")
}

// tell hands a snapshot of them to the guard, as the kubelet does.
func (s *second) tell(ctx context.Context) error {
	title("9. The guard makes no AWS call: kubectl aws-auth access-entries snapshot --write tells it")
	return s.know(ctx)
}

// remove takes the nodes out of the map again.
func (s *second) remove(ctx context.Context) error {
	title("10. The same edit as in 7")
	if err := s.put(ctx, admins, true); err != nil {
		return err
	}
	if err := s.plugin("verify"); err != nil {
		return err
	}
	say("\nThe map itself must stay as long as EKS reads it:")
	return s.kubectl(ctx, false, "", "delete", "configmap", "aws-auth", "-n", "kube-system")
}

// leave switches the cluster and deletes the map.
func (s *second) leave(ctx context.Context) error {
	title("11. The cluster stops reading the map (mode API): it may go")
	config := rest.CopyConfig(s.AdminConfig)
	if err := rest.LoadTLSFiles(config); err != nil {
		return err
	}
	s.api.SetCluster(clusterName, "API", config.CAData)
	if err := s.know(ctx); err != nil {
		return err
	}
	return s.kubectl(ctx, true, "", "delete", "configmap", "aws-auth", "-n", "kube-system")
}

// plugin shows what kubectl aws-auth access-entries prints. That something is left to do is no failure here.
func (s *second) plugin(args ...string) error {
	var out bytes.Buffer
	args = append([]string{"access-entries"}, append(args, "--kubeconfig", s.AdminKubeconfig)...)
	code := cli.Run(args, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &out})
	text(out.String())
	if code > 1 {
		return fmt.Errorf("kubectl aws-auth %s: exit %d", strings.Join(args, " "), code)
	}
	return nil
}

// know writes a snapshot into the cluster and waits until the guard knows it.
func (s *second) know(ctx context.Context) error {
	if err := os.Remove(s.snapshot); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := s.awaitSnapshot(ctx, "0"); err != nil {
		return err
	}
	if err := s.plugin("snapshot", "--cluster", clusterName, "--write"); err != nil {
		return err
	}
	cm, err := s.clients.CoreV1().ConfigMaps(guards).Get(ctx, accessmap.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.snapshot+".new", cm.BinaryData[accessmap.SnapshotKey], 0o600); err != nil {
		return err
	}
	if err := os.Rename(s.snapshot+".new", s.snapshot); err != nil {
		return err
	}
	return s.awaitSnapshot(ctx, "1")
}

// awaitSnapshot waits until the guard's metrics say whether it knows the access entries of its cluster.
func (s *second) awaitSnapshot(ctx context.Context, value string) error {
	return wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, known, true, func(ctx context.Context) (bool, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.MetricsURL+"/metrics", nil)
		if err != nil {
			return false, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false, err
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		return strings.Contains(string(body), "awsauth_access_snapshot_own_cluster "+value+"\n"), err
	})
}

// put replaces the map with kubectl, and wants that to pass or to be refused.
func (s *second) put(ctx context.Context, mapRoles string, passes bool) error {
	manifest := "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\ndata:\n  mapRoles: |\n" + shown(mapRoles)
	now, err := s.stored(ctx)
	if err != nil {
		return err
	}
	show(now, mapRoles)
	say("\nWhat kubectl shows:")
	return s.kubectl(ctx, passes, manifest, "replace", "-f", "-")
}

func (s *second) kubectl(ctx context.Context, passes bool, input string, args ...string) error {
	result, err := s.Kubectl(ctx, controlplane.Call{Arguments: args, Input: input})
	if err != nil {
		return err
	}
	text(result.Errors + result.Output)
	if (result.ExitCode == 0) != passes {
		return fmt.Errorf("kubectl %s: exit %d", strings.Join(args, " "), result.ExitCode)
	}
	return nil
}
