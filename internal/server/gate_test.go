package server

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	guard "github.com/aws-auth-guard/aws-auth-guard/internal/admission"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// newGate makes a gate of its own room in front of a webhook.
func newGate(profile validate.Profile, webhook func(guard.Options) *guard.Handler) *gate {
	p := *policy.Default()
	p.Profile = profile
	h := webhook(guard.Options{
		Policy: func() *policy.Policy { return &p }, Metrics: guard.NewMetrics(prometheus.NewRegistry()), Log: logr.Discard(), RateLimitedLog: logr.Discard(),
	})
	return &gate{handler: h, webhook: &admission.Webhook{Handler: h}, room: newArrivals()}
}

// reviewHead is what is before the object of a review.
func reviewHead(uid, user string) string {
	return fmt.Sprintf(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":%q,"kind":{"group":"","version":"v1","kind":"ConfigMap"},`+
		`"resource":{"group":"","version":"v1","resource":"configmaps"},"name":"aws-auth","namespace":"kube-system","operation":"CREATE","userInfo":{"username":%q},"object":`, uid, user)
}

// newReview is a review of about so many bytes of a map that must be refused.
func newReview(uid string, size int) string {
	text := reviewHead(uid, "jane") + `{"data":{"mapRoles":"- rolearn: arn:aws:sts::111122223333:assumed-role/qa/s\n  username: qa\n"},"metadata":{"name":"aws-auth","annotations":{"x":"`
	const end = `"}}}}}`
	return text + strings.Repeat("AAAA", max(0, size-len(text)-len(end))/4) + end
}

// TestTheGateLetsReviewsThroughAndNothingElse: what can't come from an API server is no question.
func TestTheGateLetsReviewsThroughAndNothingElse(t *testing.T) {
	review := newReview("1", 0)
	for name, tt := range map[string]struct {
		contentType, encoding, body string
		length                      int64
		status                      int
	}{
		"a review":             {"application/json", "", review, 0, http.StatusOK},
		"blanks before it":     {"application/json; charset=utf-8", "identity", " \n" + review, 0, http.StatusOK},
		"no type":              {"", "", review, 0, http.StatusUnsupportedMediaType},
		"YAML":                 {"application/yaml", "", "kind: AdmissionReview", 0, http.StatusUnsupportedMediaType},
		"protobuf":             {"application/vnd.kubernetes.protobuf", "", "k8s\x00", 0, http.StatusUnsupportedMediaType},
		"a broken type":        {"application/json; =", "", review, 0, http.StatusUnsupportedMediaType},
		"compressed":           {"application/json", "gzip", review, 0, http.StatusUnsupportedMediaType},
		"YAML called JSON":     {"application/json", "", "&a [*a]", 0, http.StatusBadRequest},
		"protobuf as JSON":     {"application/json", "", "k8s\x00", 0, http.StatusBadRequest},
		"empty":                {"application/json", "", "", 0, http.StatusBadRequest},
		"too long, no head":    {"application/json", "", "{}", guard.MaxReview + 1, http.StatusBadRequest},
		"of unknown length":    {"application/json", "", review, -1, http.StatusLengthRequired},
		"shorter than it says": {"application/json", "", review, int64(len(review)) + 1, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/validate", strings.NewReader(tt.body))
			if tt.length != 0 {
				request.ContentLength = tt.length
			}
			request.Header.Set("Content-Type", tt.contentType)
			request.Header.Set("Content-Encoding", tt.encoding)
			answer := httptest.NewRecorder()
			newGate(validate.Standard, guard.NewValidate).ServeHTTP(answer, request)
			if answer.Code != tt.status || (tt.status == http.StatusOK) != strings.Contains(answer.Body.String(), `"uid":"1","allowed":false`) {
				t.Errorf("status %d, want %d: %s", answer.Code, tt.status, answer.Body)
			}
			if tt.status != http.StatusOK && answer.Header().Get("Connection") != "close" {
				t.Error("the connection is kept")
			}
		})
	}
}

// pipes is a listener whose connections stay in memory, so that the clock of a test rules over all that waits.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

// clients are those of one gate.
type clients struct {
	t      *testing.T
	gate   *gate
	pipes  pipes
	places *connections
}

