package hostile_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

// memoryLimit is the limit of the chart; goMemoryLimit is what the chart makes of it.
const (
	memoryLimit   = 256 << 20
	goMemoryLimit = "GOMEMLIMIT=230MiB"
)

// process is the real webhook program, and what it has logged.
type process struct {
	*guard.Guard
	address string
	tls     *tls.Config
	log     *buffer
}

// buffer is a log that is read while it is written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func start(t *testing.T) *process {
	t.Helper()
	log := &buffer{}
	return startWithLog(t, log, log)
}

// startWithLog lets the program log to a writer, whose text is found in another one.
func startWithLog(t *testing.T, to io.Writer, log *buffer) *process {
	t.Helper()
	t.Setenv("GOMEMLIMIT", strings.TrimPrefix(goMemoryLimit, "GOMEMLIMIT="))
	dir := t.TempDir()
	program, err := guard.Build(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{log: log}
	if p.Guard, err = guard.Start(context.Background(), guard.Options{Program: program, Directory: dir, Log: to}); err != nil {
		t.Fatal(err)
	}
	p.address = strings.TrimPrefix(p.URL, "https://")
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(p.Authority.PEM)
	p.tls = &tls.Config{RootCAs: roots}
	t.Cleanup(func() {
		p.checkServes(t)
		if err := p.Stop(); err != nil {
			t.Errorf("the program ended with %v", err)
		}
		if log := p.log.String(); strings.Contains(log, "panic") {
			t.Errorf("a panic: %s", log)
		}
	})
	return p
}

// dial opens a connection as a client of the webhook.
func (p *process) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := (&tls.Dialer{Config: p.tls}).DialContext(t.Context(), "tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// raw opens a connection without TLS.
func (p *process) raw(t *testing.T) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// review is an ordinary one, or one with another text.
func review(mapRoles string) string {
	text, err := json.Marshal(mapRoles)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1","operation":"CREATE","namespace":"kube-system",
		"kind":{"group":"","version":"v1","kind":"ConfigMap"},"resource":{"group":"","version":"v1","resource":"configmaps"},
		"options":{"fieldManager":"kubectl-create"},"object":{"metadata":{"name":"aws-auth","namespace":"kube-system"},"data":{"mapRoles":%s}}}}`, text)
}

// largeReview is the beginning of a review that says who writes, and so much of its map.
func largeReview(uid, user string, part int) string {
	return fmt.Sprintf(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":%q,"kind":{"group":"","version":"v1","kind":"ConfigMap"},`+
		`"resource":{"group":"","version":"v1","resource":"configmaps"},"name":"aws-auth","namespace":"kube-system","operation":"UPDATE",`+
		`"userInfo":{"username":%q},"object":{"metadata":{"name":"aws-auth"},"data":{"mapRoles":"%s`, uid, user, strings.Repeat("x", part))
}

// refused is a text that must be refused.
const refused = "- rolearn: arn:aws:sts::111122223333:assumed-role/qa/session\n  username: qa\n"

// post sends a body and gives the status, and the answer where it is a review.
func (p *process) post(ctx context.Context, path, body string) (int, *admissionv1.AdmissionResponse, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: p.tls, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	var answer admissionv1.AdmissionReview
	if response.StatusCode == http.StatusOK {
		if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
			return 0, nil, err
		}
	}
	return response.StatusCode, answer.Response, nil
}

// checkServes holds that an ordinary edit is decided about as ever.
func (p *process) checkServes(t *testing.T) {
	t.Helper()
	status, answer, err := p.post(context.Background(), "/validate", review(refused))
	if err != nil || status != http.StatusOK || answer == nil || answer.Allowed || answer.Result.Code != http.StatusUnprocessableEntity {
		t.Errorf("an ordinary edit: status %d, %+v, %v", status, answer, err)
	}
}

// resident is the memory that the process holds, and the most that it has held.
func (p *process) resident(t *testing.T) (now, most int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.MetricsURL+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), "process_resident_memory_bytes "); ok {
			bytes, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			now = int(bytes)
		}
	}
	return now, p.peak(t)
}

// peak reads VmHWM, which Linux keeps.
func (p *process) peak(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID()), "status"))
	if errors.Is(err, os.ErrNotExist) {
		return 0 // no Linux
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")))
			if err != nil {
				t.Fatal(err)
			}
			return kilobytes << 10
		}
	}
	return 0
}

// checkBounds holds memory and log to their bounds, and tells both.
func (p *process) checkBounds(t *testing.T, maxLines int) {
	t.Helper()
	now, most := p.resident(t)
	log := p.log.String()
	lines := strings.Count(log, "\n")
	t.Logf("memory %.0f MiB, at most %.0f MiB; %d lines of log, %d bytes", float64(now)/(1<<20), float64(most)/(1<<20), lines, len(log))
	if now > memoryLimit || most > memoryLimit {
		t.Errorf("the memory is over the limit of the chart")
	}
	if lines > maxLines || len(log) > maxLines*10<<10 {
		t.Errorf("%d lines, at most %d are expected: %.3000s", lines, maxLines, log)
	}
}

// ends waits until the server ends a connection, and gives what it has said before.
func ends(t *testing.T, c net.Conn) string {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(await.Patience)); err != nil {
		t.Fatal(err)
	}
	said, err := io.ReadAll(c)
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		t.Errorf("the server keeps the connection; it said %q", said)
	}
	return string(said)
}

// everyByte is the variable of the environment that asks for the long tests (see internal/admission).
const everyByte = "AWS_AUTH_GUARD_EVERY_BYTE"

// ordinaryDearSize is that of the maps to flood the guard with, small enough for all to be let in.
const ordinaryDearSize = 128 << 10

// dearSize is ordinaryDearSize, or what a ConfigMap can hold in the long tests.
func dearSize() int {
	if os.Getenv(everyByte) != "" {
		return 1 << 20
	}
	return ordinaryDearSize
}
