package history

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/client-go/kubernetes"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

const (
	// DefaultLimit is how many revisions are kept. The last good one is kept besides, where it is not among them.
	DefaultLimit = 20
	// maxTries bounds how often a state is recorded again because another process was faster.
	maxTries = 8
	// maxPruned bounds the revisions that are deleted at one time, as after a lower limit.
	maxPruned = 50
	// maxEarlier bounds the earlier numbers of a state that are kept.
	maxEarlier = 20
	// fieldManager is who the API server says wrote the revisions.
	fieldManager = "aws-auth-guard"
)

// Options of NewRecorder. Zero values mean the defaults.
type Options struct {
	// Limit is how many revisions are kept: DefaultLimit.
	Limit int
	// Policy gives the policy in force, by which states are judged: policy.Default.
	Policy func() *policy.Policy
	// Labels are put on the revisions beside their own.
	Labels map[string]string
	// Now is the clock.
	Now func() time.Time
}

// Recorder writes the history. It may be used by many at once, and beside other processes that do the same.
type Recorder struct {
	*Store
	Options

	mu sync.Mutex
}

// NewRecorder makes a Recorder that keeps the history in a namespace.
func NewRecorder(client kubernetes.Interface, namespace string, o Options) *Recorder {
	if o.Limit < 1 {
		o.Limit = DefaultLimit
	}
	if o.Policy == nil {
		o.Policy = policy.Default
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Recorder{Store: NewStore(client, namespace), Options: o}
}

// Observation is what the caller knows of a state beside the map itself.
type Observation struct {
	// User is who wrote it, where the guard has noted that down; else empty.
	User string
	// Admitted is set where the guard let this very state pass.
	Admitted bool
	// Nodes are the cluster's; nil where they are not known.
	Nodes *validate.NodeFacts
	// Entries are the access entries; nil where they are not known.
	Entries *snapshot.View
	// Last is, of a map that is gone, the object as it was last seen; nil where that is not known.
	Last *corev1.ConfigMap
}

// Observe records the state of the map that the API server shows now; nil is a map that is gone. A state that is the
// newest revision already changes nothing (changed is false), however often and by how many it is seen. A state that is
// older than the newest revision, as a lagging process sees it, is not recorded either.
func (r *Recorder) Observe(ctx context.Context, cm *corev1.ConfigMap, o Observation) (revision *Revision, changed bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for range maxTries {
		revision, changed, err = r.record(ctx, cm, &o)
		if !apierrors.IsAlreadyExists(err) && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			break
		}
	}
	if err != nil {
		return nil, false, fmt.Errorf("recording the state of the map in %s: %w", r.namespace, err)
	}
	return revision, changed, nil
}

func (r *Recorder) record(ctx context.Context, cm *corev1.ConfigMap, o *Observation) (*Revision, bool, error) {
	all, err := r.List(ctx)
	if err != nil {
		return nil, false, err
	}
	state := &Revision{Name: ContentOf(cm).Name(), Deleted: cm == nil}
	var newest, same *Revision
	if len(all) > 0 {
		newest = all[0]
	}
	if i := slices.IndexFunc(all, func(x *Revision) bool { return x.Name == state.Name }); i >= 0 {
		same = all[i]
	}
	state.origin(cm, newest, o)
	switch {
	case newest == nil:
	case state.olderThan(newest):
		return newest, false, nil
	case same == newest:
		return newest, false, r.follow(ctx, newest, state, ContentOf(cm), o)
	}
	if err := r.describe(ctx, state, cm, all, o); err != nil {
		return nil, false, err
	}
	if same == nil {
		err = r.create(ctx, state, ContentOf(cm))
	} else {
		state.Earlier = append(slices.Clone(same.Earlier), same.Number)
		state.Earlier = state.Earlier[max(0, len(state.Earlier)-maxEarlier):]
		state.Restored = same.Restored
		if same.Good && !state.Good {
			state.Good, state.Problems = true, nil
		}
		err = r.replace(ctx, same, state)
	}
	if err != nil {
		return nil, false, err
	}
	return state, true, r.settle(ctx, state)
}

