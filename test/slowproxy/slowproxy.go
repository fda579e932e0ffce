package slowproxy

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"

	"k8s.io/client-go/rest"
)

// Proxy passes requests on with the access that it was started with.
type Proxy struct {
	// Requests counts what came in.
	Requests atomic.Int64

	delay   atomic.Int64
	refuse  atomic.Bool
	held    atomic.Pointer[chan struct{}]
	server  *httptest.Server
	forward *httputil.ReverseProxy
}

// Start starts a proxy to the API server of a configuration, with its credentials.
func Start(config *rest.Config) (*Proxy, error) {
	target, err := url.Parse(config.Host)
	if err != nil {
		return nil, fmt.Errorf("the API server's address %q: %w", config.Host, err)
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, err
	}
	p := &Proxy{}
	p.forward = &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: transport,
	}
	p.server = httptest.NewTLSServer(p)
	return p, nil
}

// Stop ends the proxy and every request under way.
func (p *Proxy) Stop() error { return p.server.Config.Close() }

// Delay makes every later request wait that long before it is passed on.
func (p *Proxy) Delay(d time.Duration) { p.delay.Store(int64(d)) }

// Hold lets no later request through until release is called, which passes on those whose clients still wait.
func (p *Proxy) Hold() (release func()) {
	gate := make(chan struct{})
	p.held.Store(&gate)
	return func() {
		p.held.CompareAndSwap(&gate, nil)
		close(gate)
	}
}

// Refuse makes the proxy answer every later request with 503 Service Unavailable.
func (p *Proxy) Refuse(yes bool) { p.refuse.Store(yes) }

// Config is the access to the API server through the proxy.
func (p *Proxy) Config() *rest.Config {
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.server.Certificate().Raw})
	return &rest.Config{Host: p.server.URL, TLSClientConfig: rest.TLSClientConfig{CAData: certificate}}
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.Requests.Add(1)
	if p.refuse.Load() {
		http.Error(w, "refused by the test", http.StatusServiceUnavailable)
		return
	}
	select {
	case <-time.After(time.Duration(p.delay.Load())):
	case <-r.Context().Done():
		return
	}
	if gate := p.held.Load(); gate != nil {
		select {
		case <-*gate:
		case <-r.Context().Done():
			return
		}
	}
	p.forward.ServeHTTP(w, r)
}
