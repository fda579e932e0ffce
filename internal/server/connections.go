package server

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// maxConnections bounds the connections of the webhooks' port with a finished handshake. Each API server keeps one for
	// each review under way, so a few dozen are in use at the busiest.
	maxConnections = 512
	// maxProven of them, which have had a review answered, never make room for others. It leaves room for new ones even
	// where forged reviews have filled it.
	maxProven = maxConnections / 2
	// maxPlain bounds the connections of a port without TLS.
	maxPlain = 1024
	// minLife is how long a connection has for its request, whatever comes after it. The API server and the kubelet send
	// theirs at once.
	minLife = 200 * time.Millisecond
)

// connections makes room for new connections by closing the one that has waited longest among those that have sent no
// whole request yet, or that are idle: ones that say nothing, and ones that send byte by byte. One that is answered is
// never closed, and neither is one that has been answered before, or one that is younger than its minimum life: then the
// newcomer goes. So whoever opens connections without end pushes out its own, and an API server that shares its address
// keeps its own.
type connections struct {
	limit, proven int
	now           func() time.Time

	mu  sync.Mutex
	all map[net.Conn]*connection
}

type connection struct {
	since time.Time
	// received is set while a request that has arrived as a whole is being answered.
	received bool
	// proven is set once one was answered, where there is room among those.
	proven bool
	owner  *connections
}

func newConnections(limit, proven int) *connections {
	return &connections{limit: limit, proven: proven, now: time.Now, all: map[net.Conn]*connection{}}
}

// follow makes a server keep to the limit.
func (c *connections) follow(s *http.Server) {
	s.ConnState = c.changed
	s.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		c.mu.Lock()
		defer c.mu.Unlock()
		return context.WithValue(ctx, connectionKey{}, c.all[conn])
	}
}

func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	var pushedOut net.Conn
	switch state {
	case http.StateNew:
		c.all[conn] = &connection{since: c.now(), owner: c}
		if len(c.all) > c.limit {
			pushedOut = c.longestWaiting(conn)
			delete(c.all, pushedOut)
		}
	case http.StateIdle:
		if known := c.all[conn]; known != nil {
			known.proven = known.proven || known.received && c.roomForProven()
			known.since, known.received = c.now(), false
		}
	case http.StateClosed, http.StateHijacked:
		delete(c.all, conn)
	}
	c.mu.Unlock()
	if pushedOut == nil {
		return
	}
	// The server notices, and ends what it does for it. Closing TLS would wait for a peer that does not read.
	if secured, ok := pushedOut.(*tls.Conn); ok {
		pushedOut = secured.NetConn()
	}
	_ = pushedOut.Close()
}

// longestWaiting is the connection to close, the newcomer where no other one may be.
func (c *connections) longestWaiting(newcomer net.Conn) net.Conn {
	oldest, since := newcomer, c.now().Add(-minLife)
	for conn, known := range c.all {
		if !known.received && !known.proven && !known.since.After(since) {
			oldest, since = conn, known.since
		}
	}
	return oldest
}

func (c *connections) roomForProven() bool {
	n := 0
	for _, known := range c.all {
		if known.proven {
			n++
		}
	}
	return n < c.proven
}

type connectionKey struct{}

// markReceived says that the request of this context has arrived as a whole.
func markReceived(ctx context.Context) {
	if known, ok := ctx.Value(connectionKey{}).(*connection); ok && known != nil {
		known.owner.mu.Lock()
		known.received = true
		known.owner.mu.Unlock()
	}
}
