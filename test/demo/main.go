// Command demo shows the guard at work: it starts a real API server with the real webhook program in front of
// kube-system/aws-auth, and lets the real kubectl edit it.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"golang.org/x/term"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

func main() {
	guard.EditorMain()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	interrupted := ctx.Err() != nil
	stop()
	if err != nil && !interrupted {
		fmt.Fprintf(os.Stderr, "demo: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	say("Starting etcd and kube-apiserver (the first time on a machine they are built, which takes minutes) …")
	// The servers outlive ctx, so that they are ended in order.
	servers, err := controlplane.Start(ctx, controlplane.Options{Progress: os.Stderr})
	if err != nil {
		return err
	}
	defer func() { _ = servers.Stop() }()
	say("Building and starting the webhook …")
	program, err := guard.Build(ctx, servers.Directory)
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(servers.Directory, "guard.log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	webhook, err := guard.Start(ctx, guard.Options{Program: program, Directory: servers.Directory, Log: log})
	if err != nil {
		return err
	}
	running := webhook
	defer func() {
		if running != nil {
			_ = running.Stop()
		}
	}()
	if err := webhook.Register(ctx, servers.AdminConfig); err != nil {
		return err
	}
	d := &demo{ControlPlane: servers}
	if d.clients, err = kubernetes.NewForConfig(servers.AdminConfig); err != nil {
		return err
	}
	if err := d.story(ctx); err != nil {
		return err
	}
	if err := webhook.Unregister(ctx, servers.AdminConfig); err != nil {
		return err
	}
	running = nil
	if err := webhook.Stop(); err != nil {
		return err
	}
	if running, err = d.journey(ctx, program, log); err != nil {
		return err
	}
	return d.goOn(ctx)
}

// demo is one showing.
type demo struct {
	*controlplane.ControlPlane
	clients kubernetes.Interface
}

// seed makes the map as somebody whom the guard lets through, so that it may hold old mistakes.
func (d *demo) seed(ctx context.Context, data map[string]string) error {
	config := rest.CopyConfig(d.AdminConfig)
	config.Impersonate = rest.ImpersonationConfig{UserName: "eks:demo", Groups: []string{"system:masters"}}
	config.WarningHandler = rest.NoWarnings{}
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: data}
	_, err = clients.CoreV1().ConfigMaps("kube-system").Create(ctx, c, metav1.CreateOptions{FieldManager: "eks"})
	return err
}

// stored is mapRoles as it is now.
func (d *demo) stored(ctx context.Context) (string, error) {
	c, err := d.clients.CoreV1().ConfigMaps("kube-system").Get(ctx, "aws-auth", metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	return c.Data["mapRoles"], nil
}

// goOn says how to try more by hand and, where somebody sits at the terminal, waits for them.
func (d *demo) goOn(ctx context.Context) error {
	title("Try it yourself")
	say("  export KUBECONFIG=" + d.AdminKubeconfig)
	say("  " + d.KubectlPath + " edit configmap aws-auth -n kube-system")
	say("  " + d.KubectlPath + " apply --server-side --field-manager=Terraform -f FILE")
	say("  tail -f " + filepath.Join(d.Directory, "guard.log"))
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		say("\nNobody is at the terminal, so the servers end now; run make demo in a terminal to keep them.")
		return nil
	}
	say("\nThe servers run until you press Enter or Ctrl-C.")
	pressed := make(chan struct{})
	go func() {
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		close(pressed)
	}()
	select {
	case <-ctx.Done():
	case <-pressed:
	}
	return nil
}