// withClients runs a test with a gate, under a clock that goes on when everybody waits.
func withClients(t *testing.T, g *gate, test func(t *testing.T, c *clients)) {
	synctest.Test(t, func(t *testing.T) {
		g.room = newArrivals() // What is waited for must be made under this clock.
		c := &clients{t, g, make(pipes), newConnections(maxConnections, maxProven)}
		server := &http.Server{Handler: g, ReadHeaderTimeout: time.Minute}
		c.places.follow(server)
		done := make(chan error)
		go func() { done <- server.Serve(c.pipes) }()
		defer func() {
			close(c.pipes)
			<-done
			_ = server.Close()
			time.Sleep(time.Second) // By the clock of the test: connections linger for a while.
			g.room.mu.Lock()
			defer g.room.mu.Unlock()
			if g.room.held != 0 || len(g.room.line) != 0 {
				t.Errorf("the room is not empty: %d bytes, %d reviews", g.room.held, len(g.room.line))
			}
		}()
		test(t, c)
	})
}

// client is one connection with a review that is on its way.
type client struct {
	net.Conn
	began    time.Time
	answered chan reply
}

type reply struct {
	*admissionv1.AdmissionResponse
	closes bool
	at     time.Time
}

// announce begins a review of so many bytes.
func (c *clients) announce(size int) *client {
	near, far := net.Pipe()
	c.pipes <- far
	k := &client{near, time.Now(), make(chan reply, 1)}
	if _, err := fmt.Fprintf(near, "POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", size); err != nil {
		c.t.Fatal(err)
	}
	go func() {
		defer close(k.answered)
		response, err := http.ReadResponse(bufio.NewReader(near), nil)
		if err != nil {
			return
		}
		var review admissionv1.AdmissionReview
		if text, err := io.ReadAll(response.Body); err != nil || json.Unmarshal(text, &review) != nil || review.Response == nil {
			c.t.Errorf("status %d: %s", response.StatusCode, text)
			return
		}
		k.answered <- reply{review.Response, response.Close, time.Now()}
	}()
	return k
}

// post sends a whole review, and gives its answer.
func (c *clients) post(text string) reply {
	k := c.announce(len(text))
	_, _ = io.WriteString(k, text)
	r, ok := <-k.answered
	_ = k.Close()
	if !ok {
		c.t.Fatal("no answer")
	}
	return r
}

// stall begins reviews that announce 4 MiB, send a part and then a byte now and then.
func (c *clients) stall(n, part int, user string) []*client {
	var all []*client
	for i := range n {
		k := c.announce(4 << 20)
		head := reviewHead(fmt.Sprint("slow", i), user)
		_, _ = io.WriteString(k, head+`{"data":{"mapRoles":"`+strings.Repeat("x", part))
		go func() {
			for {
				time.Sleep(450 * time.Millisecond)
				if _, err := io.WriteString(k, "x"); err != nil {
					return
				}
			}
		}()
		all = append(all, k)
	}
	synctest.Wait()
	return all
}

// TestSlowSendersGiveWay: clients that send a part of a large review and then a byte now and then keep nobody waiting, and
// are answered by their heads.
func TestSlowSendersGiveWay(t *testing.T) {
	for _, tt := range []struct {
		name    string
		profile validate.Profile
		webhook func(guard.Options) *guard.Handler
		user    string
		refused bool
	}{
		{"standard", validate.Standard, guard.NewValidate, "jane", false},
		{"strict", validate.Strict, guard.NewValidate, "jane", true},
		{"strict, EKS", validate.Strict, guard.NewValidate, "eks:node-manager", false},
		{"strict, mutate", validate.Strict, guard.NewMutate, "jane", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withClients(t, newGate(tt.profile, tt.webhook), func(t *testing.T, c *clients) {
				const each = 2 << 20
				// They fill the room, what the oldest one may take besides included.
				slow := c.stall((roomBytes+guard.MaxReview)/each+2, each, tt.user)
				before := time.Now()
				if got := c.post(newReview("small", chunkBytes)); got.UID != "small" || got.AuditAnnotations[guard.AnnotationDecision] == string(guard.Failed) || !got.at.Equal(before) {
					t.Errorf("a small review, after %s: %+v", got.at.Sub(before), got.AdmissionResponse)
				}
				if got := c.post(newReview("large", 4<<20)); got.AuditAnnotations[guard.AnnotationDecision] == string(guard.Failed) || got.at.Sub(before) > patience {
					t.Errorf("a large review, after %s: %+v", got.at.Sub(before), got.AdmissionResponse)
				}
				for i, k := range slow {
					got, ok := <-k.answered
					if !ok {
						t.Fatalf("slow client %d got no answer", i)
					}
					reason := guard.Reason(got.AuditAnnotations[guard.AnnotationReason])
					if got.UID == "" || got.Allowed == tt.refused || reason != guard.TooSlow && reason != guard.NoRoom || !got.closes {
						t.Errorf("slow client %d: %+v", i, got)
					}
					if took := got.at.Sub(k.began); took > 5*time.Second {
						t.Errorf("slow client %d is answered after %s", i, took)
					}
					_ = k.Close()
				}
			})
		})
	}
}

