package admission

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/semaphore"
)

const (
	// roomBytes bounds the text of the maps that are read at one time: two edits of the largest map there can be. What
	// is read of an ordinary text takes up to fifty times its size.
	roomBytes = 4 << 20
	// itemBytes is about what a line of an ordinary map holds.
	itemBytes = 25
	// freeBytes is far above an ordinary map. Decisions about no more are never kept waiting.
	freeBytes = 64 << 10
)

// Room bounds the memory of the decisions that are under way, those that were given up included.
type Room struct{ bytes *semaphore.Weighted }

// NewRoom makes a room that is empty. The two webhooks of a process share one.
func NewRoom() *Room { return &Room{semaphore.NewWeighted(roomBytes)} }

var errNoRoom = errors.New("other large edits took all the time")

// enter waits for its turn until ctx ends.
func (r *Room) enter(ctx context.Context, size int64) (leave func(), err error) {
	if r == nil || size <= freeBytes {
		return func() {}, nil
	}
	size = min(size, roomBytes)
	if err := r.bytes.Acquire(ctx, size); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoRoom, err)
	}
	return func() { r.bytes.Release(size) }, nil
}
