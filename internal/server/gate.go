package server

import (
	"bytes"
	"context"
	"io"
	"mime"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// maxBody is the largest review that is read: what controller-runtime reads (v0.25.2, pkg/webhook/admission/http.go),
	// which is two objects of the API server's largest size and room for the rest.
	maxBody = 7 << 20
	// smallBody is far above the review of an ordinary map. Reviews up to it are never kept waiting by larger ones;
	// all connections together hold no more than maxConnections of them.
	smallBody = 64 << 10
	// maxBodies bounds the larger reviews that are read or answered at one time, in bytes: one of the largest, or as many
	// of a map of a mebibyte as two processors are busy with. More would wait in memory instead of outside.
	maxBodies = 8 << 20
	// maxWait is how long a larger review waits for its turn. The API server gives up after five seconds.
	maxWait = 4 * time.Second
)

// gate lets reviews through to a webhook one by one as there is memory for them, and turns away at once what can't be
// a review. It has read the whole body by then, so that nobody who sends slowly keeps a decision from being made.
type gate struct {
	next http.Handler
	room *semaphore.Weighted
	wait time.Duration
}

func newRoom() *semaphore.Weighted { return semaphore.NewWeighted(maxBodies) }

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, "a review is application/json")
		return
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		refuse(w, http.StatusUnsupportedMediaType, "a review is not compressed")
		return
	}
	if r.ContentLength > maxBody {
		refuse(w, http.StatusRequestEntityTooLarge, "a review has at most 7 MiB")
		return
	}
	// Without chunks no two parties can disagree about where a request ends.
	if r.ContentLength < 0 || len(r.TransferEncoding) > 0 {
		refuse(w, http.StatusLengthRequired, "a review has a Content-Length")
		return
	}
	if size := r.ContentLength; size > smallBody {
		ctx, cancel := context.WithTimeout(r.Context(), g.wait)
		err := g.room.Acquire(ctx, size)
		cancel()
		if err != nil {
			refuse(w, http.StatusServiceUnavailable, "too many large reviews at one time")
			return
		}
		defer g.room.Release(size)
	}
	body := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(r.Body, body); err != nil {
		refuse(w, http.StatusBadRequest, "the body can't be read")
		return
	}
	// The decoder behind this reads YAML and protobuf as well, which no API server sends to a webhook.
	if text := bytes.TrimLeft(body, " \t\r\n"); len(text) == 0 || text[0] != '{' {
		refuse(w, http.StatusBadRequest, "a review is a JSON object")
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	markReceived(r.Context())
	g.next.ServeHTTP(w, r)
}

// refuse answers what is no review, and ends the connection: no API server has sent it.
func refuse(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Connection", "close")
	http.Error(w, why, status)
}
