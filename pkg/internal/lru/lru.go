package lru

import (
	"slices"
	"sync"
)

// Cache keeps what was added or found last, within two bounds. It may be used by many at once; the zero value keeps nothing.
type Cache[V any] struct {
	// Max bounds how many are kept, MaxBytes what they take together. A value of more than half of that is not kept, so that
	// two that are used in turns have room.
	Max, MaxBytes int

	mu   sync.Mutex
	held []sized[V]
}

type sized[V any] struct {
	value V
	bytes int
}

// Find gives the value that was of use last among those that match.
func (l *Cache[V]) Find(match func(V) bool) (V, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, h := range slices.Backward(l.held) {
		if match(h.value) {
			l.held = append(slices.Delete(l.held, i, i+1), h)
			return h.value, true
		}
	}
	var none V
	return none, false
}

// Fits reports whether a value of this size would be kept.
func (l *Cache[V]) Fits(bytes int) bool { return bytes <= l.MaxBytes/2 }

// Add keeps a value of this size, in place of those that were of no use for the longest.
func (l *Cache[V]) Add(value V, bytes int) {
	if !l.Fits(bytes) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = append(l.held, sized[V]{value, bytes})
	sum := 0
	for _, h := range l.held {
		sum += h.bytes
	}
	drop := 0
	for len(l.held)-drop > l.Max || sum > l.MaxBytes {
		sum -= l.held[drop].bytes
		drop++
	}
	l.held = slices.Delete(l.held, 0, drop)
}
