package restore

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// FieldManager is how auto-restore names itself to the API server. It is none of those whose writes are repaired.
const FieldManager = "aws-auth-guard-restore"

// The reasons of the Events.
const (
	ReasonRestored = "GuardRestored"
	ReasonFailed   = "GuardRestoreFailed"
	ReasonLeft     = "GuardLeftBroken"
)

// finishLimit bounds a restore that has begun; it is finished even if this process is asked to stop.
const finishLimit = 15 * time.Second

// Events makes Events; record.EventRecorder is one. What is said differs for different occasions, so one that is reported again
// with the same words, by another process, can be left out.
type Events interface {
	Event(object runtime.Object, kind, reason, message string)
}

// Options of New.
type Options struct {
	// Grace is how long a map must stand broken; 0 is off.
	Grace  time.Duration
	Policy func() *policy.Policy
	// Entries gives the access entries; nil means that they are not known.
	Entries func() *snapshot.View
	// Passed reports whether the guard has noted that it let a state pass (history.Content.Name); nil knows of no notes.
	Passed func(ctx context.Context, state string) (bool, error)
	Events Events
	Log    logr.Logger
	// Registry gets the metric awsauth_audit_restores_total.
	Registry prometheus.Registerer
	// Now is the clock; nil means time.Now. It must be that of the history's Recorder.
	Now func() time.Time
}

// Restorer restores the map by itself. One process at a time should do so; where two do, one of them acts.
type Restorer struct {
	Options
	client   kubernetes.Interface
	history  *history.Recorder
	restores *prometheus.CounterVec

	mu sync.Mutex
	// told is what was last said of a map that is left as it is, or could not be restored, so that it is said once.
	told string
}

// New makes a Restorer and registers its metric.
func New(client kubernetes.Interface, h *history.Recorder, o Options) *Restorer {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Entries == nil {
		o.Entries = func() *snapshot.View { return nil }
	}
	r := &Restorer{Options: o, client: client, history: h, restores: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "awsauth_audit_restores_total",
		Help: "Restores by auto-restore: result restored (the map), restored_entry (protected entries alone) or failed.",
	}, []string{"result"})}
	for _, result := range []string{resultRestored, resultEntry, resultFailed} {
		r.restores.WithLabelValues(result)
	}
	if r.Passed == nil {
		r.Passed = func(context.Context, string) (bool, error) { return false, nil }
	}
	o.Registry.MustRegister(r.restores)
	return r
}

// The results of restores in the metric.
const (
	resultRestored = "restored"
	resultEntry    = "restored_entry"
	resultFailed   = "failed"
)

// Consider decides about the live map, which the history must have recorded, and acts. cm is the map as it was read last,
// nil where there is none; nodes are the cluster's, nil where they are not known. It is to be called whenever the map, the
// nodes or the policy have changed, and at Decision.Until.
func (r *Restorer) Consider(ctx context.Context, cm *corev1.ConfigMap, nodes *validate.NodeFacts) (Decision, error) {
	if r.Grace <= 0 {
		return Decision{Action: Nothing}, nil
	}
	all, err := r.history.List(ctx)
	if err != nil {
		return Decision{}, fmt.Errorf("reading the history: %w", err)
	}
	live := history.ContentOf(cm)
	if len(all) == 0 || all[0].Name != live.Name() {
		// The history has not seen this state yet; it is asked again when it has.
		return Decision{Action: Nothing}, nil
	}
	var good *history.Revision
	content := history.Content{Deleted: true}
	if lastGood(all) != nil {
		if good, content, err = r.history.LastGood(ctx); err != nil {
			return Decision{}, fmt.Errorf("reading the last good revision: %w", err)
		}
	}
	s := &Situation{
		Now: r.Now(), Grace: r.Grace, Policy: r.Policy(), History: all,
		Break: Find(live.Document(), content.Document(), nodes, r.Entries()),
	}
	d := Decide(s)
	switch {
	case d.Action == Leave:
		r.left(cm, all[0], d)
	case d.Action == Restore:
		return d, r.restore(ctx, r.wholeMap(cm, all[0].Number, good, content, d))
	case s.Break == Whole && r.Entries().Mode() != snapshot.API:
		return r.considerEntries(ctx, cm, s)
	}
	return d, nil
}

// considerEntries decides about protected entries that a map which is whole has lost, and acts.
func (r *Restorer) considerEntries(ctx context.Context, cm *corev1.ConfigMap, s *Situation) (Decision, error) {
	d, made, err := DecideEntries(s, history.ContentOf(cm), Reader{
		Content: func(of *history.Revision) (history.Content, error) { return r.history.Content(ctx, of) },
		Passed:  func(of *history.Revision) (bool, error) { return r.Passed(ctx, of.Name) },
	})
	if err != nil {
		return Decision{}, fmt.Errorf("looking for protected entries in the history: %w", err)
	}
	live := s.History[0]
	switch d.Action {
	case Leave:
		if r.news(live.Number, d.Reason) {
			r.Log.Info("protected entries stay out", "revision", live.Number, "reason", d.Reason)
			r.event(cm, ReasonLeft, fmt.Sprintf("a protected entry was taken away outside the guard and is not put back: %s. kubectl aws-auth add does it by hand", d.Reason))
		}
	case Restore:
		return d, r.restore(ctx, r.entriesOf(cm, live, made, d, s.Now))
	}
	return d, nil
}

// left tells once that a broken map stays broken.
func (r *Restorer) left(cm *corev1.ConfigMap, live *history.Revision, d Decision) {
	if !r.news(live.Number, d.Break, d.Reason) {
		return
	}
	r.Log.Info("a broken map is left as it is", "break", d.Break, "revision", live.Number, "reason", d.Reason)
	r.event(cm, ReasonLeft, fmt.Sprintf("the map is broken (%s) and is not restored: %s. It is revision %d; kubectl aws-auth undo puts an earlier one back", d.Break, d.Reason, live.Number))
}

