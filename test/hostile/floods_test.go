package hostile_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/admission"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
	"github.com/aws-auth-guard/aws-auth-guard/test/matrix"
)

// asProcess looks at the guard of a cell as at one that stands alone.
func asProcess(c *matrix.Cell, log *buffer) *process {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(c.Authority.PEM)
	return &process{Guard: c.Guard, address: strings.TrimPrefix(c.URL, "https://"), tls: &tls.Config{RootCAs: roots}, log: log}
}

// badEdits are refused one after the other, and nothing is stored.
func badEdits(t *testing.T, c *matrix.Cell, n int) {
	t.Helper()
	api := c.Admin.CoreV1().ConfigMaps("kube-system")
	before, err := api.Get(t.Context(), "aws-auth", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		edit := before.DeepCopy()
		edit.Data = map[string]string{"mapRoles": nodes + session}
		if _, err := api.Update(t.Context(), edit, metav1.UpdateOptions{FieldManager: "kubectl-edit"}); !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "arn-kind") {
			t.Fatalf("edit %d is not refused: %v", i, err)
		}
	}
	after, err := api.Get(t.Context(), "aws-auth", metav1.GetOptions{})
	if err != nil || after.ResourceVersion != before.ResourceVersion {
		t.Errorf("the map changed: %v", err)
	}
}

// makeMap makes the map that the bad edits begin with.
func makeMap(t *testing.T, c *matrix.Cell) {
	t.Helper()
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: map[string]string{"mapRoles": nodes}}
	if _, err := c.Admin.CoreV1().ConfigMaps("kube-system").Create(t.Context(), cm, metav1.CreateOptions{FieldManager: "kubectl-create"}); err != nil {
		t.Fatal(err)
	}
}

// TestAFloodOfConnectionsOpensNothing: while others take every place that there is for connections, and go on to open more,
// the API server keeps its own.
func TestAFloodOfConnectionsOpensNothing(t *testing.T) {
	matrix.Run(t, controlPlane(t), guard.Options{}, func(t *testing.T, c *matrix.Cell) {
		makeMap(t, c)
		p := asProcess(c, &buffer{})
		ctx, stop := context.WithCancel(t.Context())
		var flood sync.WaitGroup
		defer flood.Wait()
		defer stop()
		var pushedOut, brokenOff atomic.Int64
		raw := func() (net.Conn, error) { return (&net.Dialer{}).DialContext(ctx, "tcp", p.address) }
		secured := func() (net.Conn, error) { return (&tls.Dialer{Config: p.tls}).DialContext(ctx, "tcp", p.address) }
		hold := func(dial func() (net.Conn, error), said string, ended *atomic.Int64) {
			for ctx.Err() == nil {
				conn, err := dial()
				if err != nil {
					continue // The guard has no place for it.
				}
				end := context.AfterFunc(ctx, func() { _ = conn.Close() })
				_, _ = io.WriteString(conn, said)
				if _, err := io.ReadAll(conn); err == nil || !errors.Is(err, net.ErrClosed) {
					ended.Add(1)
				}
				end()
				_ = conn.Close()
			}
		}
		// More with a finished handshake than there are places (internal/server), silent or with the beginning of a request,
		// and others without one.
		const finished, unfinished = 600, 1000
		for i := range finished {
			flood.Go(func() { hold(secured, []string{"", "POST /validate HTTP/1.1\r\n"}[i%2], &pushedOut) })
		}
		for range unfinished {
			flood.Go(func() { hold(raw, "", &brokenOff) })
		}
		await.True(t, "connections make room for others", func() bool { return pushedOut.Load() > finished })
		badEdits(t, c, 40)
	})
}

// traced adds headers to a request that the API server hands on to webhooks (k8s.io/component-base/tracing), as long as they may be.
type traced struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t traced) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	var state []string
	for i := range 32 {
		state = append(state, fmt.Sprintf("k%02d%s=%s", i, strings.Repeat("k", 250), strings.Repeat("v", 255)))
	}
	r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	r.Header.Set("Tracestate", strings.Join(state, ","))
	r.Header.Set("Baggage", "a="+strings.Repeat("x", 4000)+",b="+strings.Repeat("y", 4000))
	return t.RoundTripper.RoundTrip(r)
}

