package cluster

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/singleflight"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/cache"
)

// memo remembers answers for a while and asks each question once at a time.
type memo[V any] struct {
	// keep is how long an answer is fresh. After that it serves for spare where there is no other.
	keep, spare time.Duration
	now         func() time.Time
	asking      singleflight.Group
	held        *cache.LRUExpireCache
}

type answer[V any] struct {
	value V
	until time.Time
}

// maxHeld bounds the answers that are kept: those that were of no use for the longest go first.
const maxHeld = 1024

// clock is a function that tells the time, for the cache.
type clock func() time.Time

// Now implements cache.Clock.
func (c clock) Now() time.Time { return c() }

func newMemo[V any](o Options, spare time.Duration) *memo[V] {
	return &memo[V]{keep: o.Keep, spare: spare, now: o.Now, held: cache.NewLRUExpireCacheWithClock(maxHeld, clock(o.Now))}
}

// fresh returns the answer that is held and not too old.
func (m *memo[V]) fresh(key string) (V, bool) { return m.find(key, 0) }

// find returns the answer that is held and not older than fresh by more than spare.
func (m *memo[V]) find(key string, spare time.Duration) (value V, found bool) {
	held, _ := m.held.Get(key)
	if a, ok := held.(answer[V]); ok && m.now().Before(a.until.Add(spare)) {
		return a.value, true
	}
	return value, false
}

// get returns the answer that is held, or asks. When ctx ends first, the question goes on for those who come
// later, but for one that had no turn yet.
func (m *memo[V]) get(ctx context.Context, key string, ask func(context.Context) (V, error)) (V, error) {
	value, err := m.await(ctx, key, ask)
	for errors.Is(err, errNoTurn) && ctx.Err() == nil {
		value, err = m.await(ctx, key, ask) // it was the turn of somebody whose time was up
	}
	if err == nil || apierrors.IsForbidden(err) {
		return value, err
	}
	if last, ok := m.find(key, m.spare); ok {
		return last, nil
	}
	return value, err
}

// await waits for the answer until ctx ends, and asks where nobody does. A failure goes to those who wait, and is asked again by
// the next.
func (m *memo[V]) await(ctx context.Context, key string, ask func(context.Context) (V, error)) (none V, err error) {
	if value, ok := m.fresh(key); ok {
		return value, nil
	}
	done := m.asking.DoChan(key, func() (any, error) {
		if value, ok := m.fresh(key); ok {
			return value, nil // it came in the same moment
		}
		value, err := ask(ctx)
		if err == nil {
			m.held.Add(key, answer[V]{value, m.now().Add(m.keep)}, m.keep+m.spare)
		}
		return value, err
	})
	select {
	case r := <-done:
		value, _ := r.Val.(V)
		return value, r.Err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}
