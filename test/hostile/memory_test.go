package hostile_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/hostile"
)

// TestHandshakesOfAnySizeTakeLittle: thousands of beginnings of a ClientHello of 64 KiB, as large as TLS allows.
func TestHandshakesOfAnySizeTakeLittle(t *testing.T) {
	p := start(t)
	const size = 0xfff0
	hello := append([]byte{1}, binary.BigEndian.AppendUint32(nil, size)[1:]...)
	hello = append(hello, make([]byte, size-1)...)
	var records []byte
	for len(hello) > 0 {
		n := min(len(hello), 16<<10)
		records = append(records, 22, 3, 1)
		records = binary.BigEndian.AppendUint16(records, uint16(n))
		records, hello = append(records, hello[:n]...), hello[n:]
	}
	var all sync.WaitGroup
	for range 3000 {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", p.address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		all.Go(func() { _, _ = c.Write(records) })
	}
	all.Wait()
	p.checkServes(t)
	p.checkBounds(t, ordinaryLines+noiseLines)
}

// TestHeadersOfManyFieldsTakeLittle: each field of a few bytes takes far more than that once it is read.
func TestHeadersOfManyFieldsTakeLittle(t *testing.T) {
	for name, tt := range map[string]struct {
		// size is as large as the port takes.
		size int
		dial func(*testing.T, *process) net.Conn
	}{
		"webhooks": {30 << 10, func(t *testing.T, p *process) net.Conn { return p.dial(t) }},
		"health":   {3 << 10, plain(func(p *process) string { return p.HealthURL })},
		"metrics":  {3 << 10, plain(func(p *process) string { return p.MetricsURL })},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			var fields strings.Builder
			for i := 0; fields.Len() < tt.size; i++ {
				fmt.Fprintf(&fields, "%x:\r\n", i)
			}
			var all sync.WaitGroup
			for range 550 {
				c := tt.dial(t, p)
				all.Go(func() { _, _ = io.WriteString(c, "POST /validate HTTP/1.1\r\nHost: x\r\n"+fields.String()) })
			}
			all.Wait()
			most := p.peak(t) // Its metrics may be what is flooded.
			t.Logf("it took %d MiB", most>>20)
			if most > memoryLimit/2 {
				t.Error("that is too much")
			}
		})
	}
}

// plain dials a port without TLS.
func plain(url func(*process) string) func(*testing.T, *process) net.Conn {
	return func(t *testing.T, p *process) net.Conn {
		t.Helper()
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url(p), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
}

// TestManySmallReviewsAtOnce: reviews that need no room are bounded all the same, however dear.
func TestManySmallReviewsAtOnce(t *testing.T) {
	for _, name := range []string{"misspelled fields", "paths"} {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			// JSON of the text and some words around have to stay under 64 KiB.
			body := review(hostile.Texts(40 << 10)[name])
			if len(body) > 64<<10 {
				t.Fatalf("%d bytes", len(body))
			}
			const clients = 500
			var all sync.WaitGroup
			for i := range clients {
				all.Go(func() { _, _, _ = p.post(t.Context(), []string{"/mutate", "/validate"}[i%2], body) })
			}
			all.Wait()
			p.checkBounds(t, ordinaryLines+noiseLines+2*clients)
		})
	}
}

// TestAnswersThatNobodyReads: the answer to a small review can be many times its size.
func TestAnswersThatNobodyReads(t *testing.T) {
	p := start(t)
	text := "- rolearn: arn:aws:iam::111122223333:role/team/dev\n  username: dev\n# "
	text += strings.Repeat("<", 60<<10-len(text))
	body := strings.ReplaceAll(review(text), `\u003c`, "<")
	var answered sync.WaitGroup
	for range 500 {
		c := p.dial(t)
		if err := c.(interface{ NetConn() net.Conn }).NetConn().(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
			t.Fatal(err)
		}
		answered.Go(func() {
			_, _ = fmt.Fprintf(c, "POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		})
	}
	answered.Wait()
	await.True(t, "all are decided about", func() bool { return strings.Count(p.log.String(), `"msg":"decision"`) >= 400 })
	status, answer, err := p.post(context.WithoutCancel(t.Context()), "/mutate", body)
	if err != nil || status != http.StatusOK || answer == nil {
		t.Errorf("status %d, %v", status, err)
	}
	p.checkBounds(t, ordinaryLines+noiseLines+1000)
}
