package admission

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

func TestTheRoomHoldsTwoOfTheLargestEditsAndAnyNumberOfOrdinaryOnes(t *testing.T) {
	const edit = 2 << 20
	r := NewLimiter()
	var leave []func()
	for range roomBytes / edit {
		l, err := r.Acquire(t.Context(), edit)
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, l)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Acquire(ended, smallBytes+1); !errors.Is(err, context.Canceled) {
		t.Errorf("a full room: %v", err)
	}
	for _, size := range []int64{freeBytes, smallBytes} {
		if _, err := r.Acquire(t.Context(), size); err != nil {
			t.Errorf("an ordinary edit of %d bytes: %v", size, err)
		}
	}
	leave[0]()
	if _, err := r.Acquire(t.Context(), edit); err != nil {
		t.Errorf("after one has left: %v", err)
	}
	if l, err := NewLimiter().Acquire(t.Context(), 100*roomBytes); err != nil {
		t.Errorf("larger than the room: %v", err)
	} else {
		l()
	}
}

// TestSmallDecisionsAreBoundedAndTheSmallestGoesFirst: however many come at once.
func TestSmallDecisionsAreBoundedAndTheSmallestGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewLimiter()
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		var leave []func()
		for range smallRoom / smallBytes {
			l, err := r.Acquire(t.Context(), smallBytes)
			if err != nil {
				t.Fatal(err)
			}
			leave = append(leave, l)
		}
		if _, err := r.Acquire(ended, freeBytes); err != nil {
			t.Errorf("the smallest wait as well: %v", err)
		}
		if _, err := r.Acquire(ended, freeBytes+1); !errors.Is(err, errNoRoom) {
			t.Errorf("a full room: %v", err)
		}
		entered := make(chan struct{}, 5)
		for _, size := range []int64{30_000, 60_000, 30_001, 5_000, 60_001} {
			go func() {
				if l, err := r.Acquire(t.Context(), size); err == nil {
					entered <- struct{}{}
					l()
				}
			}()
		}
		synctest.Wait()
		var sizes []int64
		for _, w := range r.waiting {
			sizes = append(sizes, w.size)
		}
		if want := []int64{5_000, 30_000, 30_001, 60_000, 60_001}; !slices.Equal(sizes, want) || len(entered) > 0 {
			t.Errorf("%v wait in this order, want %v", sizes, want)
		}
		for _, l := range leave {
			l()
		}
		synctest.Wait()
		if len(entered) != cap(entered) {
			t.Errorf("%d found room", len(entered))
		}
		if r.small != 0 || len(r.waiting) != 0 {
			t.Errorf("%d bytes are taken, %d wait", r.small, len(r.waiting))
		}
	})
}

// TestADecisionThatWasGivenUpStillTakesRoom: else decisions without end could pile up beyond the time limit.
func TestADecisionThatWasGivenUpStillTakesRoom(t *testing.T) {
	o, _ := options(logr.Discard())
	o.Limiter = NewLimiter()
	h := NewValidate(o)
	goOn, ended := make(chan struct{}), make(chan struct{})
	h.limit = 10 * time.Millisecond
	h.decide = func(*policy.Policy, *Request, *validate.Change) *Decision {
		<-goOn
		defer close(ended)
		return &Decision{Result: Allowed}
	}
	body := review(configMapFields, `"operation":"CREATE"`, `"object":`+object("aws-auth", mapRoles("# "+strings.Repeat("x", smallBytes))))
	if answer := serve(t, h, body); answer.AuditAnnotations[AnnotationDecision] != string(Failed) {
		t.Fatalf("%+v", answer)
	}
	if o.Limiter.large.TryAcquire(roomBytes) {
		t.Error("the room is empty while the decision goes on")
	}
	close(goOn)
	<-ended
	if err := o.Limiter.large.Acquire(t.Context(), roomBytes); err != nil {
		t.Error(err)
	}
}