// TestTheLargestReviewsComeInOneByOne: senders that are fast finish all, though the room holds not all of them.
func TestTheLargestReviewsComeInOneByOne(t *testing.T) {
	withClients(t, newGate(validate.Strict, guard.NewValidate), func(t *testing.T, c *clients) {
		text := reviewHead("other", "jane") + `{"metadata":{"name":"other"},"data":{"x":"` + strings.Repeat(`\u003c`, 2<<20) + `"}}}}`
		const n = 6
		answers := make(chan reply, n)
		for range n {
			go func() { answers <- c.post(text) }()
		}
		for range n {
			if got := <-answers; !got.Allowed || got.UID != "other" || len(got.AuditAnnotations) > 0 {
				t.Errorf("%+v", got.AdmissionResponse)
			}
		}
	})
}

// TestWhatIsTooLargeIsAnsweredWhenItIsSent: the client sees the answer, because the body is taken in before it.
func TestWhatIsTooLargeIsAnsweredWhenItIsSent(t *testing.T) {
	for profile, refused := range map[validate.Profile]bool{validate.Standard: false, validate.Strict: true} {
		withClients(t, newGate(profile, guard.NewValidate), func(t *testing.T, c *clients) {
			got := c.post(newReview("1", guard.MaxReview+100))
			if got.Allowed == refused || got.closes || got.AuditAnnotations[guard.AnnotationReason] != string(guard.TooLarge) {
				t.Errorf("%s: %+v", profile, got)
			}
			if got := c.post(newReview("2", guard.MaxReview)); got.AuditAnnotations[guard.AnnotationDecision] != string(guard.Refused) {
				t.Errorf("%s: the largest that is read: %+v", profile, got.AdmissionResponse)
			}
		})
	}
}

// TestASlowSenderAloneIsAnsweredInTime: before the API server gives up.
func TestASlowSenderAloneIsAnsweredInTime(t *testing.T) {
	withClients(t, newGate(validate.Strict, guard.NewValidate), func(t *testing.T, c *clients) {
		start := time.Now()
		k := c.stall(1, 0, "jane")[0]
		got := <-k.answered
		if took := got.at.Sub(start); got.AdmissionResponse == nil || got.Allowed || took > 5*time.Second || took < guard.MaxTime {
			t.Errorf("after %s: %+v", took, got.AdmissionResponse)
		}
		_ = k.Close()
	})
}

// TestARequestThatLosesItsPlaceIsAnswered: the API server would store what it gets no answer about, under the failure policy
// Ignore. It is answered at once, though its sender goes on.
func TestARequestThatLosesItsPlaceIsAnswered(t *testing.T) {
	for _, part := range []int{0, 1 << 20} {
		withClients(t, newGate(validate.Strict, guard.NewValidate), func(t *testing.T, c *clients) {
			c.places.limit = 1
			slow := c.stall(1, part, "jane")[0]
			time.Sleep(minLife)
			start := time.Now()
			if got := c.post(newReview("next", 0)); got.UID != "next" || got.AuditAnnotations[guard.AnnotationDecision] != string(guard.Refused) {
				t.Errorf("the one that took its place: %+v", got.AdmissionResponse)
			}
			got, ok := <-slow.answered
			if !ok {
				t.Fatal("no answer")
			}
			if got.UID != "slow0" || got.Allowed || got.AuditAnnotations[guard.AnnotationReason] != string(guard.TooSlow) || !got.closes || got.at.Sub(start) > minLife {
				t.Errorf("after %s: %+v", got.at.Sub(start), got)
			}
			_ = slow.Close()
		})
	}
}

// TestAnAnsweredConnectionKeepsItsPlace in the server of net/http.
func TestAnAnsweredConnectionKeepsItsPlace(t *testing.T) {
	withClients(t, newGate(validate.Strict, guard.NewValidate), func(t *testing.T, c *clients) {
		c.places.limit, c.places.proven = 1, 1
		text := newReview("own", 0)
		own := c.announce(len(text))
		_, _ = io.WriteString(own, text)
		if _, ok := <-own.answered; !ok {
			t.Fatal("no answer")
		}
		time.Sleep(time.Second)
		near, far := net.Pipe()
		c.pipes <- far
		if _, err := near.Read(make([]byte, 1)); err == nil {
			t.Error("the newcomer is served")
		}
		synctest.Wait()
		c.places.mu.Lock()
		for _, k := range c.places.all {
			if !k.proven {
				t.Error("it is the newcomer that has a place")
			}
		}
		if len(c.places.all) != 1 {
			t.Errorf("%d connections have a place", len(c.places.all))
		}
		c.places.mu.Unlock()
		_ = own.Close()
	})
}
