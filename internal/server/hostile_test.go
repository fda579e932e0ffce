package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"
)

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
