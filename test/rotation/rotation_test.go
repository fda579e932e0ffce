package rotation

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	// The webhook program is built outside of go test's sight: without this, results of an older one would be taken
	// from the cache.
	_ "github.com/aws-auth-guard/aws-auth-guard/internal/server"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
	"github.com/aws-auth-guard/aws-auth-guard/test/slowproxy"
)

// cluster is what the tests share: the names are those of an installation, so none runs beside another.
type cluster struct {
	*controlplane.ControlPlane
	admin   kubernetes.Interface
	program string
}

var shared *cluster //nolint:gochecknoglobals // Starting it takes too long to do it for each test.

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c, err := controlplane.Start(ctx, controlplane.Options{Progress: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = c.Stop() }()
	shared = &cluster{ControlPlane: c}
	if shared.program, err = guard.Build(ctx, c.Directory); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	quiet := rest.CopyConfig(c.AdminConfig)
	quiet.WarningHandler = rest.NoWarnings{}
	if shared.admin, err = kubernetes.NewForConfig(quiet); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// TestNoEditFailsWhileEverythingRotates has an authority that lives for less than a minute, and kills a replica in
// every phase of its change.
func TestNoEditFailsWhileEverythingRotates(t *testing.T) {
	s := newSite(t, 48*time.Second, 16*time.Second)
	s.emptySecret()
	var waiting []<-chan *replica
	for range 3 {
		_, serving, _ := s.launch(s.kubeconfig)
		waiting = append(waiting, serving)
	}
	var replicas []*replica
	for _, serving := range waiting {
		select {
		case r := <-serving:
			replicas = append(replicas, r)
		case <-time.After(await.Patience):
			t.Fatal("a replica does not serve")
		}
	}
	first, err := replicas[0].serves(s.secret().Data["ca.crt"])
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range replicas {
		await.True(s.t, "a replica is ready", r.ready)
		if leaf, err := r.serves(s.secret().Data["ca.crt"]); err != nil || !leaf.Equal(first) {
			t.Fatalf("the replicas don't agree on a certificate: %v", err)
		}
		s.balancer.add(r.address())
	}
	await.True(s.t, "an edit is guarded", func() bool { return edit(t.Context()) == nil })
	edits := s.stream()

	killed := map[string]int{}
	leaves, authorities := map[string]bool{}, map[string]bool{}
	last := ""
	for end := time.Now().Add(4 * await.Patience); len(authorities) < 4 || len(killed) < 3; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d authorities, replicas killed while %v", len(authorities), killed)
		}
		phase, authority := s.phase()
		authorities[authority] = true
		for _, r := range replicas {
			// The bundles are read first: what is served next is signed by what they hold by then.
			for _, bundle := range s.bundles() {
				leaf, err := r.serves(bundle)
				if err != nil {
					t.Errorf("the API server would refuse a replica while %s: %v", phase, err)
					continue
				}
				leaves[leaf.SerialNumber.String()] = true
			}
		}
		if phase == last {
			continue
		}
		last = phase
		victim := replicas[0]
		edits.mu.Lock()
		s.balancer.remove(t, victim.address())
		victim.kill()
		edits.mu.Unlock()
		killed[phase]++
		replicas = append(replicas[1:], s.start())
	}
	edits.check(t)
	t.Logf("%d authorities, %d certificates, replicas killed while %v", len(authorities), len(leaves), killed)
}

