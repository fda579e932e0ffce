package oracle

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cli"
	// The webhook program is built outside of go test's sight: without these, results of an older one would be taken
	// from the cache.
	_ "github.com/aws-auth-guard/aws-auth-guard/internal/audit/controller"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	_ "github.com/aws-auth-guard/aws-auth-guard/internal/server"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
	"github.com/aws-auth-guard/aws-auth-guard/test/oracle/authenticator"
)

const (
	undoMap = `- rolearn: arn:aws:iam::111122223333:role/nodes
  username: system:node:{{EC2PrivateDNSName}}
  groups:
  - system:bootstrappers
  - system:nodes
`
	// undoBroken is the same with one blank too many.
	undoBroken = `- rolearn: arn:aws:iam::111122223333:role/nodes
   username: system:node:{{EC2PrivateDNSName}}
  groups:
  - system:bootstrappers
  - system:nodes
`
)

// TestUndoBringsTheNodesBack breaks the map on a real API server while the guard and the auditor are stopped, has the auditor
// find that, undoes it, and asks the real authenticator, at each step with the map that the API server has, whether nodes
// come in.
func TestUndoBringsTheNodesBack(t *testing.T) {
	real := authenticator.Start(t)
	cluster, err := controlplane.Start(t.Context(), controlplane.Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cluster.Stop() })
	client := kubernetes.NewForConfigOrDie(cluster.AdminConfig)
	maps := client.CoreV1().ConfigMaps("kube-system")
	instance := cases.Caller{ARN: "arn:aws:sts::111122223333:assumed-role/nodes/i-0123456789abcdef0", SessionName: "i-0123456789abcdef0"}
	node := func(want cases.Kind) {
		t.Helper()
		cm, err := maps.Get(t.Context(), "aws-auth", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := real.Load(cm.Data); err != nil {
			t.Fatal(err)
		}
		got, err := real.Outcomes(instance)
		if err != nil || len(got) != 1 || got[0].Kind != want {
			t.Fatalf("the authenticator gives %v, %v; want %s\n%s", got, err, want, cm.Data["mapRoles"])
		}
		if want == cases.Mapped && !strings.HasPrefix(got[0].Username, "system:node:") {
			t.Fatalf("the node comes in as %s", got[0])
		}
	}
	write := func() error {
		cm, err := maps.Get(t.Context(), "aws-auth", metav1.GetOptions{})
		if err != nil {
			return err
		}
		cm.Data = map[string]string{"mapRoles": undoBroken}
		_, err = maps.Update(t.Context(), cm, metav1.UpdateOptions{FieldManager: "kubectl-edit"})
		return err
	}

	program, err := guard.Build(t.Context(), cluster.Directory)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: history.DefaultNamespace}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	stop := startGuard(t, cluster, client, program)
	if _, err := maps.Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: map[string]string{"mapRoles": undoMap},
	}, metav1.CreateOptions{FieldManager: "kubectl-create"}); err != nil {
		t.Fatal(err)
	}
	node(cases.Mapped)
	stopAuditor := startAuditor(t, cluster, program)
	recorded(t, client, undoMap)
	if err := write(); !apierrors.IsInvalid(err) {
		t.Fatalf("the guard lets the map be broken: %v", err)
	}

	stopAuditor()
	stop()
	err = wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
		return write() == nil, nil
	})
	if err != nil {
		t.Fatalf("the map can't be broken without the guard: %v", err)
	}
	node(cases.NotMapped)
	began := time.Now()
	startAuditor(t, cluster, program)
	told(t, client, "GuardFinding", "GuardNodesLost")
	t.Logf("the broken map was reported %s after the auditor was started", time.Since(began).Round(10*time.Millisecond))
	recorded(t, client, undoBroken)

	t.Setenv("KUBECONFIG", cluster.AdminKubeconfig)
	var out bytes.Buffer
	if code := cli.Run([]string{"undo", "--yes"}, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &out}); code != 0 {
		t.Fatalf("undo: exit code %d\n%s", code, &out)
	}
	if !strings.Contains(out.String(), "GAINS  node role arn:aws:iam::111122223333:role/nodes") {
		t.Errorf("undo says\n%s", &out)
	}
	node(cases.Mapped)
}

// startAuditor runs the auditor until the end of the test, or until it is stopped.
func startAuditor(t *testing.T, cluster *controlplane.ControlPlane, program string) (stop func()) {
	t.Helper()
	var log bytes.Buffer
	command := exec.CommandContext(context.WithoutCancel(t.Context()), program, "audit", "--kubeconfig", cluster.AdminKubeconfig, "--namespace", history.DefaultNamespace,
		"--bind-address", "127.0.0.1", "--health-port", "0", "--metrics-port", "0")
	command.Stderr = &log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		if err := command.Wait(); err != nil {
			t.Errorf("the auditor: %v", err)
		}
		if t.Failed() {
			t.Logf("the auditor's log:\n%s", &log)
		}
	})
	t.Cleanup(stop)
	return stop
}

// recorded waits until the newest state in the history is one with these roles.
func recorded(t *testing.T, client kubernetes.Interface, roles string) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		var content history.Content
		_, content, last = history.NewStore(client, history.DefaultNamespace).Newest(ctx, func(*history.Revision) bool { return true })
		return last == nil && content.Data["mapRoles"] == roles, nil
	})
	if err != nil {
		t.Fatalf("the history does not know the state: %v, %v", err, last)
	}
}

// told waits for Events of the map.
func told(t *testing.T, client kubernetes.Interface, reasons ...string) {
	t.Helper()
	var seen []string
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		list, err := client.CoreV1().Events("kube-system").List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		seen = nil
		for i := range list.Items {
			seen = append(seen, list.Items[i].Reason)
		}
		return !slices.ContainsFunc(reasons, func(r string) bool { return !slices.Contains(seen, r) }), nil
	})
	if err != nil {
		t.Fatalf("told %q, want %q: %v", seen, reasons, err)
	}
}

// startGuard puts the guard in front of the map, so that edits pass while it does not answer. The function that it
// returns stops the program, and nothing else.
func startGuard(t *testing.T, cluster *controlplane.ControlPlane, client kubernetes.Interface, program string) (stop func()) {
	t.Helper()
	log, err := os.Create(filepath.Join(cluster.Directory, "guard.log"))
	if err != nil {
		t.Fatal(err)
	}
	g, err := guard.Start(context.WithoutCancel(t.Context()), guard.Options{Program: program, Directory: cluster.Directory, Log: log, Arguments: []string{"--kubeconfig", cluster.AdminKubeconfig}})
	if err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		if err := g.Stop(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	if err := g.Register(t.Context(), cluster.AdminConfig); err != nil {
		t.Fatal(err)
	}
	ignoreFailures(t, client)
	return stop
}

// ignoreFailures gives both webhooks the failure policy of a default install. The API server takes a moment to notice.
func ignoreFailures(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	ignore := admissionregistrationv1.Ignore
	api := client.AdmissionregistrationV1()
	mutating, err := api.MutatingWebhookConfigurations().Get(t.Context(), "aws-auth-guard", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	mutating.Webhooks[0].FailurePolicy = &ignore
	if _, err := api.MutatingWebhookConfigurations().Update(t.Context(), mutating, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	validating, err := api.ValidatingWebhookConfigurations().Get(t.Context(), "aws-auth-guard", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	validating.Webhooks[0].FailurePolicy = &ignore
	if _, err := api.ValidatingWebhookConfigurations().Update(t.Context(), validating, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}
