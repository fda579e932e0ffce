// Package cluster asks the API server what the rules about edits want to know. It never keeps an edit waiting:
// all questions of one edit are asked at once, with one deadline; answers are kept for seconds; a question that
// is under way is not asked again; and what is not answered in time is told as such. Only the bindings of a minute ago
// serve where the present ones can't be had: they decide about no access, and the two webhooks of one edit would
// differ if one got its answer in time and the other did not.
package cluster

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Defaults.
const (
	// DefaultDeadline is for all questions of one edit together.
	DefaultDeadline = 500 * time.Millisecond
	// DefaultKeep is how long an answer is used again.
	DefaultKeep = 5 * time.Second
	// DefaultSpare is for how much longer the bindings are used where the API server does not answer.
	DefaultSpare = time.Minute
	// requestTimeout ends a request that nobody waits for any more; until then its answer is still kept.
	requestTimeout = 10 * time.Second
)

// Options of New; zero values mean the defaults.
type Options struct {
	Deadline time.Duration
	Keep     time.Duration
	Spare    time.Duration
	// Now is the clock by which answers grow old; nil means time.Now. Deadlines are of real time.
	Now func() time.Time
}

// Cluster asks one API server. It may be used by many at once.
type Cluster struct {
	client   kubernetes.Interface
	deadline time.Duration
	nodes    memo[struct{}, *validate.NodeFacts]
	bindings memo[struct{}, *validate.BindingFacts]
	grants   memo[grantKey, bool]
}

// grantKey tells the questions about grants apart.
type grantKey struct {
	user   string
	groups string
	grant  validate.Grant
}

// New makes a Cluster of a client. The client should have no rate limit of its own that is slower than the
// deadline.
func New(client kubernetes.Interface, o Options) *Cluster {
	if o.Deadline == 0 {
		o.Deadline = DefaultDeadline
	}
	if o.Keep == 0 {
		o.Keep = DefaultKeep
	}
	if o.Spare == 0 {
		o.Spare = DefaultSpare
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Cluster{
		client: client, deadline: o.Deadline,
		nodes:    newMemo[struct{}, *validate.NodeFacts](o, 0),
		bindings: newMemo[struct{}, *validate.BindingFacts](o, o.Spare),
		grants:   newMemo[grantKey, bool](o, 0),
	}
}

// Binary is a config like another one, whose client speaks protobuf where the API server does, which it does of all built-in
// objects: their lists take a fraction of the time and memory to read that they take as JSON.
func Binary(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeProtobuf, runtime.ContentTypeProtobuf+","+runtime.ContentTypeJSON
	return config
}

// Ask gets the answers to the questions of one edit. It returns when all are there, or at the deadline with those
// that are.
func (c *Cluster) Ask(ctx context.Context, q validate.Questions, user authenticationv1.UserInfo) validate.Facts {
	ctx, cancel := context.WithTimeout(ctx, c.deadline)
	defer cancel()
	var (
		facts = validate.Facts{MayImpersonate: map[validate.Grant]bool{}}
		mu    sync.Mutex
		wait  sync.WaitGroup
	)
	if q.Nodes {
		answer(ctx, &wait, c.nodes, struct{}{}, c.listNodes, func(nodes *validate.NodeFacts, err error) {
			mu.Lock()
			defer mu.Unlock()
			facts.Nodes, facts.Blind.Nodes = nodes, reason(err)
		})
	}
	if q.Bindings {
		answer(ctx, &wait, c.bindings, struct{}{}, c.listBindings, func(bindings *validate.BindingFacts, err error) {
			mu.Lock()
			defer mu.Unlock()
			facts.Bindings, facts.Blind.Bindings = bindings, reason(err)
		})
	}
	groups := strings.Join(slices.Sorted(slices.Values(user.Groups)), "\x00")
	for _, grant := range q.Grants {
		ask := func(ctx context.Context) (bool, error) { return c.mayImpersonate(ctx, user, grant) }
		answer(ctx, &wait, c.grants, grantKey{user.Username, groups, grant}, ask, func(may bool, err error) {
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				facts.Blind.Grants = reason(err)
				return
			}
			facts.MayImpersonate[grant] = may
		})
	}
	wait.Wait()
	return facts
}

