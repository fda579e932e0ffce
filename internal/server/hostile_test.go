package server

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"

	asynclog "github.com/aws-auth-guard/aws-auth-guard/internal/log"
)

// remembered is a connection that knows whether it was closed.
type remembered struct {
	net.Conn
	place  *connection
	closed bool
}

// opened is one that a server takes in, in the order in which net/http does it.
func opened(s *http.Server) *remembered {
	conn := &remembered{}
	conn.place = connectionOf(s.ConnContext(context.Background(), conn))
	s.ConnState(conn, http.StateNew)
	return conn
}

func (c *remembered) Close() error { c.closed = true; return nil }

// ticking is a clock that goes on by hand.
type ticking struct{ at time.Time }

func (t *ticking) now() time.Time { return t.at }

func (t *ticking) pass(d time.Duration) { t.at = t.at.Add(d) }

// TestConnectionsThatWaitLongestMakeRoom: of those that may be closed the oldest goes, else the newcomer.
func TestConnectionsThatWaitLongestMakeRoom(t *testing.T) {
	const limit = 4
	type does = func(*http.Server, *remembered)
	receive := func(_ *http.Server, conn *remembered) { conn.place.decides() }
	unread := func(s *http.Server, conn *remembered) { receive(s, conn); conn.place.answers() }
	answer := func(s *http.Server, conn *remembered) { unread(s, conn); s.ConnState(conn, http.StateIdle) }
	slow := func(s *http.Server, conn *remembered) { s.ConnState(conn, http.StateActive) }
	idle := func(s *http.Server, conn *remembered) { s.ConnState(conn, http.StateIdle) }
	silent := func(*http.Server, *remembered) {}
	for name, tt := range map[string]struct {
		// do is what happens to each connection, the oldest first; then so much time passes, and one more comes.
		do   [limit]does
		pass time.Duration
		// closed is the index of the one that goes; limit is the newcomer.
		closed int
	}{
		"all are silent":                          {[limit]does{silent, silent, silent, silent}, minLife, 0},
		"all are young":                           {[limit]does{silent, silent, silent, silent}, minLife - limit, limit},
		"the oldest is old enough":                {[limit]does{silent, silent, silent, silent}, minLife - 1, 0},
		"the oldest is answered":                  {[limit]does{receive, silent, silent, silent}, minLife, 1},
		"the oldest was answered before":          {[limit]does{answer, silent, silent, silent}, minLife, 1},
		"one sends byte by byte":                  {[limit]does{answer, receive, slow, silent}, minLife, 2},
		"idle after what was no review":           {[limit]does{answer, receive, receive, idle}, minLife, 3},
		"no more than two keep their place":       {[limit]does{answer, answer, answer, answer}, minLife, 2},
		"one does not read its answer":            {[limit]does{answer, receive, unread, silent}, minLife, 2},
		"all others are decided about":            {[limit]does{answer, answer, receive, receive}, minLife, 2},
		"they are young":                          {[limit]does{answer, answer, receive, receive}, minLife - limit, limit},
		"answered before, and answered once more": {[limit]does{func(s *http.Server, c *remembered) { answer(s, c); receive(s, c) }, answer, silent, silent}, minLife, 2},
	} {
		t.Run(name, func(t *testing.T) {
			clock := &ticking{time.Unix(1_000_000, 0)}
			c := newConnections(limit, 2)
			c.now = clock.now
			s := &http.Server{}
			c.follow(s)
			var all []*remembered
			open := func() { all = append(all, opened(s)) }
			for i := range limit {
				open()
				tt.do[i](s, all[i])
				clock.pass(1)
			}
			clock.pass(tt.pass - limit)
			clock.pass(limit - 1)
			open()
			for i, conn := range all {
				if conn.closed != (i == tt.closed) {
					t.Errorf("connection %d: closed %v; the one to go is %d", i, conn.closed, tt.closed)
				}
			}
			if len(c.all) != limit {
				t.Errorf("%d connections are known", len(c.all))
			}
			for _, conn := range all {
				s.ConnState(conn, http.StateClosed)
			}
			if len(c.all) != 0 {
				t.Errorf("%d connections are known after their end", len(c.all))
			}
		})
	}
}

