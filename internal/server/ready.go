package server

import (
	"context"
	"io"
	"net/http"
	"time"
)

// readyTimeout bounds one look at readiness; the kubelet's default is a second.
const readyTimeout = time.Second

// ready answers whether requests may be sent here: the newest certificate is served, the API
// server trusts it as far as is known, and the end has not begun. The policy is there from the start; while a newer one is wrong the older one serves well.
func (s *server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if s.draining.Load() {
		http.Error(w, "stopping", http.StatusServiceUnavailable)
		return
	}
	if err := checkServed(ctx, s.certs, s.webhookListener.Addr()); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}
