package permissions

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What the guard does for certificates of its own.
const (
	fillsSecret     = "the Secret is filled"
	remakesSecret   = "the Secret is created again"
	injectsMutating = "the caBundle of the mutating webhook"
	injectsOther    = "the caBundle of the validating webhook"
	followsSecret   = "the Secret is followed"
	followsMutating = "the mutating webhook is followed"
	followsOther    = "the validating webhook is followed"
)

// blindSelfSigned is what becomes blind without a permission that the mode self-signed adds.
func blindSelfSigned() map[string][]string {
	const secret = "own %s secrets/aws-auth-guard-certificates"
	const mutating, validating = "cluster %s mutatingwebhookconfigurations/aws-auth-guard", "cluster %s validatingwebhookconfigurations/aws-auth-guard"
	all := []string{fillsSecret, injectsMutating, injectsOther}
	return map[string][]string{
		fmt.Sprintf(secret, "get"):    all,
		fmt.Sprintf(secret, "update"): all,
		fmt.Sprintf(secret, "list"):   {followsSecret},
		fmt.Sprintf(secret, "watch"):  {followsSecret},
		"own create secrets":          {remakesSecret},
		// What a caBundle holds decides which certificate may be served: unread, there is none.
		fmt.Sprintf(mutating, "get"):     all,
		fmt.Sprintf(mutating, "patch"):   {injectsMutating},
		fmt.Sprintf(mutating, "list"):    {followsMutating},
		fmt.Sprintf(mutating, "watch"):   {followsMutating},
		fmt.Sprintf(validating, "get"):   all,
		fmt.Sprintf(validating, "patch"): {injectsOther},
		fmt.Sprintf(validating, "list"):  {followsOther},
		fmt.Sprintf(validating, "watch"): {followsOther},
	}
}

