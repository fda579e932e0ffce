package admission

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/semaphore"
)

const (
	// roomBytes bounds the text of the maps that are read at one time: two edits of the largest map there can be. What
	// is read of an ordinary text takes up to fifty times its size.
	roomBytes = 4 << 20
	// itemBytes is about what a line of an ordinary map holds.
	itemBytes = 25
	// smallBytes is far above an ordinary map. Decisions about no more have smallRoom to themselves.
	smallBytes = 64 << 10
	smallRoom  = 1 << 20
	// freeBytes need no room: all connections together hold no more of them than the others.
	freeBytes = 4 << 10
)

// Limiter bounds the memory of the decisions that are under way, those that were given up included. Large ones never take
// room from small ones, and of the small ones the smallest goes first.
type Limiter struct {
	large *semaphore.Weighted

	mu sync.Mutex
	// small is what small decisions have taken; waiting are those that found none, the smallest first.
	small   int64
	waiting []waiter
}

// waiter is a small decision that waits; ready is closed when it may begin.
type waiter struct {
	size  int64
	ready chan struct{}
}

// NewLimiter makes a limiter with all of its room free. The two webhooks of a process share one.
func NewLimiter() *Limiter { return &Limiter{large: semaphore.NewWeighted(roomBytes)} }

var errNoRoom = errors.New("other edits took all the time")

// Acquire waits for a share of that size until ctx ends. The caller gives it back with release.
func (r *Limiter) Acquire(ctx context.Context, size int64) (release func(), err error) {
	switch {
	case r == nil || size <= freeBytes:
		return func() {}, nil
	case size <= smallBytes:
		err = r.acquireSmall(ctx, size)
		release = func() { r.releaseSmall(size) }
	default:
		size = min(size, roomBytes)
		err = r.large.Acquire(ctx, size)
		release = func() { r.large.Release(size) }
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoRoom, err)
	}
	return release, nil
}

func (r *Limiter) acquireSmall(ctx context.Context, size int64) error {
	w := waiter{size, make(chan struct{})}
	r.mu.Lock()
	i, _ := slices.BinarySearchFunc(r.waiting, size+1, func(w waiter, size int64) int { return int(w.size - size) })
	r.waiting = slices.Insert(r.waiting, i, w)
	r.hand()
	r.mu.Unlock()
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	i = slices.Index(r.waiting, w)
	if i < 0 {
		return nil // It came in the same moment.
	}
	r.waiting = slices.Delete(r.waiting, i, i+1)
	r.hand()
	return ctx.Err()
}

func (r *Limiter) releaseSmall(size int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.small -= size
	r.hand()
}

// hand gives room as long as the smallest finds any.
func (r *Limiter) hand() {
	for len(r.waiting) > 0 && r.small+r.waiting[0].size <= smallRoom {
		r.small += r.waiting[0].size
		close(r.waiting[0].ready)
		r.waiting = slices.Delete(r.waiting, 0, 1)
	}
}
