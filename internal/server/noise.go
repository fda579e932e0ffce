package server

import (
	"context"
	"log/slog"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

const (
	// maxLogged bounds a text in the log in bytes, maxStack that of a stack.
	maxLogged = 1 << 10
	maxStack  = 8 << 10
	// noiseBurst lines, and then one each noiseGap, are what is logged of things that anybody who reaches a port can
	// cause.
	noiseBurst = 20
	noiseGap   = 10 * time.Second
)

// clipped cuts long texts, which may come from a request, before they reach the log.
type clipped struct{ slog.Handler }

func (c clipped) Handle(ctx context.Context, r slog.Record) error {
	if !c.Enabled(ctx, r.Level) {
		return nil // logr asks only where it is no error
	}
	short := slog.NewRecord(r.Time, r.Level, clip(r.Message, maxLogged), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		short.AddAttrs(clipAttr(a))
		return true
	})
	return c.Handler.Handle(ctx, short)
}

func (c clipped) WithAttrs(attrs []slog.Attr) slog.Handler {
	short := make([]slog.Attr, 0, len(attrs))
	for _, a := range attrs {
		short = append(short, clipAttr(a))
	}
	return clipped{c.Handler.WithAttrs(short)}
}

func (c clipped) WithGroup(name string) slog.Handler { return clipped{c.Handler.WithGroup(name)} }

func clipAttr(a slog.Attr) slog.Attr {
	limit := maxLogged
	if a.Key == "stack" {
		limit = maxStack
	}
	v := a.Value.Any()
	if err, ok := v.(error); ok {
		a.Value = slog.StringValue(clip(err.Error(), limit))
	} else if text := reflect.ValueOf(v); text.Kind() == reflect.String { // a string, a types.UID, an operation
		a.Value = slog.StringValue(clip(text.String(), limit))
	}
	return a
}

func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "… (cut)"
}

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