// origin notes which object the state was seen on, and its override. Of a map that is gone it is what is known of its
// last state, or what the history says of it.
func (r *Revision) origin(cm *corev1.ConfigMap, newest *Revision, o *Observation) {
	last := cm
	if last == nil {
		last = o.Last
	}
	override := ""
	switch {
	case last != nil:
		override = policy.KeptOverride(last.Annotations)
		r.MapUID, r.MapResourceVersion = last.UID, last.ResourceVersion
	case newest != nil:
		r.MapUID, r.MapResourceVersion = newest.MapUID, newest.MapResourceVersion
	}
	if cm != nil || speaksForDelete(last, override, newest) {
		r.Override = override
	}
}

// speaksForDelete reports that an override holds for the delete of the map that it is on: of an immutable map, or of one
// that was emptied with it, where the state between was too short to be seen.
func speaksForDelete(last *corev1.ConfigMap, override string, newest *Revision) bool {
	switch {
	case last == nil:
		return false
	case last.Immutable != nil && *last.Immutable:
		return true
	}
	emptied := slices.Contains(broken(ContentOf(last).Document()), nobody)
	return emptied && (newest == nil || !newest.Emptied() && !policy.SameOverride(newest.Override, override))
}

// olderThan reports that the state was seen on the same object before the newest revision was.
func (r *Revision) olderThan(newest *Revision) bool {
	order, err := resourceversion.CompareResourceVersion(r.MapResourceVersion, newest.MapResourceVersion)
	return err == nil && order < 0 && r.MapUID == newest.MapUID
}

// follow notes what has come to be known of the newest revision, or has changed beside its content: that the guard let it
// pass, by whom, and an override that was put on the map or taken off it, which is how people say of a broken map that it
// is meant.
func (r *Recorder) follow(ctx context.Context, newest, state *Revision, content Content, o *Observation) error {
	known := *newest
	if !state.Deleted {
		known.Override = state.Override
	}
	if known.User == "" {
		known.User = o.User
	}
	if o.Admitted && !known.Admitted {
		known.Admitted = true
		if !known.Good {
			known.Problems = judge(content.Document(), nil, r.Policy(), o)
			known.Good = len(known.Problems) == 0
		}
	}
	if known.Override == newest.Override && known.User == newest.User && known.Admitted == newest.Admitted {
		return nil
	}
	*newest = known
	return r.replace(ctx, newest, newest)
}

// describe fills in what is to be said of a state that is not the newest revision.
func (r *Recorder) describe(ctx context.Context, state *Revision, cm *corev1.ConfigMap, all []*Revision, o *Observation) error {
	var newest, good *Revision
	var before, base *awsauth.Document
	var err error
	if len(all) > 0 {
		newest = all[0]
		if before, err = r.document(ctx, newest); err != nil {
			return err
		}
		state.Number = newest.Number
	}
	state.Number++
	if i := slices.IndexFunc(all, func(x *Revision) bool { return x.Good }); i >= 0 {
		good = all[i]
	}
	switch good {
	case nil:
	case newest:
		base = before
	default:
		if base, err = r.document(ctx, good); err != nil {
			return err
		}
	}
	now := r.Now()
	state.Time, state.Recorded, state.User, state.Admitted = now, now, o.User, o.Admitted
	if cm != nil {
		state.writers = dataWriters(cm)
		state.Manager, state.Time = lastWrite(state.writers, newest, now)
	}
	state.compare(newest == nil, before, base, ContentOf(cm).Document(), r.Policy(), o)
	state.ProtectedLost = protectedLost(before, ContentOf(cm).Document(), r.Policy())
	if newest != nil {
		state.PutBack = newest.PutBack
	}
	return nil
}

// document reads what a revision holds.
func (r *Recorder) document(ctx context.Context, of *Revision) (*awsauth.Document, error) {
	_, content, err := r.read(ctx, of.Name)
	return content.Document(), err
}

