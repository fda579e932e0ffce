package install

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/aws-auth-guard/aws-auth-guard/test/cluster"
)

const (
	// variable asks for these tests, which take minutes and want a machine for themselves: make chart-test sets it.
	variable  = "AWS_AUTH_GUARD_CLUSTER_TESTS"
	namespace = "aws-auth-guard"
	release   = "aws-auth-guard"
	chart     = "../../charts/aws-auth-guard"
	// waitLimit bounds everything that is waited for.
	waitLimit = 3 * time.Minute
)

// site is a real cluster with the image of the guard on its nodes.
type site struct {
	*cluster.Cluster
	clients kubernetes.Interface
	dir     string
	kubectl string
}

func newSite(t *testing.T) *site {
	t.Helper()
	if os.Getenv(variable) == "" {
		t.Skipf("needs a cluster of its own: make chart-test runs it (with %s set)", variable)
	}
	if err := cluster.Check(); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Clean(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := footprint(t)
	c, err := cluster.Start(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Errorf("stopping the cluster: %v", err)
		}
		leavesNoTrace(t, before)
	})
	clients, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{Cluster: c, clients: clients, dir: t.TempDir(), kubectl: c.Programs.Kubectl}
	if err := c.ImportGuard(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// result is what a program left behind.
type result struct {
	output, errors string
	code           int
}

func (r result) String() string { return r.output + r.errors }

// run runs a program as an administrator of the cluster.
func (s *site) run(t *testing.T, program, input string, environment []string, arguments ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*waitLimit)
	defer cancel()
	var output, errors bytes.Buffer
	command := exec.CommandContext(ctx, program, arguments...)
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(input), &output, &errors
	command.Env = append(os.Environ(), "KUBECONFIG="+s.Kubeconfig, "HOME="+s.dir, "LC_ALL=C")
	command.Env = append(command.Env, environment...)
	_ = command.Run()
	if command.ProcessState == nil {
		t.Fatalf("%s could not be run", program)
	}
	return result{output.String(), errors.String(), command.ProcessState.ExitCode()}
}

// k runs kubectl, which must succeed.
func (s *site) k(t *testing.T, arguments ...string) result {
	t.Helper()
	r := s.run(t, s.kubectl, "", nil, arguments...)
	if r.code != 0 {
		t.Fatalf("kubectl %s: %s", strings.Join(arguments, " "), r)
	}
	return r
}

// helm runs a Helm, which must succeed.
func (s *site) helm(t *testing.T, program string, arguments ...string) result {
	t.Helper()
	r := s.run(t, program, "", nil, arguments...)
	if r.code != 0 {
		t.Fatalf("helm %s: %s\n%s", strings.Join(arguments, " "), r, s.pods(t))
	}
	return r
}

// pods says what the guard's pods do, for the log of a failed test.
func (s *site) pods(t *testing.T) string {
	t.Helper()
	return s.run(t, s.kubectl, "", nil, "get", "pods,events", "--namespace", namespace, "--output", "wide").String() +
		s.run(t, s.kubectl, "", nil, "logs", "--namespace", namespace, "--selector", "app.kubernetes.io/part-of=aws-auth-guard", "--prefix", "--tail", "5").String()
}

// install installs or upgrades the release with settings, and waits until it is ready.
func (s *site) install(t *testing.T, helm string, settings ...string) {
	t.Helper()
	arguments := []string{
		"upgrade", "--install", release, chart, "--namespace", namespace, "--wait", "--timeout", "3m", "--reset-values",
	}
	s.helm(t, helm, append(arguments, settings...)...)
}

// uninstall removes the release and fails where anything of it is left.
func (s *site) uninstall(t *testing.T, helm string) {
	t.Helper()
	s.helm(t, helm, "uninstall", release, "--namespace", namespace, "--wait", "--timeout", "3m")
	s.nothingLeft(t)
}

