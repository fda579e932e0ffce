package hostile_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/internal/admission"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/hostile"
)

// ordinaryLines are what a process logs that starts, decides and goes on; the rest is the bound of noise.
const (
	ordinaryLines = 12
	noiseLines    = 30
)

// TestSlowClientsAreCutOffAndKeepNobodyWaiting: headers and bodies that come byte by byte. Those whose head has come get
// an answer.
func TestSlowClientsAreCutOffAndKeepNobodyWaiting(t *testing.T) {
	p := start(t)
	const each = 40
	done := make(chan string)
	for i := range 2 * each {
		c := p.dial(t)
		text := "POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
		if i%2 == 0 {
			// The headers end, and a large body begins.
			text += "Content-Length: 7000000\r\n\r\n" + largeReview("slow", "jane", 3<<20)
		}
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				if _, err := io.WriteString(c, "x"); err != nil {
					break
				}
				time.Sleep(200 * time.Millisecond)
			}
			said, _ := io.ReadAll(c)
			done <- string(said)
		}()
	}
	p.checkServes(t)
	for range 2 * each {
		select {
		case said := <-done:
			if strings.Contains(said, " 200 ") && !strings.Contains(said, `"uid":"slow"`) {
				t.Errorf("answered %q", said)
			}
		case <-time.After(await.Patience):
			t.Fatal("a slow client is served on")
		}
	}
	p.checkBounds(t, ordinaryLines+noiseLines+2*each)
}

// TestConnectionsWithoutEnd: thousands that do nothing, before and after the handshake. The newest are served.
func TestConnectionsWithoutEnd(t *testing.T) {
	p := start(t)
	for range 300 {
		p.raw(t)
	}
	first := p.dial(t)
	for i := range 1500 {
		p.dial(t)
		if i%500 == 0 {
			p.checkServes(t)
		}
	}
	// Those that wait longest have been pushed out, long before the server's patience with idle ones ends.
	if said := ends(t, first); said != "" {
		t.Errorf("said %q", said)
	}
	p.checkServes(t)
	p.checkBounds(t, ordinaryLines+noiseLines)
}

// TestGarbageLeavesAShortLog: what is no TLS, old TLS, HTTP without TLS, HTTP/2, handshakes that break off.
func TestGarbageLeavesAShortLog(t *testing.T) {
	p := start(t)
	for i := range 300 {
		c := p.raw(t)
		text := []string{
			"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\xff\xff", strings.Repeat("\x00", 5000), "\x80\x2e\x01\x00\x02", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "",
		}[i%6]
		if _, err := io.WriteString(c, text); err != nil {
			continue // ended already: as good
		}
		if text == "" {
			_ = c.Close()
		}
	}
	for version := uint16(tls.VersionTLS10); version <= tls.VersionTLS12; version++ {
		config := p.tls.Clone()
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, version
		if c, err := tls.Dial("tcp", p.address, config); err == nil {
			t.Errorf("TLS version %x was accepted", version)
			_ = c.Close()
		}
	}
	h2 := p.tls.Clone()
	h2.NextProtos = []string{"h2"}
	if c, err := tls.Dial("tcp", p.address, h2); err == nil {
		t.Errorf("HTTP/2 was accepted: %q", c.ConnectionState().NegotiatedProtocol)
		_ = c.Close()
	}
	c := p.dial(t)
	if _, err := io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"); err != nil {
		t.Fatal(err)
	}
	if said := ends(t, c); !strings.HasPrefix(said, "HTTP/1.1 ") || strings.Contains(said, " 200 ") {
		t.Errorf("HTTP/2 without asking: %q", said)
	}
	await.True(t, "the failed handshakes are logged", func() bool { return strings.Contains(p.log.String(), "TLS handshake error") })
	p.checkBounds(t, ordinaryLines+noiseLines)
}

