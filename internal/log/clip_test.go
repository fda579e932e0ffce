package log

import (
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"
)

// TestNothingLongOrHiddenReachesTheLog: of whatever kind a value is, it is cut before it is kept.
func TestNothingLongOrHiddenReachesTheLog(t *testing.T) {
	type event struct{ Message string }
	long := strings.Repeat("x", 1<<20)
	for name, tt := range map[string]struct {
		value any
		want  string
	}{
		"a short text":       {"a\nb", `"v":"a\nb"`},
		"a number":           {7, `"v":7`},
		"a list":             {[]string{"a", "b"}, `"v":["a","b"]`},
		"nothing":            {nil, `"v":null`},
		"an error":           {errors.New("bad"), `"v":"bad"`},
		"an address":         {&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, `"v":{"IP":"127.0.0.1","Port":1,"Zone":""}`},
		"a hidden text":      {"a\u202e\x1b[2K\u009b", `"v":"a\\u202e\\x1b[2K\\u009b"`},
		"a hidden list":      {[]string{"\u202e"}, `"v":"[\"\\u202e\"]"`},
		"a long text":        {long, "… (cut)"},
		"a long error":       {errors.New(long), "… (cut)"},
		"a long list":        {[]string{long}, "… (cut)"},
		"a client's object":  {&event{long}, "… (cut)"},
		"a value in a group": {slog.GroupValue(slog.String("in", long)), "… (cut)"},
		"what is no JSON":    {map[string]any{"f": func() {}, "s": long}, "… (cut)"},
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			h := New(slog.NewJSONHandler(&log, nil))
			logger := slog.New(h)
			logger.Info("said", "v", tt.value)
			logger.With("v", tt.value).Info("said")
			h.Close(time.Minute)
			if lines := strings.SplitAfter(log.String(), "\n"); len(lines) != 3 || !strings.Contains(lines[0], tt.want) || !strings.Contains(lines[1], tt.want) || log.Len() > 4*maxLogged {
				t.Errorf("%d bytes of log, without %s: %.2000s", log.Len(), tt.want, log.String())
			}
		})
	}
}
