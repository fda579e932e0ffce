package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// fine is the evidence of a run in which nothing went wrong.
func fine() *evidence {
	start := time.Now()
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	e := &evidence{}
	for i := range faults {
		e.windows = append(e.windows, &window{fault: &faults[i], begun: at(float64(10 * i)), over: at(float64(10*i + 1))})
	}
	good, bad := goodEdits(), badEdits()
	e.records = []record{
		{edit: &good[0], outcome: stored, begun: at(5), end: at(5.1)},
		{edit: &bad[0], outcome: refused, begun: at(5), end: at(5.1)},
		{edit: &repairableEdits()[0], person: true, outcome: rewritten, begun: at(5), end: at(5.1)},
		{edit: &repairableEdits()[0], outcome: refused, begun: at(5), end: at(5.1)},
	}
	return e
}

func windowOf(e *evidence, x excuse) *window {
	for _, w := range e.windows {
		if w.fault.excuse == x {
			return w
		}
	}
	return nil
}

func TestEachPromiseCanBeBroken(t *testing.T) {
	for _, i := range fine().invariants() {
		if len(i.breaks) > 0 {
			t.Fatalf("a run without faults breaks %q: %v", i.promise, i.breaks)
		}
	}
	eof := errors.New("failed calling webhook: EOF")
	for promise, spoil := range map[string]func(*evidence){
		"no bad map":           func(e *evidence) { e.bad = []badVersion{{resourceVersion: "7", problems: []string{"x"}}} },
		"missed no version":    func(e *evidence) { e.missing = []string{"7"} },
		"no good edit":         func(e *evidence) { e.records[0].outcome = refused },
		"every bad edit":       func(e *evidence) { e.records[1].outcome = stored },
		"repaired for people":  func(e *evidence) { e.records[2].outcome = stored },
		"refused to pipelines": func(e *evidence) { e.records[3].outcome = rewritten },
		"5xx":                  func(e *evidence) { e.records[0].outcome, e.records[0].err = unanswered, eof },
		"longer than both timeouts": func(e *evidence) {
			e.records[0].once, e.records[0].end = true, e.records[0].begun.Add(bothWebhooks+time.Second)
		},
		"no call of a webhook timed out": func(e *evidence) {
			e.records[0].outcome, e.records[0].err = unanswered, errors.New("failed calling webhook: context deadline exceeded")
		},
		"no connection":            func(e *evidence) { e.connections.homeless = []time.Time{e.records[0].begun} },
		"came to its end":          func(e *evidence) { e.unfinished = errors.New("x") },
		"every fault was injected": func(e *evidence) { e.windows = e.windows[1:] },
	} {
		e := fine()
		spoil(e)
		broken := ""
		for _, i := range e.invariants() {
			if len(i.breaks) > 0 {
				broken += i.promise
			}
		}
		if !strings.Contains(broken, promise) {
			t.Errorf("broken is %q, want %q in it", broken, promise)
		}
	}
}

func TestWhatAKillExcuses(t *testing.T) {
	for _, c := range []struct {
		text    string
		x       excuse
		outcome outcome
		excused bool
	}{
		{"failed calling webhook: EOF", brokenConnection, unanswered, true},
		{`Post "https://127.0.0.1:1/mutate?timeout=5s": use of closed network connection`, brokenConnection, unanswered, true},
		{"failed calling webhook: context deadline exceeded", brokenConnection, unanswered, false},
		{"failed calling webhook: EOF", nothing, unanswered, false},
		{"refused", brokenConnection, refused, false},
		{"connection refused", noAPIServer, away, true},
		{"connection refused", brokenConnection, away, false},
	} {
		e := fine()
		w := windowOf(e, c.x)
		r := record{edit: e.records[0].edit, outcome: c.outcome, begun: w.begun, end: w.over, err: errors.New(c.text)}
		if got := e.excused(&r) != nil; got != c.excused {
			t.Errorf("%q in the outcome %s: excused %t, want %t", c.text, outcomeNames[c.outcome], got, c.excused)
		}
		r.begun, r.end = w.over.Add(time.Second), w.over.Add(2*time.Second)
		if e.excused(&r) != nil {
			t.Errorf("%q is excused after the fault", c.text)
		}
	}
}

func TestABrokenConnectionIsNoTimeout(t *testing.T) {
	e := fine()
	w := windowOf(e, brokenConnection)
	// The address of a call names its timeout.
	e.records[0].outcome, e.records[0].err = unanswered, errors.New(`failed calling webhook: Post "https://127.0.0.1:1/validate?timeout=5s": EOF`)
	e.records[0].begun, e.records[0].end = w.begun, w.over
	for _, i := range e.invariants() {
		if len(i.breaks) > 0 {
			t.Errorf("%q is broken: %v", i.promise, i.breaks)
		}
	}
}

func TestAnswersAreToldApart(t *testing.T) {
	guarded := `admission webhook "validate.aws-auth-guard.dev" denied the request: x`
	status := func(code int32, reason metav1.StatusReason, message string) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Code: code, Reason: reason, Message: message}}
	}
	for want, err := range map[outcome]error{
		stored:     nil,
		refused:    status(422, metav1.StatusReasonInvalid, guarded),
		conflict:   apierrors.NewConflict(schema.GroupResource{}, name, errors.New("x")),
		unanswered: status(500, metav1.StatusReasonInternalError, "Internal error occurred: failed calling webhook"),
		away:       errors.New("dial tcp 127.0.0.1:1: connect: connection refused"),
		other:      status(422, metav1.StatusReasonInvalid, "metadata.name: Invalid value"),
	} {
		if got := classify(err); got != want {
			t.Errorf("%v is taken for %s, want %s", err, outcomeNames[got], outcomeNames[want])
		}
	}
}
