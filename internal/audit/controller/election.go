package controller

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// A replica that is killed is followed within leaseDuration and a retry; one that ends gives the lease back at once.
const (
	leaseDuration = 12 * time.Second
	renewDeadline = 8 * time.Second
	retryPeriod   = 2 * time.Second
)

// elect takes part in the election until ctx ends, and acts while it leads. One that loses the lease stops acting first
// and then takes part again.
func (a *auditor) elect(ctx context.Context) error {
	lock := &resourcelock.LeaseLock{
		LeaseMeta: metav1.ObjectMeta{Namespace: a.Namespace, Name: a.Lease}, Client: a.client.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: a.Identity},
	}
	for ctx.Err() == nil {
		if err := a.term(ctx, lock); err != nil {
			return err
		}
	}
	return nil
}

// term is one time of waiting and leading.
func (a *auditor) term(ctx context.Context, lock resourcelock.Interface) error {
	// The lease is given back only after the work has ended, so that never two act.
	electing, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	began, done := make(chan struct{}), make(chan struct{})
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: lock, LeaseDuration: leaseDuration, RenewDeadline: renewDeadline, RetryPeriod: retryPeriod, ReleaseOnCancel: true, Name: a.Lease,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(leading context.Context) {
				close(began)
				defer close(done)
				working, cancel := context.WithCancel(leading)
				defer cancel()
				defer context.AfterFunc(ctx, cancel)()
				a.metrics.leader.Set(1)
				a.lead(working)
				a.metrics.leader.Set(0)
				a.metrics.reset()
				stop()
			},
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return err
	}
	// While it waits there is no work to end first.
	defer context.AfterFunc(ctx, func() {
		select {
		case <-began:
		default:
			stop()
		}
	})()
	elector.Run(electing)
	select {
	case <-began:
		<-done
	default:
	}
	return nil
}
