package await

import (
	"testing"
	"time"
)

// Patience bounds a wait. Only a failing test waits that long.
const Patience = time.Minute

const (
	// tryInterval is how often something is tried, which may ask an API server; lookInterval is how often something is
	// looked at.
	tryInterval  = 100 * time.Millisecond
	lookInterval = 20 * time.Millisecond
)

// Success tries something until it succeeds, and ends the test where it does not.
func Success(t testing.TB, what string, try func() error) {
	t.Helper()
	for deadline := time.Now().Add(Patience); ; time.Sleep(tryInterval) {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s: %v", what, err)
		}
	}
}

// True looks until something holds, and ends the test where it does not.
func True(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); !holds(); time.Sleep(lookInterval) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}