// TestNoRequestHidesInAnother: whatever two parties could read differently is refused, and the connection ends, so that
// what follows is never read as a request.
func TestNoRequestHidesInAnother(t *testing.T) {
	p := start(t)
	body := review(refused)
	hidden := fmt.Sprintf("POST /validate HTTP/1.1\r\nHost: hidden\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	head := func(fields ...string) string {
		return "POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + strings.Join(fields, "\r\n") + "\r\n\r\n"
	}
	for name, text := range map[string]string{
		"length and chunks":         head(fmt.Sprintf("Content-Length: %d", len(chunked)), "Transfer-Encoding: chunked") + chunked + hidden,
		"chunks and length":         head("Transfer-Encoding: chunked", "Content-Length: 3") + chunked + hidden,
		"chunks alone":              head("Transfer-Encoding: chunked") + chunked + hidden,
		"chunks twice":              head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + chunked + hidden,
		"chunks and more":           head("Transfer-Encoding: chunked, identity") + chunked + hidden,
		"chunks, odd letters":       head("Transfer-Encoding: xchunked") + chunked + hidden,
		"chunks after a tab":        head("Transfer-Encoding:\tchunked\x0b") + chunked + hidden,
		"a blank before the colon":  head("Transfer-Encoding : chunked", "Content-Length: 0") + hidden,
		"two lengths":               head("Content-Length: 0", fmt.Sprintf("Content-Length: %d", len(body))) + body + hidden,
		"two lengths in one":        head(fmt.Sprintf("Content-Length: 0, %d", len(body))) + body + hidden,
		"a length with a sign":      head(fmt.Sprintf("Content-Length: +%d", len(body))) + body + hidden,
		"a negative length":         head("Content-Length: -1") + body + hidden,
		"a length in hex":           head(fmt.Sprintf("Content-Length: 0x%x", len(body))) + body + hidden,
		"a length beyond all":       head("Content-Length: 99999999999999999999") + body + hidden,
		"a folded field":            head("X: a\r\n Content-Length: 5", "Content-Length: 0") + hidden,
		"a NUL in a field":          head("X: a\x00b", "Content-Length: 0") + hidden,
		"no colon":                  head("Content-Length 0") + hidden,
		"no host":                   "POST /validate HTTP/1.1\r\nContent-Length: 0\r\n\r\n" + hidden,
		"two hosts":                 head("Host: y", "Content-Length: 0") + hidden,
		"a strange version":         "POST /validate HTTP/1.9\r\nHost: x\r\n\r\n" + hidden,
		"a request without a body":  head("Content-Length: 0") + hidden,
		"headers without end":       head("X: " + strings.Repeat("x", 200<<10)),
		"fields without end":        head(strings.Repeat("X: y\r\n", 40<<10) + "X: y"),
		"a path without end":        "POST /" + strings.Repeat("x", 200<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"longer than a review":      head(fmt.Sprintf("Content-Length: %d", admission.MaxReview+1)) + "{",
		"a compressed body":         head("Content-Encoding: gzip", "Content-Length: 4") + "\x1f\x8b\x08\x00" + hidden,
		"another type":              strings.Replace(hidden, "application/json", "text/yaml", 1) + hidden,
		"another type, very long":   strings.Replace(hidden, "application/json", strings.Repeat("x", 50<<10), 1) + hidden,
		"a line feed and no return": strings.ReplaceAll(head("Content-Length: 0"), "\r", "") + hidden,
	} {
		t.Run(name, func(t *testing.T) {
			c := p.dial(t)
			go func() { _, _ = io.WriteString(c, text) }()
			said := ends(t, c)
			if n := strings.Count(said, "HTTP/1.1 "); n > 1 || strings.Contains(said, " 200 ") || strings.Contains(said, `"uid"`) {
				t.Errorf("%d answers: %q", n, said)
			}
			if len(said) > 1000 {
				t.Errorf("an answer of %d bytes", len(said))
			}
		})
	}
	if log := p.log.String(); strings.Contains(log, `"msg":"decision"`) {
		t.Errorf("a review was decided about: %s", log)
	}
	p.checkBounds(t, ordinaryLines+noiseLines)
}

// TestBodiesAtTheLimit: reviews of up to 24 MiB that make no sense are answered shortly and logged shortly.
func TestBodiesAtTheLimit(t *testing.T) {
	p := start(t)
	const size = admission.MaxReview - 4096
	wrap := func(object string) string {
		return strings.Replace(review("x"), `"data":{"mapRoles":"x"}`, `"data":`+object, 1)
	}
	for name, body := range map[string]string{
		"one number":        wrap(strings.Repeat("1", size)),
		"one text":          wrap(`"` + strings.Repeat("x", size) + `"`),
		"one key":           wrap(`{"` + strings.Repeat("x", size) + `":1}`),
		"brackets":          wrap(strings.Repeat("[", size)),
		"braces":            wrap(strings.Repeat(`{"":`, size/4)),
		"no UTF-8":          wrap(`"` + strings.Repeat("\xff", size) + ``),
		"a kind":            `{"kind":"` + strings.Repeat("x", size) + `","apiVersion":"v1"}`,
		"a uid":             strings.Replace(wrap("1"), `"uid":"1"`, `"uid":"`+strings.Repeat("x", size)+`"`, 1),
		"YAML":              "{a: &a [x,x,x,x,x,x,x,x,x], b: &b [*a,*a,*a,*a,*a,*a,*a,*a], c: &c [*b,*b,*b,*b,*b,*b,*b,*b], d: &d [*c,*c,*c,*c,*c,*c,*c,*c], e: &e [*d,*d,*d,*d,*d,*d,*d,*d], f: [*e,*e,*e,*e,*e,*e,*e,*e], kind: AdmissionReview, apiVersion: admission.k8s.io/v1}",
		"YAML without end":  "{a: " + strings.Repeat("[", size),
		"a user":            strings.Replace(wrap("1"), `"uid":"1"`, `"uid":"1","userInfo":{"username":"`+strings.Repeat("é", size/2)+`"}`, 1),
		"an operation":      strings.Replace(wrap("1"), `"CREATE"`, `"`+strings.Repeat("x", size)+`"`, 1),
		"options, a number": strings.Replace(wrap("{}"), `{"fieldManager":"kubectl-create"}`, `{"fieldManager":`+strings.Repeat("1", size)+`}`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/mutate", "/validate"} {
				status, answer, err := p.post(t.Context(), path, body)
				if err != nil || status != http.StatusOK && status != http.StatusBadRequest {
					t.Fatalf("%s: status %d, %v", path, status, err)
				}
				if answer != nil && answer.Result != nil && name != "a kind" && len(answer.Result.Message) > 2000 {
					t.Errorf("%s: a message of %d bytes", path, len(answer.Result.Message))
				}
			}
		})
	}
	p.checkServes(t)
	p.checkBounds(t, ordinaryLines+noiseLines+13)
}

