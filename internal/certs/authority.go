package certs

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
)

const (
	// pollInterval is how often everything is looked at even when nothing is reported. It reads the wall clock,
	// which goes on while a machine is suspended; timers don't.
	pollInterval = 30 * time.Second
	// firstRetry and lastRetry bound the pauses after a failure, which double.
	firstRetry = 500 * time.Millisecond
	lastRetry  = 15 * time.Second
	// settle is the least time between two looks, should somebody else write the same objects over and over.
	settle = 100 * time.Millisecond
	// replacePause is how long a replica leaves a lost or damaged Secret alone that it has replaced just before:
	// two clocks that are far apart must not make two replicas fight.
	replacePause = 5 * time.Second
)

// Authority keeps the Secret and the webhook configurations, and gives the certificate to serve.
type Authority struct {
	options Options
	api     api
	log     logr.Logger
	metrics *metrics

	// view is what there is to serve, and against what; nil before the first certificate.
	view   atomic.Pointer[view]
	loaded chan struct{}
	// changed wakes Run; it holds one signal.
	changed chan struct{}

	// The rest is Run's alone. secret is the last one that was in order, and state what it keeps.
	secret *corev1.Secret
	state  *state
	// replaced is when this replica last replaced a Secret, reported the failure that was logged last.
	replaced time.Time
	reported string
}

// view is what readers see of the last look.
type view struct {
	leaf           *tls.Certificate
	configurations []configuration
}

// New makes an Authority, without talking to the API server yet.
func New(config *rest.Config, options Options, log logr.Logger) (*Authority, error) {
	if err := options.Validate(); err != nil {
		return nil, err
	}
	c, err := newCluster(config, options, log)
	if err != nil {
		return nil, fmt.Errorf("the client of the cluster: %w", err)
	}
	return newAuthority(c, options, log), nil
}

func newAuthority(a api, options Options, log logr.Logger) *Authority {
	return &Authority{
		options: options, api: a, log: log.WithValues("secret", options.Namespace+"/"+options.Secret), metrics: newMetrics(),
		loaded: make(chan struct{}), changed: make(chan struct{}, 1),
	}
}

// Loaded is closed once there is a certificate.
func (a *Authority) Loaded() <-chan struct{} { return a.loaded }

// ErrNone says that there is no certificate yet.
var ErrNone = errors.New("there is no certificate yet")

// GetCertificate gives the one to serve.
func (a *Authority) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if v := a.view.Load(); v != nil {
		return v.leaf, nil
	}
	return nil, ErrNone
}

// Check gives the certificate that should be served. The error says why API servers would not accept it, as far as is known.
func (a *Authority) Check() (leaf []byte, err error) {
	v := a.view.Load()
	if v == nil {
		return nil, ErrNone
	}
	now := time.Now()
	if now.After(v.leaf.Leaf.NotAfter) {
		return nil, fmt.Errorf("the certificate expired at %s", v.leaf.Leaf.NotAfter.Format(time.RFC3339))
	}
	for _, c := range v.configurations {
		for _, h := range c.hooks {
			if err := verify(v.leaf.Leaf, ParseBundle(h.caBundle), now, &a.options); err != nil {
				return nil, fmt.Errorf("the caBundle of %s in the %s %s: %w", h.name, c.kind, a.options.Configuration, err)
			}
		}
	}
	return v.leaf.Leaf.Raw, nil
}

// Run keeps everything until ctx ends. It fails where the Secret belongs to somebody else and there is no
// certificate yet; it waits where the API server can't be reached, and serves what it has meanwhile.
func (a *Authority) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		a.api.watch(ctx, a.wake)
	}()
	defer func() {
		stop()
		<-watching
	}()
	retry := firstRetry
	for {
		until, err := a.reconcile(ctx)
		if ctx.Err() != nil {
			return nil
		}
		var foreign *foreignError
		if errors.As(err, &foreign) && a.view.Load() == nil {
			return fmt.Errorf("the Secret %s/%s is not the guard's own: %w. It is left as it is: give --certificate-secret another name, or delete it",
				a.options.Namespace, a.options.Secret, err)
		}
		a.report(err)
		pause := pollInterval
		switch {
		case outrun(err):
			pause = firstRetry
		case err != nil:
			pause, retry = retry, min(2*retry, lastRetry)
		default:
			retry = firstRetry
			if !until.IsZero() {
				pause = min(pause, max(0, time.Until(until)))
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(max(pause, settle)):
		case <-a.changed:
			time.Sleep(settle)
		}
	}
}

// outrun reports that a write failed because somebody else was faster, so that there is something new to read.
func outrun(err error) bool { return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) }

// wake makes Run look again.
func (a *Authority) wake() {
	select {
	case a.changed <- struct{}{}:
	default:
	}
}

// report logs a failure once, until another follows or it is over.
func (a *Authority) report(err error) {
	if outrun(err) {
		return
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text == a.reported {
		return
	}
	a.reported = text
	if err == nil {
		a.log.Info("the Secret and the webhook configurations can be kept again")
		return
	}
	a.log.Error(err, "the certificates can't be kept; what was served goes on being served")
}
