package main

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// bothWebhooks is the time after which the API server has given both webhooks of an edit up. An edit that it tries once
// may not take longer. One that it tries again, because other writers were faster, may: there each call counts, and one
// that is given up shows as an edit that no webhook answered.
const bothWebhooks = 10 * time.Second

// evidence is all that a run has left behind.
type evidence struct {
	records  []record
	windows  []*window
	bad      []badVersion
	versions int
	// resumed counts the watches, missing are versions that an edit returned and the watch never showed.
	resumed     int
	missing     []string
	broken      error
	connections connections
	// unfinished says why the run did not come to its end, nil where it did.
	unfinished error
}

// invariant is a promise, and what broke it.
type invariant struct {
	promise string
	breaks  []string
}

// brokenByKill is what the API server says of a connection whose other end was killed. The last is its own client's, which
// saw the end of the connection while it was about to write to it.
var brokenByKill = regexp.MustCompile(`EOF|connection reset by peer|connection refused|broken pipe|use of closed network connection`)

// timedOut is what it says of a call that it has given up.
var timedOut = regexp.MustCompile(`deadline exceeded|Client\.Timeout|i/o timeout|timed out`)

// excused gives the fault that excuses an edit, or nil.
func (e *evidence) excused(r *record) *fault {
	for _, w := range e.windows {
		switch {
		case !w.covers(r):
		case w.fault.excuse == noAPIServer && (r.outcome == away || r.outcome == other || r.outcome == unanswered):
			return w.fault
		case w.fault.excuse == brokenConnection && r.outcome == unanswered && brokenByKill.MatchString(r.err.Error()):
			return w.fault
		}
	}
	return nil
}

// meets reports whether an edit ended as it had to.
func (r *record) meets() bool {
	switch {
	case r.outcome == conflict:
		return true // Somebody else was faster; whoever means it tries again.
	case r.edit.verdict == store:
		return r.outcome == stored
	case r.edit.verdict == repair && r.person:
		return r.outcome == rewritten
	}
	return r.outcome == refused
}

// invariants judges the evidence.
func (e *evidence) invariants() []invariant {
	promises := []invariant{
		{promise: "no bad map was ever stored"},
		{promise: "the checker missed no version"},
		{promise: "no good edit was refused or changed"},
		{promise: "every bad edit was refused, every repairable one repaired for people and refused to pipelines"},
		{promise: "no edit was answered 5xx while a replica was up"},
		{promise: "no call of a webhook timed out, and no edit that was tried once took longer than both timeouts"},
		{promise: "no connection was refused but by a killed replica"},
		{promise: "the run came to its end, and every fault was injected"},
	}
	fail := func(i int, format string, arguments ...any) {
		promises[i].breaks = append(promises[i].breaks, fmt.Sprintf(format, arguments...))
	}
	for _, b := range e.bad {
		fail(0, "version %s, %s: %v\n%q", b.resourceVersion, b.when.Format(time.TimeOnly), b.problems, b.data)
	}
	if e.broken != nil {
		fail(1, "the watch can't be resumed: %v", e.broken)
	}
	for _, version := range e.missing {
		fail(1, "version %s was stored and never seen", version)
	}
	if len(e.records) == 0 {
		fail(7, "no edit was made")
	}
	for i := range e.records {
		e.judgeRecord(&e.records[i], fail)
	}
	for _, when := range slices.Concat(e.connections.refused, e.connections.homeless) {
		if !e.during(when, brokenConnection) {
			fail(6, "at %s", when.Format(time.TimeOnly+".000"))
		}
	}
	if e.unfinished != nil {
		fail(7, "%v", e.unfinished)
	}
	for i := range faults {
		if !slices.ContainsFunc(e.windows, func(w *window) bool { return w.fault == &faults[i] }) {
			fail(7, "%s: not injected", faults[i].name)
		}
	}
	return promises
}

func (e *evidence) judgeRecord(r *record, fail func(int, string, ...any)) {
	excuse := e.excused(r)
	if r.err != nil && r.outcome == unanswered && timedOut.MatchString(r.err.Error()) {
		fail(5, "%s at %s: %v", r.edit.name, r.begun.Format(time.TimeOnly), r.err)
	}
	if took := r.end.Sub(r.begun); r.once && took > bothWebhooks && (excuse == nil || excuse.excuse != noAPIServer) && !e.overlaps(r, noAPIServer) {
		fail(5, "%s at %s took %s", r.edit.name, r.begun.Format(time.TimeOnly), took)
	}
	if excuse != nil || r.meets() {
		return
	}
	line := fmt.Sprintf("%s at %s (person: %t): %s: %v", r.edit.name, r.begun.Format(time.TimeOnly+".000"), r.person, outcomeNames[r.outcome], r.err)
	switch {
	case r.outcome == unanswered, r.outcome == away, r.outcome == other:
		fail(4, "%s", line)
	case r.edit.verdict == store:
		fail(2, "%s", line)
	default:
		fail(3, "%s", line)
	}
}

var outcomeNames = [...]string{"stored as sent", "stored in another form", "refused", "conflict", "no webhook answered", "no API server", "another error"}

// during reports whether a moment lies in a fault with that excuse. A connection is opened a moment before it is refused,
// and counted a moment after.
func (e *evidence) during(when time.Time, x excuse) bool {
	return slices.ContainsFunc(e.windows, func(w *window) bool {
		return w.fault.excuse == x && when.After(w.begun) && when.Before(w.over.Add(100*time.Millisecond))
	})
}

func (e *evidence) overlaps(r *record, x excuse) bool {
	return slices.ContainsFunc(e.windows, func(w *window) bool { return w.fault.excuse == x && w.covers(r) })
}
