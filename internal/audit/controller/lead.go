package controller

import (
	"context"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"golang.org/x/time/rate"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster"
	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac"
	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

const (
	// debounce is how long a change is left to be followed by others before it is looked at.
	debounce = 200 * time.Millisecond
	// pace and paceBurst bound how often is looked: of a thousand edits in a row one in two seconds or so.
	pace      = 2 * time.Second
	paceBurst = 3
	// guardInterval is how often what is behind the guard's webhooks is read again, and the kinds of reports looked for.
	guardInterval = 30 * time.Second
	// policyPoll is how often a new policy or a new snapshot of the access entries is looked for.
	policyPoll = 2 * time.Second
	// syncLimit bounds the wait for what may not be there to read: after it the map is judged without.
	syncLimit = 10 * time.Second
	// retry is how long after a failure all is tried again.
	retry = 5 * time.Second
	// grace is how long a state of the map must stand that the guard has not noted before it is called a bypass: the notes
	// come a moment after the fact.
	grace = 10 * time.Second
	// nodesDeadline bounds the question for the cluster's nodes.
	nodesDeadline = 10 * time.Second
)

// term of office: what a replica knows while it acts.
type leader struct {
	*auditor
	informers *informers
	reports   *reports
	memory    *memory
	limiter   *rate.Limiter
	wake      chan struct{}
	// running are the informers that follow something; ctx ends them.
	running sync.WaitGroup
	// nodes are as they were at the last check; nil where they could not be read.
	nodes *validate.NodeFacts
	// crds is set when a kind of report came or went.
	crds atomic.Bool

	// guard is what is behind the webhooks as it was read last, and when that was.
	guard     *registration.State
	guardRead time.Time
	guardOf   string
	// pending is a state of the map that the guard has not noted, and since when it is seen.
	pending      string
	pendingSince time.Time
	// restored is the content that auto-restore put back last: no bypass, though the guard may not be there to note it.
	restored string
	// last is the map as it was last seen.
	last *corev1.ConfigMap
	// observed is the state that the history holds, with what was known of its writer.
	observed observed
	checked  time.Time
}

// lead acts until ctx ends.
func (a *auditor) lead(ctx context.Context) {
	log := a.log.WithValues("identity", a.Identity)
	log.Info("acting")
	defer log.Info("not acting any more")
	l := &leader{auditor: a, reports: &reports{auditor: a}, limiter: rate.NewLimiter(rate.Every(pace), paceBurst), wake: make(chan struct{}, 1)}
	l.informers = newInformers(a.client, a.metadata, a.Guard, a.kinds(), l.changed, func() { l.crds.Store(true); l.changed() })
	for _, kind := range cluster.NodeClassKinds() {
		l.informers.classes = append(l.informers.classes, newNodeClasses(kind, a.dynamic, a.metadata, l.changed))
	}
	defer l.running.Wait()
	for _, f := range l.informers.all() {
		l.running.Go(func() { f.RunWithContext(ctx) })
	}
	if !l.awaitSync(ctx) {
		return
	}
	// What reading everything has used is given back before the first look uses as much.
	debug.FreeOSMemory()
	l.follow(ctx)
}

func (l *leader) changed() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// awaitSync waits for the map, and for a while for the rest. It reports false where ctx ended first.
func (l *leader) awaitSync(ctx context.Context) bool {
	limit, cancel := context.WithTimeout(ctx, syncLimit)
	defer cancel()
	for _, f := range l.informers.all() {
		until := limit
		if f == l.informers.maps {
			// Without the map there is nothing to say.
			until = ctx
		}
		select {
		case <-f.HasSyncedChecker().Done():
		case <-until.Done():
			if ctx.Err() != nil {
				return false
			}
			l.log.Info("can't be read, so the map is judged without", "what", f.title)
		}
	}
	return true
}

// follow looks at the map whenever something has changed, and when it is time.
func (l *leader) follow(ctx context.Context) {
	poll := time.NewTicker(policyPoll)
	defer poll.Stop()
	generation := l.policy.Generation() + l.entries.Generation()
	next := time.Now()
	for {
		timer := time.NewTimer(time.Until(next))
		due := false
		select {
		case <-ctx.Done():
		case <-timer.C:
			due = true
		case <-l.wake:
			due = true
			pause(ctx, debounce)
		case <-poll.C:
			g := l.policy.Generation() + l.entries.Generation()
			due = g != generation
			generation = g
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
		if !due {
			continue
		}
		if l.limiter.Wait(ctx) != nil {
			return
		}
		// What came while it waited is looked at now.
		select {
		case <-l.wake:
		default:
		}
		next = l.reconcile(ctx)
		// What a look has used is not needed until the next one: it is given back.
		debug.FreeOSMemory()
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// index joins the bindings; nil where they could not be read.
func (l *leader) index() *rbac.Index {
	if !l.informers.bindings.HasSynced() || !l.informers.clusterBindings.HasSynced() {
		return nil
	}
	var o rbac.Objects
	for _, b := range objects[*binding](l.informers.bindings) {
		o.RoleBindings = append(o.RoleBindings, &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: b.namespace, Name: b.name}, Subjects: b.subjects(), RoleRef: b.role.Value(),
		})
	}
	for _, b := range objects[*binding](l.informers.clusterBindings) {
		o.ClusterRoleBindings = append(o.ClusterRoleBindings, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: b.name}, Subjects: b.subjects(), RoleRef: b.role.Value(),
		})
	}
	return rbac.NewIndex(&o, false)
}

// nodeClasses are those of all kinds, nil where one of them is not known.
func (l *leader) nodeClasses(ctx context.Context) validate.NodeClasses {
	all, complete := validate.NodeClasses{}, true
	for _, kind := range l.informers.classes {
		classes, known := kind.list(ctx, &l.running)
		all, complete = append(all, classes...), complete && known
	}
	if !complete {
		return nil
	}
	return all
}

// judgeGuard looks at the guard's registration. What is behind it is read again from time to time, and when the
// registration has changed.
func (l *leader) judgeGuard(ctx context.Context, now time.Time) {
	if !l.informers.mutating.HasSynced() || !l.informers.validating.HasSynced() {
		l.guard = nil
		return
	}
	mutating, validating := objects[*admissionv1.MutatingWebhookConfiguration](l.informers.mutating), objects[*admissionv1.ValidatingWebhookConfiguration](l.informers.validating)
	var versions []string
	for _, c := range mutating {
		versions = append(versions, c.Name+"@"+c.ResourceVersion)
	}
	for _, c := range validating {
		versions = append(versions, c.Name+"@"+c.ResourceVersion)
	}
	of := strings.Join(versions, " ")
	if l.guard != nil && of == l.guardOf && now.Sub(l.guardRead) < guardInterval {
		return
	}
	reader := &live.Reader{Client: l.client}
	l.guard = reader.Judge(ctx, registration.Find(mutating, validating), now)
	l.guard.Problems = append(l.guard.Problems, l.companions(ctx)...)
	l.guardOf, l.guardRead = of, now
}
