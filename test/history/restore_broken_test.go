package history

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history/restore"
)

// through is the administrator's client with somebody in between.
func through(wire func(http.RoundTripper, *http.Request) (*http.Response, error)) kubernetes.Interface {
	config := rest.CopyConfig(shared.AdminConfig)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) { return wire(next, r) })
	})
	return kubernetes.NewForConfigOrDie(config)
}

// failing is a client whose requests of a method for ConfigMaps fail while down is set.
func failing(method string) (client kubernetes.Interface, down *atomic.Bool) {
	down = &atomic.Bool{}
	return through(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		if down.Load() && r.Method == method && strings.Contains(r.URL.Path, "/configmaps") {
			return &http.Response{StatusCode: http.StatusInternalServerError, Body: http.NoBody, Request: r}, nil
		}
		return next.RoundTrip(r)
	}), down
}

// TestARestoreThatHasBegunIsFinished has the process told to end, or the lease lost, between the note that a revision is
// restored and the write itself: what is noted is never tried again.
func TestARestoreThatHasBegunIsFinished(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	client := through(func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		response, err := next.RoundTrip(r)
		if r.Method == http.MethodPatch && strings.Contains(r.URL.Path, "controllerrevisions") {
			cancel()
		}
		return response, err
	})
	a := newAuditor(t, newClock(), client, namespace(t))
	write(t, "kubectl-edit", roles(nodes+devs))
	a.look(t, history.Observation{})
	remove(t)
	a.look(t, history.Observation{})
	a.add(grace)
	d, err := a.restorer.Consider(ctx, nil, a.nodes)
	a.expect(t, d, restore.Restore, "GuardRestored")
	if now := current(t); err != nil || now == nil || !reflect.DeepEqual(now.Data, roles(nodes+devs)) {
		t.Errorf("%v, the live map: %+v", err, now)
	}
}

// TestARestoreThatFailsIsTriedAgainAndToldOnce has the API server out of order for writes of the map.
func TestARestoreThatFailsIsTriedAgainAndToldOnce(t *testing.T) {
	client, down := failing(http.MethodPost)
	a := newAuditor(t, newClock(), client, namespace(t))
	write(t, "kubectl-edit", roles(nodes+devs))
	a.look(t, history.Observation{})
	remove(t)
	a.look(t, history.Observation{})
	a.add(grace)
	down.Store(true)
	for range 3 {
		a.expect(t, a.look(t, history.Observation{}), restore.Restore, "GuardRestoreFailed")
	}
	if a.restores(t, "failed") != 3 || len(a.events.told) != 1 {
		t.Errorf("%v failed, told %q", a.restores(t, "failed"), a.events.told)
	}
	down.Store(false)
	a.expect(t, a.look(t, history.Observation{}), restore.Restore, "GuardRestored")
	if now := current(t); now == nil || !reflect.DeepEqual(now.Data, roles(nodes+devs)) {
		t.Errorf("the live map: %+v", now)
	}
}
