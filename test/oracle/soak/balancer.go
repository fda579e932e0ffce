package main

import (
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// The pace of readiness: the kubelet of a real node notices a dead container within about a second.
const (
	readinessPeriod  = time.Second
	readinessTimeout = time.Second
)

// balancer is the address of a Service: each new connection goes to one of the replicas that are ready, in turn.
// Connections that are open stay as they are, and nothing is tried a second time, as with kube-proxy.
type balancer struct {
	url      string
	listener net.Listener
	client   *http.Client
	stop     chan struct{}

	mu       sync.Mutex
	backends []*backend
	next     int
	counts   connections
}

// connections counts what became of them.
type connections struct {
	passed int
	// refused are those that a replica which counted as ready did not accept, homeless those that came while none was
	// ready. Both hold the times.
	refused, homeless []time.Time
}

// backend is a replica as a Service knows it.
type backend struct {
	address, health string
	ready, removed  bool
}

func newBalancer() (*balancer, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &balancer{
		url: "https://" + listener.Addr().String(), listener: listener, stop: make(chan struct{}),
		client: &http.Client{Timeout: readinessTimeout, Transport: &http.Transport{DisableKeepAlives: true}},
	}
	go b.accept()
	return b, nil
}

func (b *balancer) close() {
	close(b.stop)
	_ = b.listener.Close()
}

func (b *balancer) accept() {
	for {
		c, err := b.listener.Accept()
		if err != nil {
			return
		}
		go b.pass(c.(*net.TCPConn))
	}
}

// add makes a replica known. It gets connections once its /readyz has answered 200, and until that fails.
func (b *balancer) add(address, health string) *backend {
	x := &backend{address: address, health: health}
	b.mu.Lock()
	b.backends = append(b.backends, x)
	b.mu.Unlock()
	go b.probe(x)
	return x
}

// remove forgets a replica whose pod is gone.
func (b *balancer) remove(x *backend) {
	b.mu.Lock()
	defer b.mu.Unlock()
	x.ready, x.removed = false, true
	b.backends = slices.DeleteFunc(b.backends, func(k *backend) bool { return k == x })
}

func (b *balancer) probe(x *backend) {
	tick := time.NewTicker(readinessPeriod)
	defer tick.Stop()
	for {
		ready := b.isReady(x)
		b.mu.Lock()
		if x.removed {
			b.mu.Unlock()
			return
		}
		x.ready = ready
		b.mu.Unlock()
		select {
		case <-tick.C:
		case <-b.stop:
			return
		}
	}
}

func (b *balancer) isReady(x *backend) bool {
	response, err := b.client.Get(x.health + "/readyz")
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// serves reports whether a replica gets new connections.
func (b *balancer) serves(x *backend) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return x.ready
}

// choose gives the next ready replica, or nil.
func (b *balancer) choose() *backend {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range b.backends {
		b.next++
		if x := b.backends[b.next%len(b.backends)]; x.ready {
			return x
		}
	}
	b.counts.homeless = append(b.counts.homeless, time.Now())
	return nil
}

func (b *balancer) pass(client *net.TCPConn) {
	defer client.Close()
	x := b.choose()
	if x == nil {
		_ = client.SetLinger(0)
		return
	}
	connection, err := net.Dial("tcp", x.address)
	if err != nil {
		b.mu.Lock()
		b.counts.refused = append(b.counts.refused, time.Now())
		b.mu.Unlock()
		_ = client.SetLinger(0)
		return
	}
	server := connection.(*net.TCPConn)
	defer server.Close()
	b.mu.Lock()
	b.counts.passed++
	b.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(server, client)
		_ = server.CloseWrite()
	}()
	_, _ = io.Copy(client, server)
	_ = client.CloseWrite()
	// An end of the server's is the end of the connection: the client has nothing to wait for.
	_ = client.SetReadDeadline(time.Now())
	<-done
}

func (b *balancer) counted() connections {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts
}
