package evidence

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
)

// everything makes the long test read a log of 1 GiB.
const everything = "AWS_AUTH_GUARD_GIBIBYTE"

// endless makes lines of a log until there are so many bytes.
type endless struct {
	line  func(i int) string
	left  int64
	i     int
	ready string
}

// Read implements io.Reader.
func (e *endless) Read(b []byte) (int, error) {
	if e.ready == "" {
		if e.left <= 0 {
			return 0, io.EOF
		}
		e.ready = e.line(e.i) + "\n"
		e.left -= int64(len(e.ready))
		e.i++
	}
	n := copy(b, e.ready)
	e.ready = e.ready[n:]
	return n, nil
}

// watched samples the memory of the program while a log is read.
type watched struct {
	io.Reader
	read int
	peak uint64
}

// Read implements io.Reader.
func (w *watched) Read(b []byte) (int, error) {
	if w.read++; w.read%512 == 0 {
		sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		metrics.Read(sample)
		w.peak = max(w.peak, sample[0].Value.Uint64()-sample[1].Value.Uint64())
	}
	return w.Reader.Read(b)
}

// TestMemory reads logs that are made to take memory, and holds what the whole program takes meanwhile: nothing but edits of a
// map of 20 KiB, each another; refusals of ever other principals; lines as long as the bound.
func TestMemory(t *testing.T) {
	const bound = 256 << 20
	size := int64(112 << 20)
	if os.Getenv(everything) != "" {
		size = 1 << 30
	}
	padding := strings.Repeat("- rolearn: arn:aws:iam::111122223333:role/dev\\n  username: dev\\n", 300)
	edit := eventOf(t, 1, "update", stored("u", 424242, "ROLES"), `{"auditID":"ID","requestObject":{"kind":"ConfigMap","data":{"mapRoles":"WANTED"}}}`)
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	long := strings.Repeat("x", MaxRecord-200)
	audit := func(r io.Reader) error { return NewAuditLog(48 << 20).Read(r) }
	logins := func(r io.Reader) error { return NewAuthLog().Read(r) }
	for name, c := range map[string]struct {
		line func(i int) string
		read func(io.Reader) error
	}{
		"edits": {func(i int) string {
			return strings.NewReplacer("424242", fmt.Sprint(i+1), "ROLES", fmt.Sprint(i, padding), "WANTED", fmt.Sprint(-i, padding), `"ID"`, fmt.Sprintf(`"%d"`, i),
				"2026-11-26T23:00:01Z", start.Add(time.Duration(i)*time.Second).Format(time.RFC3339)).Replace(edit)
		}, audit},
		"long lines": {func(i int) string { return fmt.Sprintf(`{"auditID":"%d","verb":"aws-auth %s"}`, i, long) }, audit},
		"refusals": {func(i int) string {
			return fmt.Sprintf(`time=%q level=warning msg="access denied" arn="arn:aws:iam::111122223333:role/%d%s" client="127.0.0.1:%d" error="%d%s"`,
				start.Add(time.Duration(i)*time.Second).Format(time.RFC3339), i, long[:1000], i, i, long[:1000])
		}, logins},
		"logins": {func(i int) string {
			return fmt.Sprintf(`time=%q level=info msg="access granted" arn="arn:aws:iam::111122223333:role/%d%s" client="127.0.0.1:%d"`,
				start.Add(time.Duration(i)*time.Hour).Format(time.RFC3339), i, long[:500], i)
		}, logins},
	} {
		t.Run(name, func(t *testing.T) {
			runtime.GC()
			w := &watched{Reader: &endless{line: c.line, left: size}}
			began := time.Now()
			if err := c.read(w); err != nil {
				t.Fatal(err)
			}
			t.Logf("%d MiB of log: at most %d MiB of memory, %s", size>>20, w.peak>>20, time.Since(began).Round(time.Millisecond))
			if w.peak == 0 || w.peak >= bound {
				t.Errorf("the program took %d MiB", w.peak>>20)
			}
		})
	}
}
