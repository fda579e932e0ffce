package server

import (
	"context"
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
	maxPlain = 512
	// minLife is how long a connection has for its request, whatever comes after it. The API server and the kubelet send
	// theirs at once.
	minLife = 200 * time.Millisecond
)

// connections makes room for new connections by ending the one that has waited longest among those that have sent no whole
// request yet, or that are idle, or that don't read their answer: ones that say nothing, and ones that send byte by byte.
// Where there is none, a request that is being decided about goes, which is answered without its decision. One that was
// answered before keeps its place, and so does one that is younger than its minimum life: then the newcomer goes. So
// whoever opens connections without end pushes out its own, and an API server that shares its address keeps its own.
type connections struct {
	limit, proven int
	now           func() time.Time

	mu  sync.Mutex
	all map[net.Conn]*connection
}

// connection is one of them. The nil value is one that nobody follows.
type connection struct {
	owner *connections
	// since is when it was opened, when its request or its answer last moved on, or when it became idle.
	since time.Time
	// hurry answers the request at once that is read or decided about; nil while there is none.
	hurry func()
	// decided is set while a request that has arrived as a whole is decided about, arrived until it is answered.
	decided, arrived bool
	// proven is set once one was answered, where there is room among those.
	proven bool
	// pushedOut is set when another one has taken the place.
	pushedOut bool
}

func newConnections(limit, proven int) *connections {
	return &connections{limit: limit, proven: proven, now: time.Now, all: map[net.Conn]*connection{}}
}

// follow makes a server keep to the limit. The server asks for the context of a connection before it tells its state.
func (c *connections) follow(s *http.Server) {
	s.ConnState = c.changed
	s.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		c.mu.Lock()
		defer c.mu.Unlock()
		k := &connection{since: c.now(), owner: c}
		c.all[conn] = k
		return context.WithValue(ctx, connectionKey{}, k)
	}
}

func (c *connections) changed(conn net.Conn, state http.ConnState) {
	var end func()
	c.mu.Lock()
	switch state {
	case http.StateNew:
		if len(c.all) > c.limit {
			end = c.pushOut(conn)
		}
	case http.StateIdle:
		if secured, ok := conn.(*counted); ok {
			secured.lines.Store(0)
		}
		known := c.all[conn]
		if known == nil { // It lost its place while it was answered.
			end = closing(conn)
			break
		}
		known.proven = known.proven || known.arrived && c.roomForProven()
		known.since, known.decided, known.arrived = c.now(), false, false
	case http.StateClosed, http.StateHijacked:
		delete(c.all, conn)
	}
	c.mu.Unlock()
	if end != nil {
		end()
	}
}

// pushOut takes a place away, that of the newcomer where no other one may go, and gives what ends the connection.
func (c *connections) pushOut(newcomer net.Conn) (end func()) {
	victim := newcomer
	for _, decided := range []bool{false, true} {
		since := c.now().Add(-minLife)
		for conn, known := range c.all {
			if known.decided == decided && !known.proven && !known.since.After(since) {
				victim, since = conn, known.since
			}
		}
		if victim != newcomer {
			break
		}
	}
	known := c.all[victim]
	known.pushedOut = true
	delete(c.all, victim)
	if known.hurry != nil {
		return known.hurry
	}
	return closing(victim)
}

// closing closes a connection. The server notices, and ends what it does for it.
func closing(conn net.Conn) func() {
	// Closing TLS would wait for a peer that does not read.
	if secured, ok := conn.(*counted); ok {
		conn = secured.NetConn()
	}
	return func() { _ = conn.Close() }
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

// connectionOf is the connection of a request, nil where it is not followed.
func connectionOf(ctx context.Context) *connection {
	k, _ := ctx.Value(connectionKey{}).(*connection)
	return k
}

func (k *connection) change(do func()) {
	if k == nil {
		return
	}
	k.owner.mu.Lock()
	defer k.owner.mu.Unlock()
	do()
}

// serves says that a request begins to be read, and how to answer it at once.
func (k *connection) serves(hurry func()) { k.change(func() { k.hurry = hurry }) }

// moves says that a part of the request has arrived.
func (k *connection) moves() { k.change(func() { k.since = k.owner.now() }) }

// decides says that the request has arrived as a whole.
func (k *connection) decides() { k.change(func() { k.decided, k.arrived = true, true }) }

// answers says that the answer begins to be written.
func (k *connection) answers() {
	k.change(func() { k.since, k.decided, k.hurry = k.owner.now(), false, nil })
}

// patient reports whether the connection has its place still.
func (k *connection) patient() bool {
	out := false
	k.change(func() { out = k.pushedOut })
	return !out
}
