package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

const (
	// applyLimit bounds the wait for an object whose kind, or whose webhook, is still being made.
	applyLimit = 2 * time.Minute
	// endLimit bounds how long a program may take to stop.
	endLimit = 10 * time.Second
	// shownLines is how much of a program's log is shown.
	shownLines = 15
)

// policies are the nearest that Gatekeeper and Kyverno can say, and what Kyverno wants to be there.
//
//go:embed policies
var policies embed.FS

func installGatekeeper(ctx context.Context, l *lab, v *variant) error {
	if l.programs.rivals.Gatekeeper == "" {
		return errors.New("it was left out by -rivals=false")
	}
	manifest, err := os.ReadFile(filepath.Join(l.programs.rivals.GatekeeperSource, "deploy", "gatekeeper.yaml"))
	if err != nil {
		return err
	}
	pod := "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: gatekeeper-system}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: gatekeeper, namespace: gatekeeper-system}\n" +
		"spec: {containers: [{name: gatekeeper, image: gatekeeper}]}\n"
	if err := l.apply(ctx, definitions(string(manifest))+pod); err != nil {
		return err
	}
	dir, err := l.folder("gatekeeper")
	if err != nil {
		return err
	}
	authority, err := guard.NewAuthority()
	if err != nil {
		return err
	}
	if err := authority.Issue(dir); err != nil {
		return err
	}
	ports, err := freePorts(2)
	if err != nil {
		return err
	}
	v.pid, err = l.run(ctx, "gatekeeper", l.programs.rivals.Gatekeeper, []string{"POD_NAMESPACE=gatekeeper-system", "POD_NAME=gatekeeper", "NAMESPACE=gatekeeper-system"},
		"--kubeconfig", l.plane.AdminKubeconfig, "--operation=webhook", "--operation=generate", "--operation=status", "--disable-cert-rotation", "--cert-dir", dir, "--host", "127.0.0.1",
		"--port", ports[0], "--health-addr", "127.0.0.1:"+ports[1], "--prometheus-port", "0", "--log-level", "ERROR")
	if err != nil {
		return err
	}
	for _, name := range []string{"gatekeeper-template.yaml", "gatekeeper-constraint.yaml"} {
		if err := l.applyPolicy(ctx, name); err != nil {
			return err
		}
	}
	url := "https://127.0.0.1:" + ports[0] + "/v1/admit"
	return v.registration(v.hooks[0], admissionregistrationv1.WebhookClientConfig{URL: &url, CABundle: authority.PEM}).Validating(ctx, l.admin)
}

func installKyverno(ctx context.Context, l *lab, v *variant) error {
	if l.programs.rivals.Kyverno == "" {
		return errors.New("it was left out by -rivals=false")
	}
	var manifests strings.Builder
	err := filepath.WalkDir(filepath.Join(l.programs.rivals.KyvernoSource, "config", "crds"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		manifests.WriteString("\n---\n" + string(text))
		return err
	})
	if err != nil {
		return err
	}
	namespaceText := "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: kyverno}\n---\n"
	if err := l.apply(ctx, definitions(manifests.String())+namespaceText); err != nil {
		return err
	}
	if err := l.applyPolicy(ctx, "kyverno-objects.yaml"); err != nil {
		return err
	}
	ports, err := freePorts(2)
	if err != nil {
		return err
	}
	v.pid, err = l.run(ctx, "kyverno", l.programs.rivals.Kyverno, []string{
		"KYVERNO_NAMESPACE=kyverno", "KYVERNO_POD_NAME=kyverno", "KYVERNO_DEPLOYMENT=kyverno", "KYVERNO_SERVICEACCOUNT_NAME=kyverno",
		"KYVERNO_ROLE_NAME=kyverno", "KYVERNO_SVC=kyverno-svc", "INIT_CONFIG=kyverno", "METRICS_CONFIG=kyverno-metrics", "TUF_ROOT=" + l.plane.Directory,
	},
		"--kubeconfig", l.plane.AdminKubeconfig, "--serverIP", "127.0.0.1:"+ports[0], "--webhookServerHost", "127.0.0.1", "--webhookServerPort", ports[0],
		"--metricsHost", "127.0.0.1", "--metricsPort", ports[1], "--caSecretName", "kyverno-ca", "--tlsSecretName", "kyverno-tls",
		"--controllerRuntimeMetricsAddress", "0", "--admissionReports=false", "--disableMetrics=true", "--loggingFormat=json", "--v=0")
	if err != nil {
		return err
	}
	return l.applyPolicy(ctx, "kyverno-policy.yaml")
}

// definitions are the custom resource definitions of a manifest.
func definitions(manifest string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(manifest, "\n---\n") {
		if strings.Contains(part, "\nkind: CustomResourceDefinition\n") {
			b.WriteString(strings.TrimPrefix(part, "---\n") + "\n---\n")
		}
	}
	return b.String()
}

func (l *lab) applyPolicy(ctx context.Context, name string) error {
	text, err := policies.ReadFile("policies/" + name)
	if err != nil {
		return err
	}
	return l.apply(ctx, string(text))
}

// apply applies manifests, again and again until the API server has taken all of them.
func (l *lab) apply(ctx context.Context, manifests string) error {
	call := controlplane.Call{Arguments: []string{"apply", "--server-side", "--force-conflicts", "-f", "-"}, Input: manifests}
	for end := time.Now().Add(applyLimit); ; time.Sleep(500 * time.Millisecond) {
		result, err := l.plane.Kubectl(ctx, call)
		if err != nil {
			return err
		}
		if result.ExitCode == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("kubectl apply: %s", firstLines(result.Errors))
		}
	}
}

// run starts a program that lasts as long as the lab.
func (l *lab) run(ctx context.Context, name, program string, environment []string, arguments ...string) (pid int, err error) {
	log, err := os.Create(filepath.Join(l.plane.Directory, name+".log"))
	if err != nil {
		return 0, err
	}
	defer log.Close()
	l.logs = append(l.logs, log.Name())
	running, stop := context.WithCancel(ctx)
	command := exec.CommandContext(running, program, arguments...)
	command.Env = append(os.Environ(), environment...)
	command.Stdout, command.Stderr = log, log
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = endLimit
	if err := command.Start(); err != nil {
		stop()
		return 0, err
	}
	l.stops = append(l.stops, func() {
		stop()
		_ = command.Wait()
	})
	return command.Process.Pid, nil
}

// lastLines is the end of the log of the program that was started last.
func (l *lab) lastLines() string {
	if len(l.logs) == 0 {
		return ""
	}
	text, err := os.ReadFile(l.logs[len(l.logs)-1])
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-shownLines):], "\n")
}

func freePorts(n int) ([]string, error) {
	var ports []string
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		ports = append(ports, strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	}
	return ports, nil
}

// firstLines is the beginning of an output.
func firstLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[:min(3, len(lines))], " ")
}