// TestHeadersOfAnEditorKeepNoReviewAway: the limit of headers is above what an editor can make the API server send.
func TestHeadersOfAnEditorKeepNoReviewAway(t *testing.T) {
	matrix.Run(t, controlPlane(t), guard.Options{}, func(t *testing.T, c *matrix.Cell) {
		makeMap(t, c)
		config := rest.CopyConfig(c.Server.AdminConfig)
		config.WarningHandler = rest.NoWarnings{}
		config.Wrap(func(inner http.RoundTripper) http.RoundTripper { return traced{inner} })
		var err error
		if c.Admin, err = kubernetes.NewForConfig(config); err != nil {
			t.Fatal(err)
		}
		badEdits(t, c, 1)
	})
}

// TestForgedOverridesOpenAndFillNothing: forged reviews of overrides with a reason of a megabyte leave no trace of that size, and
// bad edits are refused meanwhile.
func TestForgedOverridesOpenAndFillNothing(t *testing.T) {
	t.Setenv("GOMEMLIMIT", strings.TrimPrefix(goMemoryLimit, "GOMEMLIMIT="))
	server := controlPlane(t)
	log := &buffer{}
	matrix.Run(t, server, guard.Options{Log: log, Arguments: []string{"--kubeconfig", server.AdminKubeconfig}}, func(t *testing.T, c *matrix.Cell) {
		makeMap(t, c)
		events := c.Admin.CoreV1().Events("kube-system")
		if err := events.DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
			t.Fatal(err)
		}
		logged := len(log.String())
		p := asProcess(c, log)
		body := forgedOverride(t)
		ctx, stop := context.WithCancel(t.Context())
		var flood sync.WaitGroup
		defer flood.Wait()
		defer stop()
		var overrides atomic.Int64
		for range 4 {
			flood.Go(func() {
				for ctx.Err() == nil {
					if _, answer, err := p.post(ctx, "/validate", body); err == nil && answer != nil && answer.AuditAnnotations[admission.AnnotationOverride] == "arn-kind" {
						overrides.Add(1)
					}
				}
			})
		}
		badEdits(t, c, 20)
		await.True(t, "many overrides are forged", func() bool { return overrides.Load() > 100 })
		badEdits(t, c, 20)
		stop()
		flood.Wait()
		forged := int(overrides.Load())
		list, err := events.List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		for _, e := range list.Items {
			size += e.Size()
			if e.InvolvedObject.Name != "aws-auth" || e.InvolvedObject.UID != "" || len(e.Message) > 1024 {
				t.Errorf("an Event of %d bytes about %q %q", len(e.Message), e.InvolvedObject.Name, e.InvolvedObject.UID)
			}
		}
		written := len(log.String()) - logged
		t.Logf("%d overrides: %d Events of %d bytes, %d bytes of log", forged, len(list.Items), size, written)
		if len(list.Items) == 0 || len(list.Items) >= forged || size > 1<<20 || written > 2<<10*(forged+200) {
			t.Error("too much, or nothing, is left of them")
		}
		if _, most := p.resident(t); most > memoryLimit {
			t.Errorf("it took %d MiB", most>>20)
		}
	})
}

// forgedOverride is a review of an edit that never was, with an override whose reason is of a megabyte.
func forgedOverride(t *testing.T) string {
	t.Helper()
	object, err := json.Marshal(&corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name: "aws-auth", Namespace: "kube-system", UID: "forged",
			Annotations: map[string]string{policy.OverrideAnnotation: "arn-kind: " + strings.Repeat("forged ", 150_000)},
		},
		Data: map[string]string{"mapRoles": refused},
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1","operation":"CREATE","namespace":"kube-system","name":"aws-auth",
		"kind":{"group":"","version":"v1","kind":"ConfigMap"},"resource":{"group":"","version":"v1","resource":"configmaps"},
		"userInfo":{"username":"jane"},"options":{"fieldManager":"kubectl-create"},"object":%s}}`, object)
}
