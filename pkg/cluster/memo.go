package cluster

import (
	"context"
	"errors"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/aws-auth-guard/aws-auth-guard/internal/recent"
)

// memo remembers answers for a while and asks each question once at a time.
type memo[K comparable, V any] struct {
	keep, spare time.Duration
	now         func() time.Time
	mu          sync.Mutex
	held        recent.Values[*reply[K, V]]
}

type reply[K comparable, V any] struct {
	key   K
	done  chan struct{}
	until time.Time
	value V
	err   error
	// last is the value before, which serves in its place until lastUntil.
	last      V
	lastUntil time.Time
}

// maxHeld bounds the answers that are kept: those that were of no use for the longest go first.
const maxHeld = 1024

func newMemo[K comparable, V any](o Options, spare time.Duration) *memo[K, V] {
	return &memo[K, V]{keep: o.Keep, spare: spare, now: o.Now, held: recent.Values[*reply[K, V]]{Max: maxHeld, MaxBytes: maxHeld}}
}

// find returns the answer to a question, which may be under way or too old; nil for none.
func (m *memo[K, V]) find(key K) *reply[K, V] {
	a, _ := m.held.Find(func(a *reply[K, V]) bool { return a.key == key })
	return a
}

// fresh returns the answer that is held and not too old.
func (m *memo[K, V]) fresh(key K) (V, bool) {
	if a := m.find(key); a != nil && a.answered() && a.err == nil && !m.expired(a) {
		return a.value, true
	}
	var none V
	return none, false
}

// get returns the answer that is held, or asks. When ctx ends first, the question goes on for those who come
// later, but for one that had no turn yet.
func (m *memo[K, V]) get(ctx context.Context, key K, ask func(context.Context) (V, error)) (V, error) {
	a := m.await(ctx, key, ask)
	for a.answered() && errors.Is(a.err, errNoTurn) && ctx.Err() == nil {
		a = m.await(ctx, key, ask) // it was the turn of somebody whose time was up
	}
	err := ctx.Err()
	if a.answered() {
		if err = a.err; err == nil {
			return a.value, nil
		}
	}
	if m.now().Before(a.lastUntil) && !apierrors.IsForbidden(err) {
		return a.last, nil
	}
	var none V
	return none, err
}

// await waits for the answer until ctx ends, and asks where nobody does.
func (m *memo[K, V]) await(ctx context.Context, key K, ask func(context.Context) (V, error)) *reply[K, V] {
	m.mu.Lock()
	a := m.find(key)
	if a == nil || m.expired(a) {
		a = m.after(key, a)
		m.held.Add(a, 0)
		go m.fill(ctx, a, ask)
	}
	m.mu.Unlock()
	select {
	case <-a.done:
	case <-ctx.Done():
	}
	return a
}

// after is an answer that is awaited, in place of one that is too old or nil for none.
func (m *memo[K, V]) after(key K, old *reply[K, V]) *reply[K, V] {
	a := &reply[K, V]{key: key, done: make(chan struct{})}
	switch {
	case old == nil || m.spare == 0:
	case old.err == nil:
		a.last, a.lastUntil = old.value, old.until.Add(m.spare)
	default:
		a.last, a.lastUntil = old.last, old.lastUntil
	}
	return a
}

func (m *memo[K, V]) fill(ctx context.Context, a *reply[K, V], ask func(context.Context) (V, error)) {
	a.value, a.err = ask(ctx)
	a.until = m.now().Add(m.keep)
	if a.err != nil {
		a.until = m.now() // a failure is told to those who wait, and asked again by the next
	}
	close(a.done)
}

// answered reports an answer that is there.
func (a *reply[K, V]) answered() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// expired reports an answer that is there and too old.
func (m *memo[K, V]) expired(a *reply[K, V]) bool { return a.answered() && !m.now().Before(a.until) }
