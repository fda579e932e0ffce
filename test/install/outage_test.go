package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// killedNode kills a node with all that runs on it, as a machine that loses its power. Until the control plane has
// noticed, it may ask the pod that is gone: such an edit is refused (strict), which is only logged, and none passes
// unguarded. From then on none fails.
func (s *site) killedNode(t *testing.T) {
	s.reset(t)
	st := s.stream(t)
	time.Sleep(time.Second)
	if err := s.KillNode(2); err != nil {
		t.Fatal(err)
	}
	if err := s.AwaitNotReady(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	// Its endpoints are taken out of the Service in a moment, and connections to it are given up within the time
	// limit of the webhook.
	time.Sleep(10 * time.Second)
	st.stop(t, "a killed node, strict, until it is noticed")
	for _, line := range st.wrong {
		t.Errorf("judged wrongly: %s", line)
	}
	if len(st.failed) > 0 {
		t.Logf("refused because the pod that was asked is gone:\n%s", first(st.failed))
	}
	s.during(t, "a killed node, strict, once it is noticed", unguarded, func() { time.Sleep(5 * time.Second) })
	if err := s.StartNode(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	s.during(t, "the node is back, strict", unguarded, func() {
		s.k(t, "rollout", "status", "deployment/"+release, "--namespace", namespace, "--timeout", "3m")
	})
}

// scale sets the number of the webhook's pods, and waits until it is so.
func (s *site) scale(t *testing.T, replicas string) {
	t.Helper()
	s.k(t, "scale", "deployment/"+release, "--replicas", replicas, "--namespace", namespace)
	if replicas == "0" {
		s.k(t, "wait", "--for=delete", "pod", "--selector", "app.kubernetes.io/component=webhook", "--namespace", namespace, "--timeout", "3m")
		return
	}
	s.k(t, "rollout", "status", "deployment/"+release, "--namespace", namespace, "--timeout", "3m")
}

// companionAlone takes all pods of the webhook away under failurePolicy Ignore: what the guard would refuse is stored,
// but for what the companion policy refuses.
func (s *site) companionAlone(t *testing.T) {
	t.Helper()
	s.reset(t)
	s.scale(t, "0")
	bad := `{"data":{"mapUsers":"- userarn: arn:aws:iam::111122223333:group/x\n  username: x\n"}}`
	if r := s.run(t, s.kubectl, "", nil, "patch", "configmap", "aws-auth", "--namespace", "kube-system", "--patch", bad); r.code != 0 {
		t.Errorf("an edit with no pod under Ignore:\n%s", r)
	}
	for what, arguments := range map[string][]string{
		"a delete":       {"delete", "configmap", "aws-auth", "--namespace", "kube-system"},
		"an emptied map": {"patch", "configmap", "aws-auth", "--namespace", "kube-system", "--patch", `{"data":{"mapRoles":""}}`},
	} {
		if r := s.run(t, s.kubectl, "", nil, arguments...); r.code == 0 || !strings.Contains(r.errors, "[map-deleted]") {
			t.Errorf("%s with no pod under Ignore:\n%s", what, r)
		}
	}
	s.scale(t, "2")
}

// noPods takes all pods of the webhook away under the strict values.
func (s *site) noPods(t *testing.T) {
	s.reset(t)
	s.scale(t, "0")
	patch := `{"data":{"mapUsers":"- userarn: arn:aws:iam::111122223333:user/fixer\n  username: fixer\n  groups: [system:masters]\n"}}`
	everybody := s.run(t, s.kubectl, "", nil, "patch", "configmap", "aws-auth", "--namespace", "kube-system", "--patch", patch)
	if everybody.code == 0 || !strings.Contains(everybody.errors, "failed calling webhook") {
		t.Errorf("an edit with no pod under Fail:\n%s", everybody)
	}
	fixer := s.run(t, s.kubectl, "", nil, append([]string{"patch", "configmap", "aws-auth", "--namespace", "kube-system", "--patch", patch}, asBreakGlass...)...)
	if fixer.code != 0 {
		t.Errorf("an edit of the break-glass group with no pod:\n%s", fixer)
	}
	s.scale(t, "3")
}

// gitOps installs as Argo CD and Flux do: what Helm renders is applied by the API server, again and again, and nobody
// keeps a release.
func (s *site) gitOps(t *testing.T, helm string) {
	rendered := s.helm(t, helm, "template", release, chart, "--namespace", namespace, "--no-hooks")
	path := filepath.Join(s.dir, "rendered.yaml")
	if err := os.WriteFile(path, []byte(rendered.output), 0o600); err != nil {
		t.Fatal(err)
	}
	apply := func() {
		s.k(t, "apply", "--server-side", "--filename", path)
		s.k(t, "rollout", "status", "deployment/"+release, "--namespace", namespace, "--timeout", "3m")
	}
	apply()
	s.awaitGuard(t)
	s.guarded(t, "gitops")
	s.during(t, "applied again by GitOps", unguarded, apply)
	s.k(t, "delete", "--filename", path, "--ignore-not-found", "--wait", "--timeout", "3m")
	s.nothingLeft(t)
}

// awaitGuard waits until the API server asks the guard: the configurations come into force a moment after the pods
// are ready.
func (s *site) awaitGuard(t *testing.T) {
	t.Helper()
	s.reset(t)
	for deadline := time.Now().Add(waitLimit); ; time.Sleep(200 * time.Millisecond) {
		r := s.run(t, s.kubectl, "", nil, "patch", "configmap", "aws-auth", "--namespace", "kube-system", "--dry-run=server",
			"--patch", `{"data":{"mapUsers":"- userarn: arn:aws:iam::111122223333:group/x\n  username: x\n"}}`)
		if r.code != 0 && strings.Contains(r.errors, "[arn-kind]") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the guard is not asked: %s", r)
		}
	}
}