// news reports whether something else is to be reported than the last time.
func (r *Restorer) news(what ...any) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	said := fmt.Sprint(what...)
	known := r.told == said
	r.told = said
	return !known
}

// work is one restore.
type work struct {
	put *Put
	// note says in the history that it is made, or that it was not after all.
	note func(ctx context.Context, made bool) error
	// live is the number of the revision that it replaces.
	live int64
	// what is put back, from which revision, with its verb, for people; by says what else they can do.
	what, by string
	decision Decision
	result   string
}

// wholeMap is the restore of the last good revision.
func (r *Restorer) wholeMap(cm *corev1.ConfigMap, live int64, good *history.Revision, content history.Content, d Decision) *work {
	number := strconv.FormatInt(good.Number, 10)
	return &work{
		put: &Put{Live: cm, Content: content, FieldManager: FieldManager, Annotations: map[string]string{RestoredFrom: number}},
		note: func(ctx context.Context, made bool) error {
			if !made {
				return r.history.MarkRestored(ctx, good, time.Time{})
			}
			return r.history.MarkRestored(ctx, good, r.Now())
		},
		live: live, what: "revision " + number, by: "kubectl aws-auth undo --to " + number + " does it by hand", decision: d, result: resultRestored,
	}
}

// entriesOf is the restore of protected entries alone.
func (r *Restorer) entriesOf(cm *corev1.ConfigMap, live *history.Revision, made history.Content, d Decision, now time.Time) *work {
	before := live.PutBack
	after := notes(before, d.Entries)
	for i := range after {
		if after[i].State == "" {
			after[i].At, after[i].State = now.UTC().Truncate(time.Second), d.Content
		}
	}
	var names, from []string
	for _, e := range d.Entries {
		if e.Reason == "" {
			names = append(names, text.Name(e.ARN))
			from = append(from, fmt.Sprintf("%d %s", e.Revision, e.ARN))
		}
	}
	return &work{
		put: &Put{Live: cm, Content: made, FieldManager: FieldManager, Annotations: map[string]string{RestoredFrom: text.Some(from, maxNamed)}},
		note: func(ctx context.Context, made bool) error {
			if !made {
				return r.history.MarkPutBack(ctx, live, before)
			}
			return r.history.MarkPutBack(ctx, live, after)
		},
		live: live.Number, what: fmt.Sprintf("the protected entry for %s, as of revision %d,", text.Some(names, maxNamed), d.Revision),
		by: "kubectl aws-auth add does it by hand", decision: d, result: resultEntry,
	}
}

// restore puts something back. It notes that in the history before: so it is tried once, whatever becomes of this process.
func (r *Restorer) restore(ctx context.Context, w *work) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// What is begun is finished: who stops in between leaves it noted as made.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishLimit)
	defer cancel()
	number := w.decision.Revision
	switch err := w.note(ctx, true); {
	case Changed(err):
		r.Log.Info("another process is writing the history, so it makes the restore", "revision", number)
		return nil
	case err != nil:
		return fmt.Errorf("noting that revision %d is restored: %w", number, err)
	}
	stored, err := w.put.Do(ctx, r.client)
	if refusal := RefusalOf(err); refusal != nil {
		// The guard judges the text as if somebody had just written it. It stood before, so what is wrong with it is no
		// reason to leave nodes and people shut out; the override says so, on record.
		w.put.Annotations[policy.OverrideAnnotation] = overrideOf(refusal.Rules, fmt.Sprintf("auto-restore of revision %d over %d, a good state that stood before", number, w.live))
		stored, err = w.put.Do(ctx, r.client)
	}
	if err == nil {
		r.restores.WithLabelValues(w.result).Inc()
		r.Log.Info("the map was restored", "what", w.what, "revision", number, "break", w.decision.Break, "override", w.put.Annotations[policy.OverrideAnnotation])
		r.event(stored, ReasonRestored, fmt.Sprintf("%s was put back: %s. This is done once; see kubectl aws-auth history", w.what, w.decision.Reason))
		return nil
	}
	if !final(err) {
		if undone := w.note(ctx, false); undone != nil {
			r.Log.Error(undone, "a restore that failed stays noted as made", "revision", number)
		}
	}
	if Changed(err) {
		r.Log.Info("the map was changed by somebody while it was to be restored", "revision", number)
		return nil
	}
	r.restores.WithLabelValues(resultFailed).Inc()
	r.Log.Error(err, "the map could not be restored", "what", w.what, "revision", number)
	if r.news(w.live, ReasonFailed) {
		r.event(w.put.Live, ReasonFailed, fmt.Sprintf("%s could not be put back: %v. %s", w.what, err, w.by))
	}
	return fmt.Errorf("restoring revision %d: %w", number, err)
}

// final reports that trying again would end the same way: the API server or the guard has refused the write itself.
func final(err error) bool {
	return apierrors.IsInvalid(err) || apierrors.IsForbidden(err) || apierrors.IsRequestEntityTooLargeError(err)
}

// event makes an Event of the map, which may not be there.
func (r *Restorer) event(cm *corev1.ConfigMap, reason, message string) {
	about := &corev1.ObjectReference{APIVersion: "v1", Kind: "ConfigMap", Namespace: awsauth.Namespace, Name: awsauth.Name}
	if cm != nil {
		about.UID, about.ResourceVersion = cm.UID, cm.ResourceVersion
	}
	r.Events.Event(about, corev1.EventTypeWarning, reason, message)
}
