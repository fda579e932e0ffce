package server

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

const (
	// noiseBurst lines, and then one each noiseGap, are what is logged of things that anybody who reaches a port can
	// cause.
	noiseBurst = 20
	noiseGap   = 10 * time.Second
)

// rare drops lines that come too often, and tells with the next one how many those were. Its copies count together.
type rare struct {
	slog.Handler
	limit   *rate.Limiter
	dropped *atomic.Int64
}

func newRare(h slog.Handler) rare {
	return rare{h, rate.NewLimiter(rate.Every(noiseGap), noiseBurst), &atomic.Int64{}}
}

func (q rare) Handle(ctx context.Context, r slog.Record) error {
	if !q.limit.Allow() {
		q.dropped.Add(1)
		return nil
	}
	if n := q.dropped.Swap(0); n > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int64("droppedBefore", n))
	}
	return q.Handler.Handle(ctx, r)
}

func (q rare) WithAttrs(attrs []slog.Attr) slog.Handler {
	return rare{q.Handler.WithAttrs(attrs), q.limit, q.dropped}
}

func (q rare) WithGroup(name string) slog.Handler {
	return rare{q.Handler.WithGroup(name), q.limit, q.dropped}
}
