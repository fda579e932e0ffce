package controller

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/admissionlog"
	"github.com/aws-auth-guard/aws-auth-guard/internal/audit"
	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history/restore"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// reconcile judges everything once, writes what there is to write, and says when to do so again.
func (l *leader) reconcile(ctx context.Context) time.Time {
	now := time.Now()
	next := now.Add(min(l.Interval, guardInterval))
	check := now.Sub(l.checked) >= l.Interval
	if l.crds.Swap(false) {
		l.reports.forget()
	}
	if check || now.Sub(l.guardRead) >= guardInterval {
		l.reports.known = false
	}
	if check {
		l.lookAtNodes(ctx)
	}
	e, err := l.evaluate(ctx, now)
	if err != nil {
		l.failed("judging the map", err)
		return now.Add(retry)
	}
	l.metrics.observe(e, float64(now.Unix()))
	failed := false
	step := func(what string, err error) {
		if err != nil {
			failed = true
			l.failed(what, err)
		}
	}
	origin, wait, err := l.origin(ctx, e, now)
	step("reading what was admitted", err)
	step("writing Events", l.emit(ctx, e, origin))
	step("writing the history", l.record(ctx, e, origin))
	decision, err := l.restorer.Consider(ctx, e.Map, l.lostNodes(ctx, e))
	step("restoring the map", err)
	if err == nil && decision.Action == restore.Restore {
		l.restored = decision.Content
	}
	step("writing the report", l.reports.write(ctx, e, check))
	if failed {
		return now.Add(retry)
	}
	if check {
		l.checked = now
	}
	if !wait.IsZero() && wait.Before(next) {
		next = wait
	}
	if decision.Action == restore.Wait && decision.Until.Before(next) {
		next = decision.Until
	}
	return next
}

func (l *leader) failed(what string, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	l.metrics.failures.WithLabelValues(what).Inc()
	l.log.Error(err, "could not be done and is tried again", "what", what)
}

func (l *leader) evaluate(ctx context.Context, now time.Time) (*audit.Evaluation, error) {
	if l.memory == nil {
		m, err := l.recall(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading what was reported last: %w", err)
		}
		l.memory = m
	}
	in := &audit.Input{Policy: l.policy.Current(), AccessEntries: l.accessEntries(), Nodes: l.nodes, Classes: l.nodeClasses(ctx)}
	if err := l.entries.LastError(); err != nil {
		in.Unreadable = err.Error()
	}
	if maps := objects[*corev1.ConfigMap](l.informers.maps); len(maps) > 0 {
		in.Map = maps[0]
		l.last = maps[0]
	}
	in.Index = l.index()
	l.judgeGuard(ctx, now)
	in.Guard = l.guard
	return audit.Evaluate(in)
}

// origin is how the live state of the map came to be.
type origin struct {
	// settled is set where that is known, or nobody can know it.
	settled bool
	// bypass is set where it came to be past the guard.
	bypass bool
	// admitted is what the guard has noted of it, nil for nothing.
	admitted *admissionlog.Record
	// unread is the last edit that the guard let pass without reading it, nil for none: it may be how a bypass came to be.
	unread *admissionlog.Record
}

// origin asks the guard's notes for a state of the map that was not judged before. wait is when to ask again.
func (l *leader) origin(ctx context.Context, e *audit.Evaluation, now time.Time) (o origin, wait time.Time, err error) {
	known := l.memory.state
	// What was there before the first look is what the guard begins with.
	if known == nil || e.Content == known.Content || e.Content == l.restored || l.Admitted == "" {
		l.pending = ""
		return origin{settled: true}, time.Time{}, nil
	}
	if l.pending != e.Content {
		l.pending, l.pendingSince = e.Content, now
	}
	cm, err := l.client.CoreV1().ConfigMaps(l.Namespace).Get(ctx, l.Admitted, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		// The guard makes it with its first note: until then nothing can be told apart.
		return origin{settled: true}, time.Time{}, fmt.Errorf("the guard notes nothing: there is no ConfigMap %s/%s", l.Namespace, l.Admitted)
	}
	if err != nil {
		return origin{}, now.Add(retry), err
	}
	if r, ok := admissionlog.Find(cm, e.Content); ok {
		l.pending = ""
		l.prune(ctx, cm, now)
		return origin{settled: true, admitted: &r}, time.Time{}, nil
	}
	if until := l.pendingSince.Add(grace); now.Before(until) {
		return origin{}, until, nil
	}
	l.pending = ""
	l.prune(ctx, cm, now)
	o = origin{settled: true, bypass: true}
	if r, ok := admissionlog.Find(cm, admissionlog.Unread); ok {
		o.unread = &r
	}
	return o, time.Time{}, nil
}