// TestDearMapsAtOnce: a flood of the dearest maps takes no more memory than one or two of them, and ordinary edits are
// decided about meanwhile.
func TestDearMapsAtOnce(t *testing.T) {
	p := start(t)
	texts := hostile.Texts(dearSize())
	answers := make(chan string)
	sent := 0
	for _, name := range []string{"numbers", "empty items", "short flow entries", "groups glued in pairs", "no groups, deep below", "paths", "twins in two cases", "braces"} {
		for _, path := range []string{"/mutate", "/validate"} {
			sent++
			go func() {
				status, answer, err := p.post(t.Context(), path, review(texts[name]))
				switch {
				case err != nil || status != http.StatusOK:
					answers <- fmt.Sprintf("%s %s: status %d, %v", path, name, status, err)
				default:
					answers <- answer.AuditAnnotations["decision"]
				}
			}()
		}
	}
	p.checkServes(t)
	count := map[string]int{}
	for range sent {
		select {
		case answer := <-answers:
			count[answer]++
			if strings.HasPrefix(answer, "/") {
				t.Error(answer)
			}
		case <-time.After(await.Patience):
			t.Fatal("no answer")
		}
	}
	t.Logf("%d maps of %d KiB at once: %v", sent, dearSize()>>10, count)
	p.checkBounds(t, ordinaryLines+noiseLines+2*sent)
}
