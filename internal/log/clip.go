package log

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

const (
	// maxLogged bounds a text in the log in bytes, maxStack that of a stack.
	maxLogged = 1 << 10
	maxStack  = 8 << 10
)

// clipped makes the texts of records short and safe to show before they are kept: any of them may come from a request.
type clipped struct{ slog.Handler }

// Clip makes a handler that cuts long texts, and values of any kind that are long when they are written, before it hands
// them to another handler.
func Clip(inner slog.Handler) slog.Handler { return clipped{inner} }

// Handle implements slog.Handler.
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

// WithAttrs implements slog.Handler.
func (c clipped) WithAttrs(attrs []slog.Attr) slog.Handler {
	short := make([]slog.Attr, 0, len(attrs))
	for _, a := range attrs {
		short = append(short, clipAttr(a))
	}
	return clipped{c.Handler.WithAttrs(short)}
}

// WithGroup implements slog.Handler.
func (c clipped) WithGroup(name string) slog.Handler { return clipped{c.Handler.WithGroup(name)} }

func clipAttr(a slog.Attr) slog.Attr {
	limit := maxLogged
	if a.Key == "stack" {
		limit = maxStack
	}
	a.Key = clip(a.Key, maxLogged)
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(clip(v.String(), limit))
	case slog.KindGroup:
		group := make([]slog.Attr, 0, len(v.Group()))
		for _, inner := range v.Group() {
			group = append(group, clipAttr(inner))
		}
		a.Value = slog.GroupValue(group...)
	case slog.KindAny:
		a.Value = clipAny(v.Any(), limit)
	default:
		a.Value = v
	}
	return a
}

// clipAny leaves values as they are that are short.
func clipAny(v any, limit int) slog.Value {
	switch v := v.(type) {
	case nil:
		return slog.AnyValue(nil)
	case error:
		return slog.StringValue(clip(v.Error(), limit))
	}
	if s := reflect.ValueOf(v); s.Kind() == reflect.String { // a types.UID, an operation
		return slog.StringValue(clip(s.String(), limit))
	}
	raw, err := json.Marshal(v)
	if err != nil {
		raw = fmt.Appendf(nil, "%+v", v)
	}
	if short := clip(string(raw), limit); short != string(raw) {
		return slog.StringValue(short)
	}
	return slog.AnyValue(v)
}

// clip escapes what is hidden, line breaks aside: the log writes those as escapes.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return text.Lines(s)
	}
	return text.Cut(text.Lines(strings.ToValidUTF8(s[:limit], ""))+"…", limit) + " (cut)"
}
