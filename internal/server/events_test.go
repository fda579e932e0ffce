package server

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus/testutil"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"

	guard "github.com/aws-auth-guard/aws-auth-guard/internal/admission"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// sink takes Events once it may.
type sink struct {
	typedcorev1.EventInterface
	open chan struct{}
	got  chan *corev1.Event
}

func (s *sink) Create(_ context.Context, e *corev1.Event, _ metav1.CreateOptions) (*corev1.Event, error) {
	<-s.open
	s.got <- e
	return nil, errors.New("told")
}

// TestForgedOverridesMakeFewShortEvents: of a flood of reviews with a megabyte in every text a few Events are made. They
// tell nothing of the object but its name, and nothing of the rest is kept.
func TestForgedOverridesMakeFewShortEvents(t *testing.T) {
	const forged = 2000
	s := &sink{open: make(chan struct{}), got: make(chan *corev1.Event, forged)}
	r := newRecorder(s, logr.Discard())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- r.run(ctx) }()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range forged {
		long := strings.Repeat("\x1b[2K", 1<<18)
		o, err := policy.ParseOverride("arn-kind: " + long)
		if err != nil {
			t.Fatal(err)
		}
		r.Overridden(&guard.Request{
			User: authenticationv1.UserInfo{Username: long}, FieldManager: long,
			New: &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth", UID: types.UID(long), ResourceVersion: "forged"}},
		}, o.Rules, o.Reason)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
	close(s.open)
	made := 0
	for ; made < maxEvents; made++ { // the first burst
		e := <-s.got
		if about := e.InvolvedObject; about.UID != "" || about.ResourceVersion != "" || about.Name != "aws-auth" || about.Kind != "ConfigMap" {
			t.Errorf("an Event about %+v", about)
		}
		if len(e.Message) > maxEvent || text.Visible(e.Message) != e.Message || !strings.Contains(e.Message, " overrode arn-kind: ") {
			t.Errorf("the message %.200q", e.Message)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if dropped := testutil.ToFloat64(r.dropped); int(dropped) < forged-2*maxEvents-1 {
		t.Errorf("%v of %d are dropped", dropped, forged)
	}
}