func (r *Recorder) create(ctx context.Context, state *Revision, content Content) error {
	data, err := content.encode()
	if err != nil {
		return err
	}
	annotations, err := state.annotations()
	if err != nil {
		return err
	}
	maps.DeleteFunc(annotations, func(_, value string) bool { return value == "" })
	labels := map[string]string{
		"app.kubernetes.io/name":      "aws-auth-guard",
		"app.kubernetes.io/component": "history",
		"app.kubernetes.io/part-of":   "aws-auth-guard",
	}
	maps.Copy(labels, r.Labels)
	labels[Label] = awsauth.Name
	o, err := r.client.AppsV1().ControllerRevisions(r.namespace).Create(ctx, &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{Name: state.Name, Labels: labels, Annotations: annotations},
		Data:       runtime.RawExtension{Raw: data}, Revision: state.Number,
	}, metav1.CreateOptions{FieldManager: fieldManager})
	if err != nil {
		return err
	}
	state.uid, state.resourceVersion = o.UID, o.ResourceVersion
	return nil
}

// replace writes another number and other annotations to a revision, if it is still as it was read. The content can't
// be changed and is not sent again.
func (r *Recorder) replace(ctx context.Context, old, state *Revision) error {
	annotations, err := state.annotations()
	if err != nil {
		return err
	}
	values := map[string]any{}
	for key, value := range annotations {
		if values[key] = value; value == "" {
			values[key] = nil // a merge patch takes it away
		}
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": old.uid, "resourceVersion": old.resourceVersion, "annotations": values},
		"revision": state.Number,
	})
	if err != nil {
		return err
	}
	o, err := r.client.AppsV1().ControllerRevisions(r.namespace).Patch(ctx, old.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager})
	if err != nil {
		return err
	}
	state.uid, state.resourceVersion = o.UID, o.ResourceVersion
	return nil
}

// MarkRestored notes that auto-restore is about to put a revision back, or with the zero time that it did not after all.
// The error is a conflict where another process has changed the revision since it was read.
func (r *Recorder) MarkRestored(ctx context.Context, revision *Revision, at time.Time) error {
	marked := *revision
	marked.Restored = at
	if err := r.replace(ctx, revision, &marked); err != nil {
		return err
	}
	*revision = marked
	return nil
}

// MarkPutBack notes at the newest revision what auto-restore has put back, or is about to put back. The error is
// a conflict where another process has changed the revision since it was read.
func (r *Recorder) MarkPutBack(ctx context.Context, newest *Revision, entries []PutBack) error {
	marked := *newest
	marked.PutBack = entries
	if err := r.replace(ctx, newest, &marked); err != nil {
		return err
	}
	*newest = marked
	return nil
}

// settle gives every revision a number of its own, where another process has recorded at the same moment, and prunes. Of
// two with one number the newer one moves up.
func (r *Recorder) settle(ctx context.Context, state *Revision) error {
	for range maxTries {
		all, err := r.List(ctx)
		if err != nil {
			return err
		}
		err = r.separate(ctx, all, state)
		if err == nil {
			return r.prune(ctx, all)
		}
		if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil // the next state settles it
}

func (r *Recorder) separate(ctx context.Context, all []*Revision, state *Revision) error {
	for i := len(all) - 2; i >= 0; i-- {
		if all[i].Number > all[i+1].Number {
			continue
		}
		all[i].Number = all[i+1].Number + 1
		if err := r.replace(ctx, all[i], all[i]); err != nil {
			return err
		}
		if all[i].Name == state.Name {
			state.Number, state.resourceVersion = all[i].Number, all[i].resourceVersion
		}
	}
	return nil
}

// prune deletes what is over the limit, the oldest first. A revision that came back meanwhile stays.
func (r *Recorder) prune(ctx context.Context, all []*Revision) error {
	if len(all) <= r.Limit {
		return nil
	}
	good := slices.IndexFunc(all, func(x *Revision) bool { return x.Good })
	pruned := 0
	for i := len(all) - 1; i >= r.Limit && pruned < maxPruned; i-- {
		if i == good {
			continue
		}
		pruned++
		err := r.client.AppsV1().ControllerRevisions(r.namespace).Delete(ctx, all[i].Name, metav1.DeleteOptions{
			Preconditions: &metav1.Preconditions{UID: &all[i].uid, ResourceVersion: &all[i].resourceVersion},
		})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			return err
		}
	}
	return nil
}
