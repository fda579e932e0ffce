package audit

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/test/await"
)

// TestSilentConnectionsKeepNoProbeAway opens more connections than the auditor has room for, and says nothing on them. The
// auditor ends some of them, and goes on answering.
func TestSilentConnectionsKeepNoProbeAway(t *testing.T) {
	begin(t, nodes)
	p := auditor(t)
	for name, url := range map[string]string{"health": p.health + "/healthz", "metrics": p.metrics + "/metrics"} {
		t.Run(name, func(t *testing.T) {
			address := strings.Split(strings.TrimPrefix(url, "http://"), "/")[0]
			const flood = 800
			var ended atomic.Int32
			for range flood {
				c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = c.Close() })
				go func() {
					if _, err := c.Read(make([]byte, 1)); errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
						ended.Add(1)
					}
				}()
			}
			await.Success(t, "an answer", func() error {
				// Each try is a new connection, as each probe of the kubelet is.
				client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
				r, err := client.Get(url)
				if err != nil {
					return err
				}
				_, _ = io.Copy(io.Discard, r.Body)
				return errors.Join(r.Body.Close(), good(r))
			})
			await.Success(t, "the end of those that there is no room for", func() error {
				if n := ended.Load(); n < flood/4 {
					return fmt.Errorf("%d of %d silent connections were ended", n, flood)
				}
				return nil
			})
		})
	}
}

func good(r *http.Response) error {
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", r.Status)
	}
	return nil
}
