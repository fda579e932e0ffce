package audit

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/test/await"
)

// wire is a connection to the API server that can be cut: all that goes through it ends at once, and nothing new comes
// through until it is fixed. So an API server looks that is restarted.
type wire struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	off   bool
	pairs map[net.Conn]net.Conn
}

// newWire makes a wire, and a kubeconfig of the auditor that goes through it.
func newWire(t *testing.T) (*wire, string) {
	t.Helper()
	config, _, err := shared.User(auditorUser)
	if err != nil {
		t.Fatal(err)
	}
	host, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{to: host.Host, pairs: map[net.Conn]net.Conn{}}
	if w.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = w.listener.Close()
		w.cut()
	})
	go w.accept()
	through := rest.CopyConfig(config)
	through.Host = "https://" + w.listener.Addr().String()
	kubeconfig, err := shared.WriteKubeconfig(through)
	if err != nil {
		t.Fatal(err)
	}
	return w, kubeconfig
}

func (w *wire) accept() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", w.to)
		if err != nil {
			_ = near.Close()
			continue
		}
		w.mu.Lock()
		off := w.off
		w.pairs[near] = far
		w.mu.Unlock()
		if off {
			w.end(near)
			continue
		}
		for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
			go func() {
				_, _ = io.Copy(way[0], way[1])
				w.end(near)
			}()
		}
	}
}

func (w *wire) end(near net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if far := w.pairs[near]; far != nil {
		_, _ = near.Close(), far.Close()
		delete(w.pairs, near)
	}
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.off = true
	for near, far := range w.pairs {
		_, _ = near.Close(), far.Close()
	}
	clear(w.pairs)
}

func (w *wire) fix() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.off = false
}

func TestTheAuditorOutlivesTheAPIServer(t *testing.T) {
	begin(t, nodes+devs)
	w, kubeconfig := newWire(t)
	p := auditor(t, "--kubeconfig", kubeconfig)
	p.await(t)
	told(t, "GuardMissing")
	await.Success(t, "the first state in the history", func() error { return revisions(t, 1) })

	// It is away for a moment: the watches are taken up again where they were.
	w.cut()
	if err := put(t, nodes+devs+admin); err != nil {
		t.Fatal(err)
	}
	w.fix()
	told(t, "GuardAdminGranted", "GuardBypassed")
	await.Success(t, "the second state in the history", func() error { return revisions(t, 2) })

	// It is away until the lease has run out.
	w.cut()
	await.Success(t, "the end of its term", func() error {
		if !strings.Contains(p.text(t), `"msg":"not acting any more"`) {
			return errors.New("it still acts")
		}
		return nil
	})
	if err := put(t, devs+admin); err != nil {
		t.Fatal(err)
	}
	w.fix()
	told(t, "GuardNodesLost")
	await.Success(t, "the second bypass", func() error {
		if n := len(events(t)["GuardBypassed"]); n != 2 {
			return fmt.Errorf("%d", n)
		}
		return nil
	})
	for reason, messages := range events(t) {
		if want := map[string]int{"GuardBypassed": 2}[reason]; len(messages) != max(want, 1) {
			t.Errorf("%s was reported %d times: %q", reason, len(messages), messages)
		}
	}
	await.Success(t, "the third state in the history", func() error { return revisions(t, 3) })
}