func TestALostSecretIsMadeAgainWithoutAFailedEdit(t *testing.T) {
	s := newSite(t, 2*time.Minute, 40*time.Second)
	replicas := []*replica{s.start(), s.start()}
	await.True(s.t, "an edit is guarded", func() bool { return edit(t.Context()) == nil })
	edits := s.stream()
	secrets := shared.admin.CoreV1().Secrets(s.namespace)
	patch := func(text string) func() error {
		return func() error {
			_, err := secrets.Patch(t.Context(), secretName, types.MergePatchType, []byte(text), metav1.PatchOptions{})
			return err
		}
	}
	for _, loss := range []struct {
		how string
		do  func() error
	}{
		{"deleted", func() error { return secrets.Delete(t.Context(), secretName, metav1.DeleteOptions{}) }},
		{"half of it gone", patch(`{"data":{"tls.key":null,"ca.crt":null}}`)},
		{"emptied", patch(`{"data":null}`)},
		{"garbage", patch(`{"data":{"authority.json":"e30="}}`)},
	} {
		_, before := s.phase()
		if err := loss.do(); err != nil {
			t.Fatal(err)
		}
		await.True(s.t, loss.how+": another authority signs", func() bool {
			phase, now := s.phase()
			return phase == "serving" && now != "" && now != before
		})
		for _, r := range replicas {
			await.True(s.t, loss.how+": the replicas serve what it signed", func() bool {
				leaf, err := r.serves(s.secret().Data["ca.crt"])
				return err == nil && strings.Contains(string(s.secret().Data["tls.crt"]), pemBody(leaf.Raw)) && r.ready()
			})
		}
	}
	edits.check(t)
	for _, r := range replicas {
		_, metrics := r.get(r.MetricsURL + "/metrics")
		for _, want := range []string{"awsauth_authority_last_sync_successful 1", "awsauth_authority_last_injection_successful 1", "awsauth_certificate_expiry_timestamp_seconds 1", "awsauth_authority_expiry_timestamp_seconds 1"} {
			if !strings.Contains(metrics, want) {
				t.Errorf("the metrics lack %s", want)
			}
		}
	}
	replacements := 0
	await.True(t, "the log tells of each replacement", func() bool {
		replacements = 0
		for _, r := range replicas {
			replacements += strings.Count(r.log.String(), "made a new authority in place of a Secret that can't be used")
		}
		return replacements >= 4
	})
	if replacements != 4 {
		t.Errorf("the Secret was replaced %d times", replacements)
	}
	for _, r := range replicas {
		for line := range strings.Lines(r.log.String()) {
			// A replica leaves a Secret alone for a moment that it has replaced just before.
			if strings.Contains(line, `"level":"ERROR"`) && !strings.Contains(line, "it was replaced just now") {
				t.Errorf("a replica logged an error: %s", line)
			}
		}
	}
}

func TestAnEmptiedCABundleIsPutBack(t *testing.T) {
	s := newSite(t, time.Hour, 20*time.Minute)
	r := s.start()
	await.True(s.t, "an edit is guarded", func() bool { return edit(t.Context()) == nil })
	want := s.bundles()
	empty := []byte(`[{"op":"remove","path":"/webhooks/0/clientConfig/caBundle"}]`)
	foreign, err := guard.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	for _, meddle := range []func() error{
		func() error {
			_, err := shared.admin.AdmissionregistrationV1().MutatingWebhookConfigurations().Patch(t.Context(), configuration, types.JSONPatchType, empty, metav1.PatchOptions{})
			return err
		},
		func() error {
			_, err := shared.admin.AdmissionregistrationV1().ValidatingWebhookConfigurations().Patch(t.Context(), configuration, types.JSONPatchType, empty, metav1.PatchOptions{})
			return err
		},
		func() error {
			v, err := shared.admin.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(t.Context(), configuration, metav1.GetOptions{})
			if err != nil {
				return err
			}
			v.Webhooks[0].ClientConfig.CABundle = append(foreign.PEM, v.Webhooks[0].ClientConfig.CABundle...)
			_, err = shared.admin.AdmissionregistrationV1().ValidatingWebhookConfigurations().Update(t.Context(), v, metav1.UpdateOptions{})
			return err
		},
	} {
		if err := meddle(); err != nil {
			t.Fatal(err)
		}
		await.True(s.t, "the caBundles are what they were", func() bool { b := s.bundles(); return bytes.Equal(b[0], want[0]) && bytes.Equal(b[1], want[1]) })
		await.True(s.t, "an edit is guarded", func() bool { return edit(t.Context()) == nil })
		await.True(s.t, "the replica is ready", r.ready)
	}
}

