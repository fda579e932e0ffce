package log

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// plain is a JSON log without its times.
func plain(b *bytes.Buffer) slog.Handler {
	return slog.NewJSONHandler(b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
}

func TestTheLogIsTheSame(t *testing.T) {
	say := func(l *slog.Logger) {
		l.Info("one", "n", 1, "list", []string{"a"})
		named := l.With("name", "x").WithGroup("g")
		for i := range 100 {
			named.Info("more", "i", i)
		}
		l.Error("last", "err", errors.New("bad"))
		l.Debug("not asked for")
	}
	var got, want bytes.Buffer
	say(slog.New(plain(&want)))
	h := New(plain(&got))
	say(slog.New(h))
	h.Close(time.Minute)
	if got.String() != want.String() || strings.Count(want.String(), "\n") != 102 {
		t.Errorf("got\n%s\nwant\n%s", &got, &want)
	}
}

// gated writes when it may.
type gated struct {
	open chan struct{}
	bytes.Buffer
}

func (g *gated) Write(p []byte) (int, error) {
	<-g.open
	return g.Buffer.Write(p)
}

func TestAStuckLogHoldsUpNobody(t *testing.T) {
	log := &gated{open: make(chan struct{})}
	h := New(slog.NewTextHandler(log, nil))
	logger := slog.New(h)
	const writers, each = 8, maxRecords
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				logger.Info(fmt.Sprintf("line %d-%d", w, i))
			}
		})
	}
	group.Wait()
	h.Close(time.Nanosecond) // It gives up.
	close(log.open)
	<-h.queue.closed
	// One more than there is room for may be under way.
	written := strings.Count(log.String(), "line ")
	var lost int
	if _, err := fmt.Sscanf(log.String()[strings.Index(log.String(), "lines="):], "lines=%d", &lost); err != nil {
		t.Fatalf("%v in %.500s", err, log)
	}
	if written < maxRecords || written > maxRecords+1 || written+lost != writers*each {
		t.Errorf("%d lines are written and %d lost of %d", written, lost, writers*each)
	}
	if n := strings.Count(log.String(), "log lines are lost"); n != 1 {
		t.Errorf("it says %d times that lines are lost", n)
	}
}
