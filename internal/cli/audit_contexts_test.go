package cli

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/internal/audit"
	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
)

// TestAClusterThatTakesTooLongIsNotKnown: one that keeps to its deadline counts with what it has, one that does not is given up.
func TestAClusterThatTakesTooLongIsNotKnown(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	l := withinTime(t.Context(), "deaf", time.Millisecond, func(context.Context) audit.Look {
		<-release
		return audit.Look{}
	})
	if l.Context != "deaf" || l.Cluster != nil || !errors.Is(l.Err, live.ErrNoAnswer) {
		t.Errorf("%+v", l)
	}
	l = withinTime(t.Context(), "slow", time.Millisecond, func(ctx context.Context) audit.Look {
		<-ctx.Done()
		return audit.Look{Context: "slow", Cluster: &audit.Cluster{}}
	})
	if l.Cluster == nil || l.Err != nil {
		t.Errorf("%+v", l)
	}
}
