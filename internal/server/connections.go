package server

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// maxConnections bounds the connections of one port. Each API server keeps one for each review under way, so a few
// dozen are in use at the busiest.
const maxConnections = 512

// connections makes room for new connections by closing the one that has waited longest among those that have no
// whole request to be answered: idle ones, ones that never finish the TLS handshake, ones that send byte by byte. So
// whoever opens connections without end pushes out its own.
type connections struct {
	mu    sync.Mutex
	limit int
	all   map[net.Conn]*connection
}

type connection struct {
	since time.Time
	// received is set while a request that has arrived as a whole is being answered.
	received bool
	owner    *connections
}

func newConnections(limit int) *connections {
	return &connections{limit: limit, all: map[net.Conn]*connection{}}
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
		c.all[conn] = &connection{since: time.Now(), owner: c}
		if len(c.all) > c.limit {
			// This one is the last choice: it goes where all others are being answered.
			pushedOut = c.longestWaiting()
			delete(c.all, pushedOut)
		}
	case http.StateIdle:
		if known := c.all[conn]; known != nil {
			known.since, known.received = time.Now(), false
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

func (c *connections) longestWaiting() net.Conn {
	var oldest net.Conn
	for conn, known := range c.all {
		if !known.received && (oldest == nil || known.since.Before(c.all[oldest].since)) {
			oldest = conn
		}
	}
	return oldest
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
