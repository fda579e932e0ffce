package rotation

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/test/await"
)

// balancer passes connections on to one replica after the other, as kube-proxy does.
type balancer struct {
	port     int32
	mu       sync.Mutex
	backends []string
	open     map[net.Conn]passage
	next     int
}

// passage is a connection that is passed on; ended is closed when both of its ends have closed it.
type passage struct {
	backend string
	ended   chan struct{}
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	b := &balancer{port: int32(listener.Addr().(*net.TCPAddr).Port), open: map[net.Conn]passage{}}
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go b.pass(c)
		}
	}()
	return b
}

func (b *balancer) pass(client net.Conn) {
	defer client.Close()
	b.mu.Lock()
	if len(b.backends) == 0 {
		b.mu.Unlock()
		return
	}
	b.next++
	backend := b.backends[b.next%len(b.backends)]
	p := passage{backend, make(chan struct{})}
	b.open[client] = p
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.open, client)
		b.mu.Unlock()
		close(p.ended)
	}()
	server, err := net.Dial("tcp", backend)
	if err != nil {
		return
	}
	defer server.Close()
	there := make(chan struct{})
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
		close(there)
	}()
	_, _ = io.Copy(client, server)
	_ = client.(*net.TCPConn).CloseWrite()
	<-there
}

func (b *balancer) add(backend string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.backends = append(b.backends, backend)
}

// remove leads no more to a replica, ends the connections to it, and waits until the API server has noticed: it closes its
// end then.
func (b *balancer) remove(t *testing.T, backend string) {
	t.Helper()
	b.mu.Lock()
	kept := b.backends[:0]
	for _, k := range b.backends {
		if k != backend {
			kept = append(kept, k)
		}
	}
	b.backends = kept
	var ending []passage
	for c, p := range b.open {
		if p.backend == backend {
			_ = c.(*net.TCPConn).CloseWrite()
			ending = append(ending, p)
		}
	}
	b.mu.Unlock()
	for _, p := range ending {
		select {
		case <-p.ended:
		case <-time.After(await.Patience):
			t.Fatal("the API server keeps a connection that was ended")
		}
	}
}

// stream makes edits, one after the other, until it is stopped. Nothing is stored.
type stream struct {
	mu    sync.Mutex
	edits int
	wrong []string
	stop  func()
}

func (s *site) stream() *stream {
	ctx, cancel := context.WithCancel(s.t.Context())
	st, done := &stream{}, make(chan struct{})
	st.stop = func() { cancel(); <-done }
	s.t.Cleanup(st.stop)
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			st.mu.Lock()
			err := edit(ctx)
			if ctx.Err() == nil {
				st.edits++
				if err != nil {
					st.wrong = append(st.wrong, fmt.Sprintf("%s: %v", time.Now().Format(time.TimeOnly), err))
				}
			}
			st.mu.Unlock()
			time.Sleep(20 * time.Millisecond)
		}
	}()
	return st
}

// edit makes an edit that must be repaired and one that must be refused, which proves that the guard was asked.
func edit(ctx context.Context) error {
	try := func(arn string) (string, error) {
		c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: map[string]string{"mapRoles": "- rolearn: " + arn + "\n  username: x\n"}}
		c, err := shared.admin.CoreV1().ConfigMaps("kube-system").Create(ctx, c, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: "kubectl"})
		if err != nil {
			return "", err
		}
		return c.Data["mapRoles"], nil
	}
	if text, err := try("arn:aws:iam::111122223333:role/path/x"); err != nil || strings.Contains(text, "path") {
		return fmt.Errorf("not repaired: %q, %w", text, err)
	}
	if _, err := try("arn:aws:sts::111122223333:assumed-role/x/y"); !apierrors.IsInvalid(err) {
		return fmt.Errorf("not refused: %w", err)
	}
	return nil
}

// check stops the edits and fails where one did.
func (s *stream) check(t *testing.T) {
	t.Helper()
	s.stop()
	if s.edits == 0 || len(s.wrong) > 0 {
		t.Errorf("%d of %d edits failed:\n%s", len(s.wrong), s.edits, strings.Join(s.wrong, "\n"))
	}
	t.Logf("%d edits, %d failed", s.edits, len(s.wrong))
}