func TestThePredecessorsCertificatesAreAcceptedWhileItTakesOver(t *testing.T) {
	s := newSite(t, 5*time.Minute, 100*time.Second)
	other, err := guard.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	v, err := shared.admin.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(t.Context(), configuration, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	v.Webhooks[0].ClientConfig.CABundle = other.PEM
	if _, err := shared.admin.AdmissionregistrationV1().ValidatingWebhookConfigurations().Update(t.Context(), v, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	s.start()
	for i, bundle := range s.bundles() {
		if !bytes.Contains(bundle, other.PEM) {
			t.Errorf("configuration %d ceased to trust what replicas of before are served with", i)
		}
	}
	await.True(s.t, "the predecessor is trusted no more", func() bool {
		b := s.bundles()
		return !bytes.Contains(b[0], other.PEM) && !bytes.Contains(b[1], other.PEM)
	})
}

func TestTheSecretOfSomebodyElseIsLeftAlone(t *testing.T) {
	s := newSite(t, time.Hour, 20*time.Minute)
	theirs := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: secretName}, Type: corev1.SecretTypeTLS, Data: map[string][]byte{"tls.crt": []byte("theirs"), "tls.key": []byte("theirs")},
	}
	if _, err := shared.admin.CoreV1().Secrets(s.namespace).Create(t.Context(), theirs, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	l, serving, failed := s.launch(s.kubeconfig)
	select {
	case <-serving:
		t.Error("it serves")
	case err := <-failed:
		if want := "is not the guard's own: it is of type kubernetes.io/tls, not Opaque"; !strings.Contains(l.String(), want) {
			t.Errorf("%v\n%s", err, l)
		}
	case <-time.After(await.Patience):
		t.Error("it waits")
	}
	if got := s.secret(); !bytes.Equal(got.Data["tls.crt"], []byte("theirs")) || len(got.Data) != 2 {
		t.Errorf("the Secret was changed: %v", got.Data)
	}
}

func TestWithoutThePermissionToCreateItWaitsForTheSecret(t *testing.T) {
	s := newSite(t, time.Hour, 20*time.Minute)
	s.allow("guard-of-"+s.namespace, false)
	await.True(s.t, "the permission is gone", func() bool {
		own, err := kubernetes.NewForConfig(s.config)
		if err != nil {
			t.Fatal(err)
		}
		_, err = own.CoreV1().Secrets(s.namespace).Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "other"}}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err != nil
	})
	l, serving, failed := s.launch(s.kubeconfig)
	await.True(s.t, "it says what it lacks", func() bool { return strings.Contains(l.String(), "cannot create resource") })
	s.emptySecret()
	select {
	case r := <-serving:
		await.True(s.t, "it is ready", r.ready)
	case err := <-failed:
		t.Errorf("it ended: %v\n%s", err, l)
	case <-time.After(await.Patience):
		t.Error("it does not serve")
	}
}

func TestWithoutTheAPIServerItServesFromMemoryAndANewReplicaWaits(t *testing.T) {
	s := newSite(t, time.Hour, 20*time.Minute)
	proxy, err := slowproxy.Start(s.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Stop() })
	if s.kubeconfig, err = shared.WriteKubeconfig(proxy.Config()); err != nil {
		t.Fatal(err)
	}
	r := s.start()
	await.True(s.t, "an edit is guarded", func() bool { return edit(t.Context()) == nil })

	proxy.Refuse(true)
	l, serving, failed := s.launch(s.kubeconfig)
	await.True(s.t, "the new replica says why it waits", func() bool { return strings.Contains(l.String(), "can't be read") })
	await.True(s.t, "the old one notices", func() bool {
		_, metrics := r.get(r.MetricsURL + "/metrics")
		return strings.Contains(metrics, "awsauth_authority_last_sync_successful 0")
	})
	if !r.ready() || edit(t.Context()) != nil {
		t.Error("the old replica does not serve from memory")
	}
	proxy.Refuse(false)
	select {
	case fresh := <-serving:
		await.True(s.t, "the new replica is ready", fresh.ready)
	case err := <-failed:
		t.Errorf("the new replica ended: %v\n%s", err, l)
	case <-time.After(await.Patience):
		t.Error("the new replica does not serve")
	}
}

func TestACABundleThatCertManagerKeepsIsLeftAlone(t *testing.T) {
	s := newSite(t, time.Hour, 20*time.Minute)
	annotate := func(value string) {
		t.Helper()
		patch := []byte(`{"metadata":{"annotations":{"cert-manager.io/inject-ca-from":` + value + `}}}`)
		_, err := shared.admin.AdmissionregistrationV1().ValidatingWebhookConfigurations().Patch(t.Context(), configuration, types.MergePatchType, patch, metav1.PatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	annotate(`"x/y"`)
	l, serving, failed := s.launch(s.kubeconfig)
	select {
	case r := <-serving:
		await.True(s.t, "it says why", func() bool { return strings.Contains(l.String(), "because cert-manager keeps it") })
		if b := s.bundles(); len(b[0]) == 0 || len(b[1]) > 0 || r.ready() {
			t.Errorf("the caBundles have %d and %d bytes, ready is %t", len(b[0]), len(b[1]), r.ready())
		}
		annotate("null")
		await.True(s.t, "it is ready without the annotation", r.ready)
	case err := <-failed:
		t.Errorf("it ended: %v\n%s", err, l)
	case <-time.After(await.Patience):
		t.Error("it does not serve")
	}
}