// TestAFloodTakesNoAnsweredConnection: whatever comes, in whatever order, one that was answered keeps its place while
// there is room for it, one under way is answered, and the limit holds.
func TestAFloodTakesNoAnsweredConnection(t *testing.T) {
	clock := &ticking{time.Unix(1_000_000, 0)}
	c := newConnections(64, 32)
	c.now = clock.now
	s := &http.Server{}
	c.follow(s)
	own := opened(s)
	own.place.decides()
	s.ConnState(own, http.StateIdle)
	random := rand.New(rand.NewPCG(1, 2))
	var others []*remembered
	for range 20_000 {
		others = append(others, opened(s))
		other := others[random.IntN(len(others))]
		if !other.closed {
			switch random.IntN(8) {
			case 0:
				other.place.decides()
			case 1, 2:
				s.ConnState(other, http.StateIdle)
			case 3:
				s.ConnState(other, http.StateActive)
			case 4:
				s.ConnState(other, http.StateClosed)
			}
		}
		clock.pass(time.Duration(random.IntN(20)) * time.Millisecond)
		if own.closed || len(c.all) > 64 {
			t.Fatalf("the connection that was answered is closed: %v; %d connections", own.closed, len(c.all))
		}
	}
}

// TestHandshakesHaveTheirTime: a connection keeps its minimum life, and after it any may go.
func TestHandshakesHaveTheirTime(t *testing.T) {
	clock := &ticking{time.Unix(1_000_000, 0)}
	p := &pending{limit: 3, life: time.Second, now: clock.now, pick: func(n int) int { return n - 1 }}
	conns := make([]*remembered, 6)
	add := func(i int) bool {
		conns[i] = &remembered{}
		return p.add(conns[i])
	}
	state := func() (closed []int) {
		for i, c := range conns {
			if c != nil && c.closed {
				closed = append(closed, i)
			}
		}
		return closed
	}
	for i := range 3 {
		if !add(i) {
			t.Fatalf("%d finds no room", i)
		}
		clock.pass(100 * time.Millisecond)
	}
	if add(3) || len(state()) != 0 {
		t.Errorf("a newcomer pushes out one that is young: %v", state())
	}
	clock.pass(800 * time.Millisecond) // 0 and 1 are a second old
	if !add(4) || !slices.Equal(state(), []int{1}) {
		t.Errorf("closed %v, not the one that was picked of the old ones", state())
	}
	p.remove(conns[2])
	if !add(5) || !slices.Equal(state(), []int{1}) || len(p.all) != 3 {
		t.Errorf("one that has finished leaves no room: %v, %d", state(), len(p.all))
	}
	p.closeAll()
	if p.add(&remembered{}) || !conns[0].closed || !conns[4].closed || !conns[5].closed {
		t.Error("handshakes go on after the end")
	}
}

// TestNoiseIsRareAndShort: a flood leaves a burst of lines and a count, and no text of any size.
func TestNoiseIsRareAndShort(t *testing.T) {
	var log strings.Builder
	lines := asynclog.New(slog.NewJSONHandler(&log, nil))
	noise := newRare(lines)
	logger := slog.New(noise.WithGroup("").WithAttrs([]slog.Attr{slog.String("logger", strings.Repeat("é", 1<<10))}))
	long := strings.Repeat("x", 1<<20)
	for range 10_000 {
		logger.Error(long, "err", errors.New(long), "stack", long, "uid", types.UID(long))
	}
	noise.limit.SetLimit(rate.Inf)
	logger.Error("again")
	lines.Close(time.Minute)
	written := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(written) != noiseBurst+1 {
		t.Fatalf("%d lines, want %d", len(written), noiseBurst+1)
	}
	for _, line := range written[:noiseBurst] {
		if len(line) > 20<<10 || !strings.Contains(line, "… (cut)") {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
	if again := written[noiseBurst]; !strings.Contains(again, `"droppedBefore":9980`) {
		t.Errorf("the dropped lines are not reported: %s", again)
	}
}