// ownNamespace makes the namespace of the guard, with Pod Security "restricted" enforced.
func (s *site) ownNamespace(t *testing.T) {
	t.Helper()
	s.k(t, "create", "namespace", namespace)
	s.k(t, "label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
}

// The kinds of which the chart makes objects, or of which the guard makes some.
const (
	clusterKinds = "mutatingwebhookconfigurations,validatingwebhookconfigurations,validatingadmissionpolicies,validatingadmissionpolicybindings," +
		"clusterroles,clusterrolebindings"
	namespacedKinds = "roles,rolebindings,serviceaccounts,services,secrets,configmaps,deployments,cronjobs,jobs,pods,poddisruptionbudgets," +
		"networkpolicies,leases,controllerrevisions,certificates.cert-manager.io,issuers.cert-manager.io"
)

// kept is what an uninstall leaves in the guard's namespace on purpose, or because it is not the release's.
var kept = []string{
	// Every namespace has these.
	"configmap/kube-root-ca.crt", "serviceaccount/default",
	// cert-manager keeps the Secrets of Certificates that are gone.
	"secret/" + release + "-ca", "secret/" + release + "-tls",
	// People's own.
	"secret/" + mySecret,
}

// history begins the names of the recorded states, which stay for an undo after an uninstall that was a mistake.
const history = "controllerrevision.apps/aws-auth-"

func (s *site) nothingLeft(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(waitLimit); ; time.Sleep(500 * time.Millisecond) {
		all := s.k(t, "get", clusterKinds+","+namespacedKinds, "--all-namespaces", "--selector", "app.kubernetes.io/part-of=aws-auth-guard", "--output", "name")
		own := s.k(t, "get", namespacedKinds, "--namespace", namespace, "--output", "name")
		left := slices.DeleteFunc(strings.Fields(all.output+own.output), func(name string) bool {
			return slices.Contains(kept, name) || strings.HasPrefix(name, history)
		})
		if len(left) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("left behind:\n%s", strings.Join(left, "\n"))
		}
	}
	if r := s.k(t, "get", "controllerrevisions", "--namespace", namespace, "--selector", "aws-auth-guard.dev/history=aws-auth", "--output", "name"); r.output == "" {
		t.Error("the history is gone")
	}
	// As docs/operations.md says.
	s.k(t, "delete", "controllerrevisions", "--namespace", namespace, "--selector", "aws-auth-guard.dev/history=aws-auth")
}

// reset puts a good map in place, whoever guards it: as the break-glass group, whom strict values let pass.
func (s *site) reset(t *testing.T) {
	t.Helper()
	path := filepath.Join(s.dir, "map.yaml")
	// What an earlier step put under another key goes on purpose, an administrator among it, and an override counts only
	// where it is a new one.
	text := fmt.Sprintf(goodMap, fmt.Sprintf("map-deleted, admin-access-lost: put back by a test at %s", time.Now().Format(time.RFC3339Nano)))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	replace := s.run(t, s.kubectl, "", nil, append([]string{"replace", "--filename", path}, asBreakGlass...)...)
	switch {
	case strings.Contains(replace.errors, "NotFound"):
		s.k(t, append([]string{"create", "--filename", path}, asBreakGlass...)...)
	case replace.code != 0:
		t.Fatalf("putting the map back: %s", replace)
	}
	// The override stays on the map: it lets nothing pass after this.
}

// asBreakGlass makes kubectl act as somebody of the group that the strict values here name.
var asBreakGlass = []string{"--as", "fixer", "--as-group", "break-glass", "--as-group", "system:masters"}

const goodMap = `apiVersion: v1
kind: ConfigMap
metadata:
  name: aws-auth
  namespace: kube-system
  annotations:
    aws-auth-guard.dev/override: %q
data:
  mapRoles: |
    - rolearn: arn:aws:iam::111122223333:role/nodes
      username: system:node:{{EC2PrivateDNSName}}
      groups:
      - system:bootstrappers
      - system:nodes
`

// text is the live mapRoles.
func (s *site) text(t *testing.T) string {
	t.Helper()
	m, err := s.clients.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "aws-auth", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m.Data["mapRoles"]
}
