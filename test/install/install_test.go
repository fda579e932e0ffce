package install

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTheChart goes through what people do with the chart, one thing after the other on one cluster: the order matters.
func TestTheChart(t *testing.T) {
	s := newSite(t)
	helm4, helm3 := s.Programs.Helm4, s.Programs.Helm3
	s.startCertManager(t)
	s.ownNamespace(t)
	own := s.newCertificate(t)
	s.put(t, own)
	existing := s.existing(t, own.authority)
	breakGlass := []string{"--values", filepath.Join(chart, "values-strict.yaml"), "--set", "webhook.breakGlass.groups={break-glass}"}
	certManager := []string{"--set", "certificates.mode=cert-manager"}

	for _, step := range []struct {
		name string
		do   func(t *testing.T)
	}{
		{"with Helm 4 and cert-manager", func(t *testing.T) {
			s.install(t, helm4, certManager...)
			s.guarded(t, "certmanager")
			s.helmTest(t, helm4)
		}},
		{"upgraded to the default values, self-signed certificates, under edits", func(t *testing.T) {
			s.during(t, "upgrade from cert-manager to self-signed", lost, func() { s.install(t, helm4) })
			s.guarded(t, "selfsigned")
			s.helmTest(t, helm4)
		}},
		{"upgraded to a Secret of one's own, under edits", func(t *testing.T) {
			s.during(t, "upgrade from self-signed to an existing Secret", lost, func() { s.install(t, helm4, append(existing, takeOver)...) })
			s.guarded(t, "existing")
		}},
		{"upgraded back to cert-manager, under edits", func(t *testing.T) {
			s.during(t, "upgrade from an existing Secret to cert-manager", lost, func() { s.install(t, helm4, certManager...) })
			s.guarded(t, "again")
		}},
		{"upgraded to the strict values", func(t *testing.T) {
			s.install(t, helm4, breakGlass...)
			s.guardedStrictly(t)
		}},
		{"an upgrade of nothing takes no edit's guard away", func(t *testing.T) {
			s.during(t, "upgrade of nothing, strict", unguarded, func() { s.install(t, helm4, breakGlass...) })
		}},
		{"strict: rollout restart under edits", func(t *testing.T) {
			s.during(t, "rollout restart, strict", unguarded, func() {
				s.k(t, "rollout", "restart", "deployment/"+release, "--namespace", namespace)
				s.k(t, "rollout", "status", "deployment/"+release, "--namespace", namespace, "--timeout", "3m")
			})
		}},
		{"strict: rotation by deleting the Secret of the certificates, under edits", func(t *testing.T) {
			s.during(t, "certificates deleted, strict", unguarded, func() {
				s.k(t, "delete", "secret", "aws-auth-guard-certificates", "--namespace", namespace)
				time.Sleep(10 * time.Second)
			})
		}},
		{"strict: cert-manager renews the certificate and its CA, under edits", func(t *testing.T) {
			s.install(t, helm4, append(certManager, breakGlass...)...)
			s.renewedByCertManager(t)
		}},
		{"strict: a Secret of one's own and its CA change, under edits", func(t *testing.T) { s.renewedByHand(t, helm4, breakGlass) }},
		{"strict: back to self-signed", func(t *testing.T) {
			s.install(t, helm4, breakGlass...)
			s.guardedStrictly(t)
		}},
		{"strict: a drained node under edits", func(t *testing.T) {
			s.during(t, "a drained node, strict", unguarded, func() {
				s.k(t, "drain", s.Node(1), "--ignore-daemonsets", "--delete-emptydir-data", "--timeout", "3m")
			})
			s.k(t, "uncordon", s.Node(1))
			s.k(t, "rollout", "restart", "deployment/"+release, "--namespace", namespace)
			s.k(t, "rollout", "status", "deployment/"+release, "--namespace", namespace, "--timeout", "3m")
		}},
		{"strict: a killed node under edits", s.killedNode},
		{"strict: no pod at all; the break-glass group still writes", s.noPods},
		{"no pod at all under Ignore; the companion policy still refuses", func(t *testing.T) {
			s.install(t, helm4)
			s.companionAlone(t)
		}},
		{"uninstalled", func(t *testing.T) { s.uninstall(t, helm4) }},
		{"by the README, with cert-manager", func(t *testing.T) { s.readmeInstalls(t, helm4, "cert-manager") }},
		{"by the README, without cert-manager", func(t *testing.T) { s.readmeInstalls(t, helm4, "self-signed") }},
		{"with Helm 3", func(t *testing.T) {
			s.install(t, helm3)
			s.guarded(t, "helmthree")
			s.helmTest(t, helm3)
			s.install(t, helm3, existing...)
			s.guarded(t, "helmthreemore")
			s.uninstall(t, helm3)
		}},
		{"with kubectl apply --server-side of helm template, as GitOps does", func(t *testing.T) { s.gitOps(t, helm4) }},
	} {
		if !t.Run(step.name, step.do) {
			t.Fatalf("the steps after %q would tell nothing", step.name)
		}
	}
}

// takeOver lets Helm 4, which applies as kubectl apply --server-side does, write the caBundle that somebody else keeps so
// far: cert-manager's cainjector or the guard itself.
const takeOver = "--force-conflicts"

// claim is what a stream of edits must show.
type claim func(t *testing.T, st *stream)

// lost is the claim that no edit fails. Where the guard lets an edit through while it is changed over (failurePolicy
// Ignore), that is only logged and no failure.
func lost(t *testing.T, st *stream) {
	t.Helper()
	if len(st.failed) > 0 {
		t.Errorf("edits failed:\n%s", first(st.failed))
	}
}

// unguarded is the claim that no edit fails, no good one is refused, and no bad one is stored.
func unguarded(t *testing.T, st *stream) {
	t.Helper()
	lost(t, st)
	if len(st.wrong) > 0 {
		t.Errorf("edits were judged wrongly:\n%s", first(st.wrong))
	}
}

// during does something under a stream of edits.
func (s *site) during(t *testing.T, what string, claim claim, do func()) {
	t.Helper()
	s.reset(t)
	st := s.stream(t)
	time.Sleep(time.Second)
	do()
	time.Sleep(time.Second)
	st.stop(t, what)
	claim(t, st)
}

func (s *site) helmTest(t *testing.T, helm string) {
	t.Helper()
	s.helm(t, helm, "test", release, "--namespace", namespace, "--timeout", "3m")
}

// startCertManager runs cert-manager's controllers on this machine, against the cluster.
func (s *site) startCertManager(t *testing.T) {
	t.Helper()
	log, err := os.Create(filepath.Join(s.dir, "cert-manager.log"))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(s.Programs.CertManager, "--kubeconfig", s.Kubeconfig, "--crds", s.Programs.CertManagerCRDs)
	command.Stdout, command.Stderr = log, log
	command.Env = append(os.Environ(), "POD_NAMESPACE=kube-system")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			lines := strings.Split(string(text), "\n")
			t.Logf("the end of cert-manager's log:\n%s", strings.Join(lines[max(0, len(lines)-8):], "\n"))
		}
		_ = log.Close()
	})
	for deadline := time.Now().Add(waitLimit); ; time.Sleep(200 * time.Millisecond) {
		r := s.run(t, s.kubectl, "", nil, "wait", "--for=condition=Established", "crd/certificates.cert-manager.io", "crd/issuers.cert-manager.io", "--timeout", "10s")
		if r.code == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("cert-manager's definitions: %s", r)
		}
	}
}
