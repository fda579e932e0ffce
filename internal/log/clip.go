package log

import (
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

// clipRecord makes the texts of a record short and safe to show, and values of any kind that are long when they are
// written: any of them may come from a request.
func clipRecord(r slog.Record) slog.Record {
	short := slog.NewRecord(r.Time, r.Level, clip(r.Message, maxLogged), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		short.AddAttrs(clipAttr(a))
		return true
	})
	return short
}

func clipAttrs(attrs []slog.Attr) []slog.Attr {
	short := make([]slog.Attr, 0, len(attrs))
	for _, a := range attrs {
		short = append(short, clipAttr(a))
	}
	return short
}

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
		a.Value = slog.GroupValue(clipAttrs(v.Group())...)
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
