package server

import (
	"bytes"
	"crypto/tls"
	"errors"
	"log"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxHandshakes bounds the connections without a finished handshake. Each takes up to 40 KiB.
	maxHandshakes = 2048
	// maxHandshakeBytes is what a client may send until its handshake is finished. TLS allows a first message of 64 KiB, and
	// keeps it in memory until it is whole; the one of an API server has less than 2 KiB.
	maxHandshakeBytes = 8 << 10
	// minHandshake is how long a connection has for its handshake, whatever comes after it: the API server needs a few
	// milliseconds. So up to 10,000 connections a second take no handshake's time away.
	minHandshake = 200 * time.Millisecond
	// handshakeTimeout is how long it has where there is room.
	handshakeTimeout = 3 * time.Second
	// acceptPause follows an error of the listener, as when no file descriptor is left.
	acceptPause = 20 * time.Millisecond
)

// handshakes is a listener of TLS connections. It gives out those with a finished handshake, so whoever opens connections
// and does no more never takes room from clients that speak.
type handshakes struct {
	net.Listener
	config  *tls.Config
	log     *log.Logger
	pending *pending
	ready   chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func newHandshakes(l net.Listener, config *tls.Config, log *log.Logger) *handshakes {
	h := &handshakes{
		Listener: l, config: config, log: log, ready: make(chan net.Conn), closed: make(chan struct{}),
		pending: &pending{limit: maxHandshakes, life: minHandshake, now: time.Now, pick: rand.IntN},
	}
	go h.run()
	return h
}

// Accept implements net.Listener.
func (h *handshakes) Accept() (net.Conn, error) {
	select {
	case c := <-h.ready:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. It ends the handshakes under way.
func (h *handshakes) Close() error {
	err := h.Listener.Close()
	h.once.Do(func() {
		close(h.closed)
		h.pending.closeAll()
	})
	return err
}

func (h *handshakes) run() {
	for {
		c, err := h.Listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			h.log.Printf("a connection can't be accepted: %v", err)
			time.Sleep(acceptPause)
		case h.pending.add(c):
			go h.shake(&bounded{Conn: c, left: maxHandshakeBytes}, c)
		default:
			_ = c.Close()
		}
	}
}

func (h *handshakes) shake(b *bounded, c net.Conn) {
	secured := tls.Server(b, h.config)
	err := c.SetDeadline(time.Now().Add(handshakeTimeout))
	if err == nil {
		err = secured.Handshake() //nolint:noctx // The deadline bounds it.
	}
	if err == nil {
		b.left = -1
		err = c.SetDeadline(time.Time{})
	}
	if h.pending.remove(c); err != nil {
		h.log.Printf("http: TLS handshake error from %s: %v", c.RemoteAddr(), err)
		_ = c.Close()
		return
	}
	select {
	case h.ready <- &counted{Conn: secured}:
	case <-h.closed:
		_ = c.Close()
	}
}

// bounded is a connection of which no more than so many bytes are read; a negative number is no bound. It changes before
// others get to know the connection.
type bounded struct {
	net.Conn
	left int
}

var errLongHandshake = errors.New("the handshake is too long")

// Read implements net.Conn.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return b.Conn.Read(p)
	}
	if b.left == 0 {
		return 0, errLongHandshake
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// maxLines bounds the lines of a request; that of an API server has about ten, the body included. A field of a few bytes
// takes twenty times as much memory once it is read.
const maxLines = 100

var errManyLines = errors.New("the request has too many lines")

// counted is a connection that ends where a request has too many lines.
type counted struct {
	*tls.Conn
	lines atomic.Int32
}

// Read implements net.Conn.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.lines.Add(int32(bytes.Count(p[:n], []byte("\n")))) > maxLines {
		return 0, errManyLines
	}
	return n, err
}

// pending are the connections without a finished handshake, the oldest first. Where there is no room, one that is older
// than its minimum life goes, any of them: so a handshake that is slow because all are has its chance. Where all are
// younger, the newcomer goes.
type pending struct {
	limit int
	life  time.Duration
	now   func() time.Time
	pick  func(n int) int

	mu     sync.Mutex
	all    []waiting
	closed bool
}

type waiting struct {
	net.Conn
	since time.Time
}

// add takes a connection in, and reports whether there is room for it.
func (p *pending) add(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	now := p.now()
	if len(p.all) >= p.limit {
		old, _ := slices.BinarySearchFunc(p.all, now.Add(-p.life), func(w waiting, t time.Time) int {
			if w.since.After(t) {
				return 1
			}
			return -1
		})
		if old == 0 {
			return false
		}
		i := p.pick(old)
		_ = p.all[i].Close()
		p.all = slices.Delete(p.all, i, i+1)
	}
	p.all = append(p.all, waiting{c, now})
	return true
}

func (p *pending) remove(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = slices.DeleteFunc(p.all, func(w waiting) bool { return w.Conn == c })
}

func (p *pending) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, w := range p.all {
		_ = w.Close()
	}
}
