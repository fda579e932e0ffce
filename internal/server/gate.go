package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	guard "github.com/aws-auth-guard/aws-auth-guard/internal/admission"
)

const (
	// drainTime is how long after its beginning the rest of a review is still taken that is answered without it. The API
	// server gives up after five seconds.
	drainTime = guard.MaxTime + 500*time.Millisecond
	// answerTime is when an answer comes too late for any API server. A client that does not read it holds memory no longer.
	answerTime = guard.MaxTime + 2*time.Second
	// maxDrain bounds that rest, in bytes: far more than an API server sends.
	maxDrain = 4 * guard.MaxReview
)

// gate takes reviews in as there is memory for them and hands them to a webhook. What can't be a review it turns away.
// A review that it can't take in, because it is too large or too slow or finds no room, it answers by its head alone:
// what the API server gets no answer about is stored unseen under the failure policy Ignore, and refused under Fail.
type gate struct {
	handler *guard.Handler
	// webhook is controller-runtime's, around the handler: it counts panics and completes answers.
	webhook *admission.Webhook
	room    *arrivals
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	if status, why := noReview(r); status != 0 {
		refuse(w, status, why)
		return
	}
	// The wait for memory, the reading and the decision have this time together.
	ctx, cancel := context.WithDeadline(r.Context(), start.Add(guard.MaxTime))
	defer cancel()
	connection := http.NewResponseController(w)
	setReadDeadline(connection, start.Add(guard.MaxTime))
	_ = connection.SetWriteDeadline(start.Add(answerTime))
	interrupt := func() { setReadDeadline(connection, time.Unix(1, 0)) }
	place := connectionOf(r.Context())
	place.serves(func() { cancel(); interrupt() })
	defer place.answers()
	a := g.room.enter(interrupt, place.moves)
	defer a.leave()
	body, err := a.read(ctx, r.Body, int(r.ContentLength))
	if err != nil {
		head := body.head()
		body = nil
		a.leave()
		g.unread(w, r, head, err, start)
		return
	}
	setReadDeadline(connection, time.Time{})
	place.decides()
	review, err := guard.ReadReview(body)
	if err != nil && review.Request.UID == "" {
		refuse(w, http.StatusBadRequest, "a review is an AdmissionReview in JSON")
		return
	}
	if err != nil {
		respond(w, r, review, g.handler.Malformed(review, err))
		return
	}
	a.keep(review.Size())
	respond(w, r, review, g.webhook.Handle(ctx, review.Request))
}

// noReview says what can't come from an API server, by its headers.
func noReview(r *http.Request) (status int, why string) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return http.StatusUnsupportedMediaType, "a review is application/json"
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return http.StatusUnsupportedMediaType, "a review is not compressed"
	}
	// Without chunks no two parties can disagree about where a request ends.
	if r.ContentLength < 0 || len(r.TransferEncoding) > 0 {
		return http.StatusLengthRequired, "a review has a Content-Length"
	}
	return 0, ""
}

// unread answers a review of which no more than the head was read. The rest is taken in and thrown away first: a client
// that still sends when the connection ends may not see the answer.
func (g *gate) unread(w http.ResponseWriter, r *http.Request, head []byte, err error, start time.Time) {
	review, ok := guard.ReadHead(head)
	var reason *unreadError
	if !ok || !errors.As(err, &reason) {
		refuse(w, http.StatusBadRequest, "the review can't be read")
		return
	}
	place := connectionOf(r.Context())
	until := start.Add(drainTime)
	if !place.patient() {
		until = time.Now().Add(minLife)
	}
	setReadDeadline(http.NewResponseController(w), until)
	_, err = io.Copy(io.Discard, io.LimitReader(r.Body, maxDrain))
	if rest, _ := r.Body.Read(make([]byte, 1)); err != nil || rest > 0 {
		w.Header().Set("Connection", "close")
	}
	place.decides()
	respond(w, r, review, g.handler.Unread(review, reason.why))
}

// respond writes an answer as the API server reads it.
func respond(w http.ResponseWriter, r *http.Request, review *guard.Review, response admission.Response) {
	body, err := json.Marshal(review.Answer(response))
	if err != nil {
		refuse(w, http.StatusInternalServerError, "the answer can't be written")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	place := connectionOf(r.Context())
	place.answers()
	if !place.patient() {
		w.Header().Set("Connection", "close")
	}
	_, _ = w.Write(body) // Nobody is left to tell.
}

// refuse answers what is no review, and ends the connection: no API server has sent it.
func refuse(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Connection", "close")
	http.Error(w, why, status)
}

// setReadDeadline bounds the reads of a request's body. A connection that has ended needs no bound.
func setReadDeadline(c *http.ResponseController, t time.Time) { _ = c.SetReadDeadline(t) }
