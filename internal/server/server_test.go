package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	admissionv1 "k8s.io/api/admission/v1"

	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

// instance is a server that runs in the test, with a client that trusts it.
type instance struct {
	url, health, metrics string
	authority            *guard.Authority
	certDir, policyDir   string
	stop                 context.CancelFunc
	done                 chan error
	client               *http.Client
}

var announcement = regexp.MustCompile(`^serving on (https://127\.0\.0\.1:[1-9]\d*) \(health (http://127\.0\.0\.1:[1-9]\d*), metrics (http://127\.0\.0\.1:[1-9]\d*)\)\n$`)

// start runs a server; prepare may change its configuration and leave out the certificate.
func start(t *testing.T, prepare func(*Config, *instance)) *instance {
	t.Helper()
	i := &instance{certDir: t.TempDir(), policyDir: t.TempDir(), done: make(chan error, 1)}
	var err error
	if i.authority, err = guard.NewAuthority(); err != nil {
		t.Fatal(err)
	}
	i.issue(t)
	config := Config{CertDir: i.certDir, BindAddress: "127.0.0.1"}
	if prepare != nil {
		prepare(&config, i)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(i.authority.PEM)
	i.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}

	ctx, stop := context.WithCancel(t.Context())
	i.stop = stop
	output, announce := io.Pipe()
	go func() { i.done <- Run(ctx, config, announce, logr.Discard()) }()
	line := make([]byte, 4096)
	n, err := output.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	m := announcement.FindSubmatch(line[:n])
	if m == nil {
		t.Fatalf("the server announced %q", line[:n])
	}
	i.url, i.health, i.metrics = string(m[1]), string(m[2]), string(m[3])
	t.Cleanup(func() {
		stop()
		if err := <-i.done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return i
}

func (i *instance) issue(t *testing.T) {
	t.Helper()
	if err := i.authority.Issue(i.certDir); err != nil {
		t.Fatal(err)
	}
}

func (i *instance) publish(t *testing.T, policy string) {
	t.Helper()
	text := "apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\n" + policy
	if err := guard.Publish(i.policyDir, map[string][]byte{"policy.yaml": []byte(text)}); err != nil {
		t.Fatal(err)
	}
}

func (i *instance) get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := i.client.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

// assumedRole can't be repaired: standard refuses it, audit warns.
const assumedRole = "- rolearn: arn:aws:sts::111122223333:assumed-role/qa/session\n  username: qa\n"

// answer is what a review is answered with, and what the connection tells.
type answer struct {
	*admissionv1.AdmissionResponse
	// closes is set where the server does not keep the connection, serial is that of its certificate.
	closes bool
	serial string
}

// post sends a review of a CREATE.
func (i *instance) post(t *testing.T, path, mapRoles string) (answer, error) {
	t.Helper()
	text, err := json.Marshal(mapRoles)
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1","operation":"CREATE","namespace":"kube-system",
		"kind":{"group":"","version":"v1","kind":"ConfigMap"},"resource":{"group":"","version":"v1","resource":"configmaps"},
		"options":{"fieldManager":"kubectl-create"},"object":{"metadata":{"name":"aws-auth","namespace":"kube-system"},"data":{"mapRoles":%s}}}}`, text)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, i.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := i.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	var review admissionv1.AdmissionReview
	if err := json.NewDecoder(response.Body).Decode(&review); err != nil {
		t.Fatal(err)
	}
	return answer{review.Response, response.Close, response.TLS.PeerCertificates[0].SerialNumber.String()}, nil
}

func TestServesReviewsHealthAndMetrics(t *testing.T) {
	i := start(t, nil)
	got, err := i.post(t, "/validate", assumedRole)
	if err != nil || got.Allowed || got.UID != "1" {
		t.Fatalf("validate: %+v, %v", got, err)
	}
	got, err = i.post(t, "/mutate", "- rolearn: arn:aws:iam::111122223333:role/team/dev\n  username: dev\n")
	if err != nil || !got.Allowed || len(got.Patch) == 0 {
		t.Errorf("mutate: %+v, %v", got, err)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if status, body := i.get(t, i.health+path); status != http.StatusOK || body != "ok\n" {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	status, body := i.get(t, i.metrics+"/metrics")
	for _, want := range []string{
		`awsauth_admission_decisions_total{operation="create",result="refused"} 1`,
		`awsauth_admission_decisions_total{operation="create",result="repaired"} 1`,
		`awsauth_policy_generation 1`, `awsauth_policy_last_reload_successful 1`,
		`awsauth_admission_duration_seconds_count{webhook="validate"} 1`, `certwatcher_read_certificate_total`, `process_start_time_seconds`,
	} {
		if status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("/metrics: status %d, %s is missing", status, want)
		}
	}
	for _, url := range []string{i.url + "/healthz", i.health + "/metrics", i.metrics + "/readyz", i.url + "/other"} {
		if status, _ := i.get(t, url); status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", url, status)
		}
	}
	if status, _ := i.get(t, i.url+"/validate"); status != http.StatusMethodNotAllowed {
		t.Errorf("GET /validate: %d, want 405", status)
	}
}

func TestOnlyTLS13AndHTTP1(t *testing.T) {
	i := start(t, nil)
	address := strings.TrimPrefix(i.url, "https://")
	dial := func(config *tls.Config) (tls.ConnectionState, error) {
		config.RootCAs = i.client.Transport.(*http.Transport).TLSClientConfig.RootCAs
		connection, err := (&tls.Dialer{Config: config}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			return tls.ConnectionState{}, err
		}
		defer func() { _ = connection.Close() }()
		return connection.(*tls.Conn).ConnectionState(), nil
	}
	if _, err := dial(&tls.Config{MaxVersion: tls.VersionTLS12}); err == nil {
		t.Error("TLS 1.2 was accepted")
	}
	state, err := dial(&tls.Config{NextProtos: []string{"h2", "http/1.1"}})
	if err != nil || state.Version != tls.VersionTLS13 || state.NegotiatedProtocol != "http/1.1" {
		t.Errorf("TLS version %x, protocol %q, %v", state.Version, state.NegotiatedProtocol, err)
	}
}

func TestANewCertificateIsServedWithoutARestart(t *testing.T) {
	i := start(t, nil)
	serial := func() string {
		got, err := i.post(t, "/validate", "")
		if err != nil {
			t.Fatalf("a request failed during the change: %v", err)
		}
		return got.serial
	}
	before := serial()
	i.issue(t)
	await.True(t, "the new certificate is served", func() bool { return serial() != before })
	await.True(t, "ready again", func() bool { status, _ := i.get(t, i.health+"/readyz"); return status == http.StatusOK })
}

func TestReadinessComparesTheCertificateOnDisk(t *testing.T) {
	i := start(t, nil)
	if err := guard.Publish(i.certDir, map[string][]byte{"tls.crt": []byte("broken"), "tls.key": []byte("broken")}); err != nil {
		t.Fatal(err)
	}
	if status, body := i.get(t, i.health+"/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "the certificate can't be read") {
		t.Errorf("with a broken certificate on disk: %d %s", status, body)
	}
	if status, _ := i.get(t, i.health+"/healthz"); status != http.StatusOK {
		t.Errorf("/healthz: %d, but it says only that the process lives", status)
	}
	if _, err := i.post(t, "/validate", ""); err != nil {
		t.Errorf("the old certificate is not served any more: %v", err)
	}
}

func TestWaitsForTheCertificate(t *testing.T) {
	authority, err := guard.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	waiting := make(chan struct{}, 1)
	log := funcr.New(func(_, args string) {
		if strings.Contains(args, "waiting for the certificate") && strings.Contains(args, filepath.Join(dir, "tls.crt")) {
			waiting <- struct{}{}
		}
	}, funcr.Options{})
	output, announce := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, Config{CertDir: dir, BindAddress: "127.0.0.1"}, announce, log) }()
	<-waiting
	if err := authority.Issue(dir); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 4096)
	if n, err := output.Read(line); err != nil || !announcement.Match(line[:n]) {
		t.Errorf("announced %q, %v", line[:n], err)
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestEndsWhileItWaitsForTheCertificate(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	log := funcr.New(func(_, args string) {
		if strings.Contains(args, "waiting for the certificate") {
			stop()
		}
	}, funcr.Options{})
	if err := Run(ctx, Config{CertDir: t.TempDir(), BindAddress: "127.0.0.1"}, io.Discard, log); err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestFollowsThePolicyAndKeepsTheLastGoodOne(t *testing.T) {
	i := start(t, func(c *Config, i *instance) {
		i.publish(t, "profile: audit\n")
		c.Policy = filepath.Join(i.policyDir, "policy.yaml")
	})
	allowed := func() bool {
		got, err := i.post(t, "/validate", assumedRole)
		if err != nil {
			t.Fatal(err)
		}
		return got.Allowed
	}
	if !allowed() {
		t.Fatal("refused under the profile audit")
	}
	i.publish(t, "profile: standard\n")
	await.True(t, "refused under the profile standard", func() bool { return !allowed() })
	i.publish(t, "profile: adit\n")
	await.True(t, "the bad policy shows in the metrics", func() bool {
		_, body := i.get(t, i.metrics+"/metrics")
		return strings.Contains(body, "awsauth_policy_last_reload_successful 0") && strings.Contains(body, "awsauth_policy_generation 2")
	})
	if allowed() {
		t.Error("a bad policy took the good one's place")
	}
	if status, _ := i.get(t, i.health+"/readyz"); status != http.StatusOK {
		t.Errorf("/readyz: %d: an old policy serves well", status)
	}
}

func TestFailsAtOnceWhereItCannotServe(t *testing.T) {
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	port := taken.Addr().(*net.TCPAddr).Port
	dir := t.TempDir()
	if err := guard.Publish(dir, map[string][]byte{"policy.yaml": []byte("kind: X\n")}); err != nil {
		t.Fatal(err)
	}
	for want, config := range map[string]Config{
		"the metrics port: ":                 {BindAddress: "127.0.0.1", MetricsPort: port},
		"the webhook port: ":                 {BindAddress: "127.0.0.1", Port: port},
		`policy.yaml:1:7: kind is "X", this`: {BindAddress: "127.0.0.1", Policy: filepath.Join(dir, "policy.yaml")},
	} {
		config.CertDir = t.TempDir()
		if err := Run(t.Context(), config, io.Discard, logr.Discard()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Run: %v, want %q in it", err, want)
		}
	}
}

func TestDrainsBeforeItStops(t *testing.T) {
	i := start(t, func(c *Config, _ *instance) { c.Drain = 2 * time.Second })
	i.client.Transport.(*http.Transport).DisableKeepAlives = false
	if got, err := i.post(t, "/validate", ""); err != nil || got.closes {
		t.Fatalf("before the end: %v, closes %v", err, got.closes)
	}
	i.stop()
	await.True(t, "readiness fails", func() bool {
		status, body := i.get(t, i.health+"/readyz")
		return status == http.StatusServiceUnavailable && body == "stopping\n"
	})
	got, err := i.post(t, "/validate", assumedRole)
	if err != nil {
		t.Fatalf("a request during the drain failed: %v", err)
	}
	if !got.closes {
		t.Error("a connection is kept during the drain")
	}
	if status, _ := i.get(t, i.health+"/healthz"); status != http.StatusOK {
		t.Errorf("/healthz during the drain: %d", status)
	}
	i.done <- <-i.done
	if _, err := i.post(t, "/validate", ""); err == nil {
		t.Error("still served after the end")
	}
}

func TestARequestThatIsUnderWayIsAnswered(t *testing.T) {
	i := start(t, nil)
	roots := i.client.Transport.(*http.Transport).TLSClientConfig.RootCAs
	connection, err := (&tls.Dialer{Config: &tls.Config{RootCAs: roots}}).DialContext(t.Context(), "tcp", strings.TrimPrefix(i.url, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	body := `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"7","operation":"CREATE"}}`
	if _, err := fmt.Fprintf(connection, "POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(body)); err != nil {
		t.Fatal(err)
	}
	// The server asks for the body, so the request is under way.
	const goOn = "HTTP/1.1 100 Continue\r\n\r\n"
	asked := make([]byte, len(goOn))
	if _, err := io.ReadFull(connection, asked); err != nil || string(asked) != goOn {
		t.Fatalf("the server answers %q, %v", asked, err)
	}
	i.stop()
	await.True(t, "no new connections", func() bool { _, err := i.post(t, "/validate", ""); return err != nil })
	if _, err := io.WriteString(connection, body); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(connection)
	if err != nil || !bytes.Contains(answer, []byte(`"uid":"7","allowed":true`)) {
		t.Errorf("%v: %s", err, answer)
	}
}