// passed reports whether the guard has noted that it let a state of the map pass with a say.
func (a *auditor) passed(ctx context.Context, state string) (bool, error) {
	if a.Admitted == "" {
		return false, nil
	}
	cm, err := a.client.CoreV1().ConfigMaps(a.Namespace).Get(ctx, a.Admitted, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	r, ok := admissionlog.Find(cm, state)
	return ok && !r.Unchecked, nil
}

// emit makes Events of what has changed, and remembers that.
func (l *leader) emit(ctx context.Context, e *audit.Evaluation, o origin) error {
	before := l.memory.state
	after := e.State(before)
	events := e.Changes(before)
	if before == nil {
		after.Content = e.Content
	} else {
		after.Generation, after.Content = before.Generation, before.Content
		if e.Guard == nil {
			after.Guard = before.Guard
		}
		if after.MapUID == "" {
			after.MapUID = before.MapUID
		}
		if o.settled {
			after.Content = e.Content
		}
	}
	if o.bypass {
		events = append(events, audit.Event{
			Type: corev1.EventTypeWarning, Reason: audit.ReasonBypassed,
			Message: "the map was changed outside the guard: " + writer(e) + unread(o) + "; kubectl aws-auth diff and history show what changed",
		})
	}
	if before != nil {
		events = append(slices.Clone(before.Untold), events...)
	}
	var untold error
	for i, event := range events {
		if untold = l.events.emit(ctx, after.MapUID, after.Generation, event); untold != nil {
			// What can't be reported now is reported later; what was found out is kept all the same.
			after.Untold = events[i:min(len(events), i+audit.MaxUntold)]
			break
		}
	}
	if before != nil && reflect.DeepEqual(after, *before) {
		return untold
	}
	after.Generation++
	err := l.keep(ctx, l.memory, after)
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || apierrors.IsNotFound(err) {
		// Somebody else has written it: what it says now counts.
		l.memory = nil
	}
	if err != nil {
		return errors.Join(untold, fmt.Errorf("storing what was reported: %w", err))
	}
	if o.bypass {
		l.metrics.bypasses.Inc()
	}
	return untold
}

// unread names the edit that the guard let pass without reading it, if there was one.
func unread(o origin) string {
	if o.unread == nil {
		return ""
	}
	return fmt.Sprintf("; at %s the guard let an edit by %q pass unread, because it was too large or came too slowly: it may be this one",
		o.unread.Time.UTC().Format(time.RFC3339), o.unread.User)
}

// writer says who wrote the map last, as far as it tells itself.
func writer(e *audit.Evaluation) string {
	if e.Map == nil {
		return "it no longer exists"
	}
	var latest time.Time
	var names []string
	for i := range e.Map.ManagedFields {
		f := &e.Map.ManagedFields[i]
		if f.Time == nil || f.Time.Time.Before(latest) {
			continue
		}
		// Times are kept by the second: in one there may be several.
		if f.Time.After(latest) {
			latest, names = f.Time.Time, nil
		}
		if name := strconv.Quote(f.Manager); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "by an unknown writer"
	}
	return "last written by " + strings.Join(names, " or ")
}

// observed is what the history recorded.
type observed struct {
	content, override, user string
	admitted                bool
	done                    bool
}

// record puts the state into the history, and again once more is known of it.
func (l *leader) record(ctx context.Context, e *audit.Evaluation, o origin) error {
	told := observed{content: e.Content, done: true}
	if e.Map != nil {
		told.override = policy.KeptOverride(e.Map.Annotations)
	}
	if o.admitted != nil {
		told.user, told.admitted = o.admitted.User, !o.admitted.Unchecked
	} else if told.content == l.observed.content {
		told.user, told.admitted = l.observed.user, l.observed.admitted
	}
	if told == l.observed {
		return nil
	}
	observation := history.Observation{User: told.user, Admitted: told.admitted, Nodes: l.lostNodes(ctx, e), Entries: e.AccessEntries}
	if e.Map == nil {
		observation.Last = l.last
	}
	if _, _, err := l.history.Observe(ctx, e.Map, observation); err != nil {
		return err
	}
	l.observed = told
	return nil
}

// lookAtNodes reads the nodes, and by which role each joined.
func (l *leader) lookAtNodes(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, nodesDeadline)
	defer cancel()
	var err error
	if l.nodes, err = cluster.Nodes(ctx, l.client); err != nil {
		l.failed("reading the nodes", err)
	}
}

// lostNodes asks for the cluster's nodes where the answer matters: some lost their way in, or the map is not whole.
func (l *leader) lostNodes(ctx context.Context, e *audit.Evaluation) *validate.NodeFacts {
	if len(e.Nodes()) > 0 && l.memory != nil && l.memory.state != nil && len(l.memory.state.Nodes) <= len(e.Nodes()) && l.AutoRestore <= 0 {
		return nil
	}
	facts := l.cluster.Ask(ctx, validate.Questions{Nodes: true}, authenticationv1.UserInfo{})
	if facts.Unavailable.Nodes != "" {
		l.failed("reading the nodes", errors.New(facts.Unavailable.Nodes))
	}
	return facts.Nodes
}