func TestTheCertificatesOfTheGuardWithWhatTheChartGives(t *testing.T) {
	chart := renderChart(t, "certificates.mode=self-signed")
	var own []permission
	common := renderChart(t, "certificates.mode=cert-manager").permissions(t, webhookAccount)
	for _, p := range chart.permissions(t, webhookAccount) {
		if !slices.Contains(texts(common), p.String()) {
			own = append(own, p)
		}
	}
	table := blindSelfSigned()
	expectations(t, table, own)
	install(t, chart.kinds("ServiceAccount", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"))
	kubeconfig := signIn(t, webhookAccount)
	t.Run("all", func(t *testing.T) {
		for _, p := range own {
			awaitAllowed(t.Context(), t, webhookAccount, p, true)
		}
		tryCertificates(t, chart, kubeconfig, nil)
	})
	for _, p := range own {
		t.Run("without "+p.String(), func(t *testing.T) {
			take(t, webhookAccount, p)
			tryCertificates(t, chart, kubeconfig, table[p.String()])
		})
	}
}

// tryCertificates starts a guard with an empty Secret and webhooks without a caBundle, as the chart makes them.
func tryCertificates(t *testing.T, chart rendering, kubeconfig string, blind []string) {
	t.Helper()
	install(t, chart.kinds("Secret", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"))
	sees := func(what string) bool { return !slices.Contains(blind, what) }
	p := startProgram(t, shared.program, []string{
		"serve", "--kubeconfig", kubeconfig, "--namespace", namespace, "--self-signed", "--bind-address", "127.0.0.1",
		"--port", "0", "--health-port", "0", "--metrics-port", "0", "--drain", "0s",
		// API servers before 1.34 can't stream a list; then a watch begins with list.
	}, "KUBE_FEATURE_WatchListClient=false")
	secrets := shared.admin.CoreV1().Secrets(namespace)
	filled := func() error {
		s, err := secrets.Get(t.Context(), "aws-auth-guard-certificates", metav1.GetOptions{})
		if err == nil && len(s.Data[corev1.TLSCertKey]) == 0 {
			err = errors.New("the Secret is empty")
		}
		return err
	}
	mutating := func() ([]byte, error) {
		c, err := shared.admin.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(t.Context(), "aws-auth-guard", metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		return c.Webhooks[0].ClientConfig.CABundle, nil
	}
	validating := func() ([]byte, error) {
		c, err := shared.admin.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(t.Context(), "aws-auth-guard", metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		return c.Webhooks[0].ClientConfig.CABundle, nil
	}
	injected := func(read func() ([]byte, error)) func() error {
		return func() error {
			bundle, err := read()
			if err == nil && !bytes.Contains(bundle, []byte("BEGIN CERTIFICATE")) {
				err = errors.New("no caBundle")
			}
			return err
		}
	}
	for _, f := range []struct {
		name  string
		works func() error
	}{{fillsSecret, filled}, {injectsMutating, injected(mutating)}, {injectsOther, injected(validating)}} {
		p.expect(t, f.name, sees(f.name), f.works)
	}
	for what, resource := range map[string]string{followsSecret: "secrets", followsMutating: "mutatingwebhookconfigurations", followsOther: "validatingwebhookconfigurations"} {
		if !sees(what) || sees(fillsSecret) {
			p.follows(t, what, resource, sees(what))
		}
	}
	if !sees(fillsSecret) {
		return
	}
	if err := secrets.Delete(t.Context(), "aws-auth-guard-certificates", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	p.expect(t, remakesSecret, sees(remakesSecret), func() error {
		// The authority is there at once, the certificate when all trust it.
		s, err := secrets.Get(t.Context(), "aws-auth-guard-certificates", metav1.GetOptions{})
		if err == nil && len(s.Data) == 0 {
			err = errors.New("the Secret is empty")
		}
		return err
	})
}

// program is the webhook program as it runs.
type program struct {
	command *exec.Cmd
	log     string
	// line is what it has written, once it is at work.
	line  chan string
	ended chan error
	// before counts the events in the API server's audit log from before it was started.
	before int
}

func startProgram(t *testing.T, path string, arguments []string, environment ...string) *program {
	t.Helper()
	p := &program{command: exec.Command(path, arguments...), log: filepath.Join(t.TempDir(), "log"), line: make(chan string, 1), ended: make(chan error, 1)}
	before, err := shared.AuditEvents()
	if err != nil {
		t.Fatal(err)
	}
	p.before = len(before)
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	p.command.Stderr, p.command.Env = log, append(os.Environ(), environment...)
	out, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		p.line <- line
		p.ended <- p.command.Wait()
	}()
	t.Cleanup(func() {
		_ = p.command.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-p.ended:
			if err != nil {
				t.Errorf("%s ended with %v", arguments[0], err)
			}
		case <-time.After(patience):
			_ = p.command.Process.Kill()
			t.Errorf("%s did not end", arguments[0])
		}
		_ = log.Close()
		if t.Failed() {
			t.Logf("the log:\n%s", p.said(t))
		}
	})
	return p
}

func (p *program) said(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(p.log)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// expect waits until something works, or until the program says that it may not do it; then it must not work.
func (p *program) expect(t *testing.T, what string, sees bool, works func() error) {
	t.Helper()
	eventually(t, what, func() error {
		err := works()
		switch {
		case sees:
			return err
		case err == nil:
			return errors.New("it works without the permission")
		case !strings.Contains(p.said(t), "forbidden") && !strings.Contains(p.said(t), "lacks the permission"):
			return errNotYet
		}
		return nil
	})
}

// follows waits until the API server has begun to show the changes of a resource, or refused to.
func (p *program) follows(t *testing.T, what, resource string, sees bool) {
	t.Helper()
	eventually(t, what, func() error {
		all, err := shared.AuditEvents()
		if err != nil {
			return err
		}
		watched, refused := false, false
		for _, e := range all[p.before:] {
			if e.Object.Resource != resource || e.User.Username != "system:serviceaccount:"+namespace+":"+webhookAccount {
				continue
			}
			watched = watched || e.Verb == "watch" && e.Stage == "ResponseStarted" && e.Response.Code == 200
			refused = refused || (e.Verb == "watch" || e.Verb == "list") && e.Response.Code == 403
		}
		if watched != sees || refused == sees {
			return fmt.Errorf("watched %v, refused %v", watched, refused)
		}
		return nil
	})
}
