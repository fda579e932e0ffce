package log

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// maxRecords wait to be written at most. Those that find no room are lost, and counted.
const maxRecords = 1024

// Handler cuts what is long in records, hands them to another handler in the order in which they come, and does not wait
// for it.
type Handler struct {
	inner slog.Handler
	queue *queue
}

// New makes a Handler in front of another one. It must be closed in the end.
func New(inner slog.Handler) *Handler {
	q := &queue{records: make(chan *entry, maxRecords), closing: make(chan struct{}), closed: make(chan struct{})}
	go q.write(inner)
	return &Handler{inner, q}
}

// Enabled reports what the inner handler does.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.inner.Enabled(ctx, level)
}

// Handle keeps a record until it is written. It never fails.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	if !h.Enabled(ctx, r.Level) {
		return nil // logr asks only where it is no error
	}
	select {
	case h.queue.records <- &entry{h.inner, clipRecord(r)}:
	default:
		h.queue.lost.Add(1)
	}
	return nil
}

// WithAttrs adds attributes to all records of a new Handler, which has the same place to wait.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Handler{h.inner.WithAttrs(clipAttrs(attrs)), h.queue}
}

// WithGroup puts the attributes of a new Handler into a group; it has the same place to wait.
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{h.inner.WithGroup(name), h.queue}
}

// Close writes what waits, and gives up after a time. It is called once; what is logged later may be lost.
func (h *Handler) Close(patience time.Duration) {
	close(h.queue.closing)
	select {
	case <-h.queue.closed:
	case <-time.After(patience):
	}
}

// queue is where the records of a Handler, and of those made from it, wait.
type queue struct {
	records         chan *entry
	lost            atomic.Int64
	closing, closed chan struct{}
}

// entry is a record and the handler that it is for.
type entry struct {
	handler slog.Handler
	record  slog.Record
}

// write writes until the queue is closed and empty. What can't be written is dropped, as slog and logr do.
func (q *queue) write(first slog.Handler) {
	defer close(q.closed)
	ctx := context.Background()
	for {
		var e *entry
		select {
		case e = <-q.records:
		case <-q.closing:
			select {
			case e = <-q.records:
			default:
				return
			}
		}
		_ = e.handler.Handle(ctx, e.record)
		if n := q.lost.Swap(0); n > 0 {
			r := slog.NewRecord(time.Now(), slog.LevelWarn, "log lines are lost: the log is not read fast enough", 0)
			r.AddAttrs(slog.Int64("lines", n))
			_ = first.Handle(ctx, r)
		}
	}
}
