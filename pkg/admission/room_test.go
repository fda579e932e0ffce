package admission

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

func TestTheRoomHoldsTwoOfTheLargestEditsAndAnyNumberOfOrdinaryOnes(t *testing.T) {
	const edit = 2 << 20
	r := NewRoom()
	var leave []func()
	for range roomBytes / edit {
		l, err := r.enter(t.Context(), edit)
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, l)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.enter(ended, freeBytes+1); !errors.Is(err, context.Canceled) {
		t.Errorf("a full room: %v", err)
	}
	if _, err := r.enter(ended, freeBytes); err != nil {
		t.Errorf("an ordinary edit: %v", err)
	}
	leave[0]()
	if _, err := r.enter(t.Context(), edit); err != nil {
		t.Errorf("after one has left: %v", err)
	}
	if l, err := NewRoom().enter(t.Context(), 100*roomBytes); err != nil {
		t.Errorf("larger than the room: %v", err)
	} else {
		l()
	}
}

// TestADecisionThatWasGivenUpStillTakesRoom: else decisions without end could pile up behind the limit of time.
func TestADecisionThatWasGivenUpStillTakesRoom(t *testing.T) {
	o, _ := options(logr.Discard())
	o.Room = NewRoom()
	h := NewValidate(o)
	goOn, ended := make(chan struct{}), make(chan struct{})
	h.limit = 10 * time.Millisecond
	h.decide = func(*policy.Policy, *Request, *validate.Change) *Decision {
		<-goOn
		defer close(ended)
		return &Decision{Result: Allowed}
	}
	body := review(configMapFields, `"operation":"CREATE"`, `"object":`+object("aws-auth", mapRoles("# "+strings.Repeat("x", freeBytes))))
	if answer := serve(t, h, body); answer.AuditAnnotations[AnnotationDecision] != string(Failed) {
		t.Fatalf("%+v", answer)
	}
	if o.Room.bytes.TryAcquire(roomBytes) {
		t.Error("the room is empty while the decision goes on")
	}
	close(goOn)
	<-ended
	if err := o.Room.bytes.Acquire(t.Context(), roomBytes); err != nil {
		t.Error(err)
	}
}
