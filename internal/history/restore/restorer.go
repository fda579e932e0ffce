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
	Events  Events
	Log     logr.Logger
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
		Help: "Restores of the map by auto-restore: result restored or failed.",
	}, []string{"result"})}
	for _, result := range []string{resultRestored, resultFailed} {
		r.restores.WithLabelValues(result)
	}
	o.Registry.MustRegister(r.restores)
	return r
}

// The results of restores in the metric.
const (
	resultRestored = "restored"
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
	d := Decide(&Situation{
		Now: r.Now(), Grace: r.Grace, Policy: r.Policy(), History: all,
		Break: Find(live.Document(), content.Document(), nodes, r.Entries()),
	})
	switch d.Action {
	case Leave:
		r.left(cm, all[0], d)
	case Restore:
		return d, r.restore(ctx, cm, all[0].Number, good, content, d)
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

// restore puts a revision back in place of the live one. It notes that in the history before: so it is tried once, whatever
// becomes of this process.
func (r *Restorer) restore(ctx context.Context, cm *corev1.ConfigMap, live int64, good *history.Revision, content history.Content, d Decision) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// What is begun is finished: who stops in between leaves it noted as made.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishLimit)
	defer cancel()
	number := good.Number
	switch err := r.history.MarkRestored(ctx, good, r.Now()); {
	case Changed(err):
		r.Log.Info("another process is writing the history, so it makes the restore", "revision", number)
		return nil
	case err != nil:
		return fmt.Errorf("noting that revision %d is restored: %w", number, err)
	}
	put := &Put{Live: cm, Content: content, FieldManager: FieldManager, Annotations: map[string]string{RestoredFrom: strconv.FormatInt(number, 10)}}
	stored, err := put.Do(ctx, r.client)
	if refusal := RefusalOf(err); refusal != nil {
		// The guard judges the text as if somebody had just written it. It stood before, so what is wrong with it is no
		// reason to leave nodes and people shut out; the override says so, on record.
		put.Annotations[policy.OverrideAnnotation] = overrideOf(refusal.Rules, fmt.Sprintf("auto-restore of revision %d over %d, a good state that stood before", number, live))
		stored, err = put.Do(ctx, r.client)
	}
	if err == nil {
		r.restores.WithLabelValues(resultRestored).Inc()
		r.Log.Info("the map was restored", "revision", number, "break", d.Break, "override", put.Annotations[policy.OverrideAnnotation])
		r.event(stored, ReasonRestored, fmt.Sprintf("revision %d was put back: %s. This is done once; see kubectl aws-auth history", number, d.Reason))
		return nil
	}
	if !final(err) {
		if undone := r.history.MarkRestored(ctx, good, time.Time{}); undone != nil {
			r.Log.Error(undone, "a restore that failed stays noted as made", "revision", number)
		}
	}
	if Changed(err) {
		r.Log.Info("the map was changed by somebody while it was to be restored", "revision", number)
		return nil
	}
	r.restores.WithLabelValues(resultFailed).Inc()
	r.Log.Error(err, "the map could not be restored", "revision", number)
	if r.news(live, ReasonFailed) {
		r.event(cm, ReasonFailed, fmt.Sprintf("revision %d could not be put back: %v. kubectl aws-auth undo --to %d does it by hand", number, err, number))
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
