package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"
)

// TestTheGateLetsReviewsThroughAndNothingElse: what can't come from an API server never reaches the decoder.
func TestTheGateLetsReviewsThroughAndNothingElse(t *testing.T) {
	const review = `{"kind":"AdmissionReview"}`
	for name, tt := range map[string]struct {
		contentType, encoding, body string
		length                      int64
		status                      int
	}{
		"a review":             {"application/json", "", review, 0, http.StatusOK},
		"blanks before it":     {"application/json", "identity", " \n" + review, 0, http.StatusOK},
		"no type":              {"", "", review, 0, http.StatusUnsupportedMediaType},
		"YAML":                 {"application/yaml", "", "kind: AdmissionReview", 0, http.StatusUnsupportedMediaType},
		"protobuf":             {"application/vnd.kubernetes.protobuf", "", "k8s\x00", 0, http.StatusUnsupportedMediaType},
		"a broken type":        {"application/json; =", "", review, 0, http.StatusUnsupportedMediaType},
		"compressed":           {"application/json", "gzip", review, 0, http.StatusUnsupportedMediaType},
		"YAML called JSON":     {"application/json", "", "&a [*a]", 0, http.StatusBadRequest},
		"protobuf as JSON":     {"application/json", "", "k8s\x00", 0, http.StatusBadRequest},
		"empty":                {"application/json", "", "", 0, http.StatusBadRequest},
		"too long":             {"application/json", "", review, maxBody + 1, http.StatusRequestEntityTooLarge},
		"of unknown length":    {"application/json", "", review, -1, http.StatusLengthRequired},
		"shorter than it says": {"application/json", "", review, 1000, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			read := ""
			next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				read = string(body)
			})
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/validate", strings.NewReader(tt.body))
			if tt.length != 0 {
				request.ContentLength = tt.length
			}
			request.Header.Set("Content-Type", tt.contentType)
			request.Header.Set("Content-Encoding", tt.encoding)
			answer := httptest.NewRecorder()
			(&gate{next, newRoom(), time.Second}).ServeHTTP(answer, request)
			if answer.Code != tt.status || (tt.status == http.StatusOK) != (read == tt.body && read != "") {
				t.Errorf("status %d, want %d; the webhook read %q", answer.Code, tt.status, read)
			}
			if tt.status != http.StatusOK && answer.Header().Get("Connection") != "close" {
				t.Error("the connection is kept")
			}
		})
	}
}

// TestLargeReviewsWaitAndSmallOnesDoNot: while the room is taken a large review is turned away after its wait, and an
// ordinary one passes.
func TestLargeReviewsWaitAndSmallOnesDoNot(t *testing.T) {
	room := semaphore.NewWeighted(maxBodies)
	if !room.TryAcquire(maxBodies) {
		t.Fatal("the room is not empty")
	}
	g := &gate{http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), room, time.Millisecond}
	post := func(size int) int {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("{"+strings.Repeat(" ", size-1)))
		request.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		g.ServeHTTP(answer, request)
		return answer.Code
	}
	if got := post(smallBody); got != http.StatusOK {
		t.Errorf("an ordinary review: %d", got)
	}
	if got := post(smallBody + 1); got != http.StatusServiceUnavailable {
		t.Errorf("a large one: %d", got)
	}
	room.Release(maxBodies)
	if got := post(smallBody + 1); got != http.StatusOK {
		t.Errorf("a large one, later: %d", got)
	}
	if !room.TryAcquire(maxBodies) {
		t.Error("the room was not given back")
	}
}

// closing is a connection that knows whether it was closed.
type closing struct {
	net.Conn
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

// TestConnectionsThatWaitLongestMakeRoom: of those that have no request to be answered, the oldest goes.
func TestConnectionsThatWaitLongestMakeRoom(t *testing.T) {
	c := newConnections(3)
	s := &http.Server{}
	c.follow(s)
	open := func() *closing {
		conn := &closing{}
		s.ConnState(conn, http.StateNew)
		return conn
	}
	busy, idle, slow := open(), open(), open()
	markReceived(s.ConnContext(context.Background(), busy))
	s.ConnState(slow, http.StateActive)
	s.ConnState(idle, http.StateIdle) // waits since now, less long than slow
	fourth := open()
	if busy.closed || idle.closed || !slow.closed || fourth.closed {
		t.Errorf("closed: busy %v, idle %v, slow %v, new %v", busy.closed, idle.closed, slow.closed, fourth.closed)
	}
	s.ConnState(slow, http.StateClosed)
	markReceived(s.ConnContext(context.Background(), idle))
	markReceived(s.ConnContext(context.Background(), fourth))
	if fifth := open(); !fifth.closed || busy.closed || idle.closed || fourth.closed {
		t.Error("where all are being answered the new one must go")
	}
	s.ConnState(busy, http.StateIdle)
	if sixth := open(); sixth.closed || !busy.closed {
		t.Error("one that was answered does not wait again")
	}
	if len(c.all) != 3 {
		t.Errorf("%d connections are known", len(c.all))
	}
}

// TestNoiseIsRareAndShort: a flood leaves a burst of lines and a count, and no text of any size.
func TestNoiseIsRareAndShort(t *testing.T) {
	var log strings.Builder
	noise := newRare(clipped{slog.NewJSONHandler(&log, nil)})
	logger := slog.New(noise.WithGroup("").WithAttrs([]slog.Attr{slog.String("logger", strings.Repeat("é", maxLogged))}))
	long := strings.Repeat("x", 1<<20)
	for range 10_000 {
		logger.Error(long, "err", errors.New(long), "stack", long, "uid", types.UID(long))
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != noiseBurst {
		t.Errorf("%d lines, want %d", len(lines), noiseBurst)
	}
	for _, line := range lines {
		if len(line) > 5*maxLogged+maxStack || !strings.Contains(line, "… (cut)") {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
	log.Reset()
	noise.limit.SetLimit(rate.Inf)
	logger.Error("again")
	if !strings.Contains(log.String(), `"droppedBefore":9980`) {
		t.Errorf("the lines that were dropped are not told: %s", log.String())
	}
}
