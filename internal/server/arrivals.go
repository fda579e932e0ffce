package server

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	guard "github.com/aws-auth-guard/aws-auth-guard/internal/admission"
)

const (
	// chunkBytes are read at one time, and the first chunk of each review takes nothing of the room: reviews of ordinary
	// maps have no more, so that they never wait for others. All connections together hold no more than maxConnections of
	// them.
	chunkBytes = 64 << 10
	// roomBytes is for what large reviews hold besides. The oldest of them may take guard.MaxReview more, so that one
	// always comes to its end.
	roomBytes = 8 << 20
	// slowPace is how long a chunk may take while others wait for room. At that pace, a quarter of a mebibyte a second, no
	// large review comes in time anyway.
	slowPace = time.Second / 4
	// patience is how long a review waits before senders give way to it that are only slower than its own.
	patience = time.Second
	// muchSlower is by how many times a sender must be slower than the one that waits.
	muchSlower = 4
	// fastPace is as fast as anybody needs to be.
	fastPace = time.Millisecond
	// lookAgain is how often those who wait look for others that have become slow.
	lookAgain = 20 * time.Millisecond
)

// arrivals bounds the memory of the reviews that arrive or wait for their decision, in bytes that have arrived: what a
// client announces counts for nothing but its place in line. Where there is no room a sender that is slow gives way.
type arrivals struct {
	mu   sync.Mutex
	held int
	// line holds the large reviews that are not read apart yet, the oldest first.
	line []*arrival
	// changed is closed when room becomes free.
	changed chan struct{}
}

func newArrivals() *arrivals { return &arrivals{changed: make(chan struct{})} }

// arrival is one review.
type arrival struct {
	of *arrivals
	// interrupt ends a read of the body that is under way; moves runs for each chunk that has arrived.
	interrupt, moves func()

	// size is what was announced, held what is taken of the room.
	size, held int
	queued     bool
	// waits is set while there is no room for the next chunk.
	waits bool
	// since is when the read of a chunk began that is under way; zero means none. pace is how long the last one took.
	since time.Time
	pace  time.Duration
	// givesWay is set when another one needs the room.
	givesWay bool
}

// unreadError says why a review was not read to its end.
type unreadError struct{ why guard.Reason }

func (e *unreadError) Error() string { return "the review was not read to its end: " + string(e.why) }

func (of *arrivals) enter(interrupt, moves func()) *arrival {
	return &arrival{of: of, interrupt: interrupt, moves: moves}
}

// read takes in a body of so many bytes. With an error comes what was read; it is an unreadError where the client is
// still there.
func (a *arrival) read(ctx context.Context, from io.Reader, size int) (*chunks, error) {
	body := &chunks{}
	a.size = size
	if size > guard.MaxReview {
		body.add(from, chunkBytes)
		return body, &unreadError{guard.TooLarge}
	}
	for left := size; left > 0; {
		if left < size {
			if err := a.take(ctx, min(left, chunkBytes)); err != nil {
				return body, err
			}
		}
		a.receives(true)
		n, err := body.add(from, min(left, chunkBytes))
		a.receives(false)
		left -= n
		if err != nil {
			return body, unread(err)
		}
		a.moves()
	}
	return body, nil
}

func unread(err error) error {
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return &unreadError{guard.TooSlow}
	}
	return err
}

// receives says that the read of a chunk begins or has ended.
func (a *arrival) receives(now bool) {
	a.of.mu.Lock()
	defer a.of.mu.Unlock()
	if now {
		a.since = time.Now()
		return
	}
	a.pace = time.Since(a.since)
	a.since = time.Time{}
}

// take waits for room.
func (a *arrival) take(ctx context.Context, n int) error {
	for start := time.Now(); ; {
		changed, err := a.try(n, time.Since(start))
		if err != nil || changed == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return &unreadError{guard.NoRoom}
		case <-changed:
		case <-time.After(lookAgain):
		}
	}
}

// try takes room if there is some; else it makes a slow sender give way, and gives what is closed when room becomes free.
func (a *arrival) try(n int, waited time.Duration) (changed <-chan struct{}, err error) {
	of := a.of
	of.mu.Lock()
	defer of.mu.Unlock()
	if a.givesWay {
		return nil, &unreadError{guard.TooSlow}
	}
	if !a.queued {
		a.queued = true
		of.line = append(of.line, a)
	}
	a.waits = !a.mayTake(n)
	if !a.waits {
		of.held += n
		a.held += n
		return nil, nil
	}
	if slow := a.slowest(waited); slow != nil {
		slow.givesWay = true
		slow.interrupt()
	}
	return of.changed, nil
}

// mayTake reports whether there is room for the next chunk. The oldest review goes first, and then the smaller ones.
func (a *arrival) mayTake(n int) bool {
	of := a.of
	if of.line[0] == a {
		return of.held+n <= roomBytes+guard.MaxReview
	}
	return of.held+n <= roomBytes && !slices.ContainsFunc(of.line, func(other *arrival) bool { return other.waits && other.size < a.size })
}

// slowest is the slowest of those that hold room while they wait for their sender, nil where none is slow.
func (a *arrival) slowest(waited time.Duration) *arrival {
	var slowest *arrival
	var worst time.Duration
	for _, other := range a.of.line {
		if other == a || other.givesWay || other.held == 0 || other.since.IsZero() {
			continue
		}
		if pace := max(other.pace, time.Since(other.since)); pace > worst {
			slowest, worst = other, pace
		}
	}
	if worst <= muchSlower*max(a.pace, fastPace) || worst <= slowPace && waited < patience {
		return nil
	}
	return slowest
}

// keep says that the review is read apart: of what it holds it holds no more than n from now on.
func (a *arrival) keep(n int) {
	if !a.queued {
		return // It never had more than its first chunk.
	}
	of := a.of
	of.mu.Lock()
	defer of.mu.Unlock()
	n = min(n, a.held)
	of.held -= a.held - n
	a.held = n
	a.waits = false
	of.line = slices.DeleteFunc(of.line, func(other *arrival) bool { return other == a })
	close(of.changed)
	of.changed = make(chan struct{})
}

// leave gives back what is held.
func (a *arrival) leave() { a.keep(0) }

// chunks is a body as it came. Reading it forgets what was read.
type chunks struct{ all [][]byte }

// add reads so many bytes, which come together in one chunk.
func (c *chunks) add(from io.Reader, n int) (int, error) {
	chunk := make([]byte, n)
	n, err := io.ReadFull(from, chunk)
	c.all = append(c.all, chunk[:n])
	return n, err
}

// head is the beginning of the body.
func (c *chunks) head() []byte {
	if len(c.all) == 0 {
		return nil
	}
	return c.all[0]
}

// Read gives what comes next.
func (c *chunks) Read(p []byte) (int, error) {
	for len(c.all) > 0 && len(c.all[0]) == 0 {
		c.all = c.all[1:]
	}
	if len(c.all) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.all[0])
	c.all[0] = c.all[0][n:]
	return n, nil
}