// answer hands on the answer to a question: one that is held at once, else when it is there.
func answer[K comparable, V any](ctx context.Context, wait *sync.WaitGroup, m memo[K, V], key K, ask func(context.Context) (V, error), handOn func(V, error)) {
	if value, ok := m.fresh(key); ok {
		handOn(value, nil)
		return
	}
	wait.Go(func() { handOn(m.get(ctx, key, ask)) })
}

// reason puts an error into words for a warning.
func reason(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), apierrors.IsTimeout(err), apierrors.IsServerTimeout(err):
		return "the API server did not answer in time"
	case apierrors.IsForbidden(err):
		return "the guard lacks the permission to ask"
	}
	return "the API server could not be asked"
}

// memo remembers answers for a while and asks each question once at a time.
type memo[K comparable, V any] struct {
	keep, spare time.Duration
	now         func() time.Time
	mu          *sync.Mutex
	held        map[K]*reply[V]
}

type reply[V any] struct {
	done  chan struct{}
	until time.Time
	value V
	err   error
	// last is the value before, which serves in its place until lastUntil.
	last      V
	lastUntil time.Time
}

// maxHeld bounds the answers that are kept.
const maxHeld = 4096

func newMemo[K comparable, V any](o Options, spare time.Duration) memo[K, V] {
	return memo[K, V]{keep: o.Keep, spare: spare, now: o.Now, mu: &sync.Mutex{}, held: map[K]*reply[V]{}}
}

// fresh returns the answer that is held and not too old.
func (m memo[K, V]) fresh(key K) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.held[key]
	if a == nil || !a.answered() || a.err != nil || m.expired(a) {
		var none V
		return none, false
	}
	return a.value, true
}

// get returns the answer that is held, or asks. When ctx ends first, the question goes on for those who come
// later.
func (m memo[K, V]) get(ctx context.Context, key K, ask func(context.Context) (V, error)) (V, error) {
	m.mu.Lock()
	a := m.held[key]
	if a == nil || m.expired(a) {
		if len(m.held) >= maxHeld {
			clear(m.held)
		}
		a = m.after(a)
		m.held[key] = a
		go m.fill(context.WithoutCancel(ctx), a, ask)
	}
	m.mu.Unlock()
	var err error
	select {
	case <-a.done:
		if a.err == nil {
			return a.value, nil
		}
		err = a.err
	case <-ctx.Done():
		err = ctx.Err()
	}
	if m.now().Before(a.lastUntil) && !apierrors.IsForbidden(err) {
		return a.last, nil
	}
	var none V
	return none, err
}

// after is an answer that is awaited, in place of one that is too old or nil for none.
func (m memo[K, V]) after(old *reply[V]) *reply[V] {
	a := &reply[V]{done: make(chan struct{})}
	switch {
	case old == nil || m.spare == 0:
	case old.err == nil:
		a.last, a.lastUntil = old.value, old.until.Add(m.spare)
	default:
		a.last, a.lastUntil = old.last, old.lastUntil
	}
	return a
}

func (m memo[K, V]) fill(ctx context.Context, a *reply[V], ask func(context.Context) (V, error)) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	a.value, a.err = ask(ctx)
	a.until = m.now().Add(m.keep)
	if a.err != nil {
		a.until = m.now() // a failure is told to those who wait, and asked again by the next
	}
	close(a.done)
}

// answered reports an answer that is there.
func (a *reply[V]) answered() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// expired reports an answer that is there and too old.
func (m memo[K, V]) expired(a *reply[V]) bool { return a.answered() && !m.now().Before(a.until) }
