package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
)

const (
	namespace = awsauth.Namespace
	name      = awsauth.Name
)

// outcome is what became of an edit.
type outcome int

const (
	// stored as it was sent, stored in another form, refused with 422, and in conflict with another write.
	stored outcome = iota
	rewritten
	refused
	conflict
	// unanswered is a 5xx because no webhook answered, away an API server that could not be reached or was not ready.
	unanswered
	away
	// other is anything else.
	other
)

// record is one edit that was tried.
type record struct {
	edit   *edit
	person bool
	// once is set for a write of one version, which the API server tries once. A patch it makes again, and asks the
	// webhooks again, for as long as other writers are faster.
	once       bool
	outcome    outcome
	begun, end time.Time
	// version is what the API server says that it has stored.
	version string
	err     error
}

// The ways in which people and tools write.
const (
	update = iota
	patch
	apply
)

// managers are the field managers that write: those whose edits are repaired, and those that want to hear about it.
var managers = []struct {
	name   string
	person bool
}{
	{"kubectl-edit", true}, {"terraform", false}, {"kubectl-client-side-apply", true}, {"argocd-controller", false}, {"k9s", true}, {"helm", false},
}

// writer makes one edit after the other, as one person or tool.
type writer struct {
	editor
	manager string
	person  bool
	client  kubernetes.Interface
	rate    time.Duration

	records []record
}

// newWriter comes in by one of the map's administrators.
func newWriter(c *controlplane.ControlPlane, id int, seed uint64, rate time.Duration) (*writer, error) {
	m := managers[id%len(managers)]
	config, _, err := c.Impersonate(rest.ImpersonationConfig{
		UserName: fmt.Sprintf("admin-%d:session", id%admins), Groups: []string{"system:masters"},
		Extra: map[string][]string{"arn": {fmt.Sprintf("arn:aws:sts::111122223333:assumed-role/admin-%d/session", id%admins)}},
	})
	if err != nil {
		return nil, err
	}
	config.WarningHandler = rest.NoWarnings{}
	config.Timeout = time.Minute
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return &writer{
		editor: editor{id: id, random: rand.New(rand.NewPCG(seed, uint64(id)))}, manager: m.name, person: m.person, client: client, rate: rate,
	}, nil
}

// write makes edits until ctx ends.
func (w *writer) write(ctx context.Context) {
	good, others := goodEdits(), append(repairableEdits(), badEdits()...)
	for ctx.Err() == nil {
		e := &good[w.random.IntN(len(good))]
		if w.random.IntN(2) == 0 {
			e = &others[w.random.IntN(len(others))]
		}
		// An edit that has begun comes to its end, so that its outcome is known.
		w.try(context.WithoutCancel(ctx), e)
		pause(ctx, w.rate)
	}
}

// try makes one edit of the map as it is.
func (w *writer) try(ctx context.Context, e *edit) {
	current, err := w.client.CoreV1().ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		pause(ctx, 50*time.Millisecond) // The API server is away; what is not asked for is no edit.
		return
	}
	data, ok := w.apply(e, current.Data)
	if !ok {
		return
	}
	r := record{edit: e, person: w.person, begun: time.Now()}
	way := w.random.IntN(3)
	r.once = data == nil || way == update
	result, err := w.send(ctx, way, current, data)
	r.end, r.err, r.outcome = time.Now(), err, classify(err)
	if err == nil && result != nil {
		r.version = result.ResourceVersion
		if !sent(data, result.Data) {
			r.outcome = rewritten
		}
	}
	w.records = append(w.records, r)
}

// apply gives what to send; it is no edit where the map is not as this test knows it, as when nothing guards it.
func (w *writer) apply(e *edit, data map[string]string) (map[string]string, bool) {
	if _, list := split(data["mapRoles"]); len(list) <= admins {
		return nil, false
	}
	return e.change(&w.editor, data)
}

// sent reports whether what was sent is what is stored: a patch leaves keys that it does not name.
func sent(data, stored map[string]string) bool {
	for key, text := range data {
		if stored[key] != text {
			return false
		}
	}
	return true
}

// send writes in one of the ways in which people and tools do.
func (w *writer) send(ctx context.Context, way int, current *corev1.ConfigMap, data map[string]string) (*corev1.ConfigMap, error) {
	configMaps := w.client.CoreV1().ConfigMaps(namespace)
	if data == nil {
		return nil, configMaps.Delete(ctx, name, metav1.DeleteOptions{})
	}
	switch way {
	case patch:
		text, err := mergePatch(current.Data, data)
		if err != nil {
			return nil, err
		}
		return configMaps.Patch(ctx, name, types.MergePatchType, text, metav1.PatchOptions{FieldManager: w.manager})
	case apply:
		config := applycorev1.ConfigMap(name, namespace).WithData(data)
		return configMaps.Apply(ctx, config, metav1.ApplyOptions{FieldManager: w.manager, Force: true})
	}
	changed := current.DeepCopy()
	changed.Data = data
	return configMaps.Update(ctx, changed, metav1.UpdateOptions{FieldManager: w.manager})
}

// classify says what an answer means.
func classify(err error) outcome {
	var status apierrors.APIStatus
	switch {
	case err == nil:
		return stored
	case apierrors.IsInvalid(err) && strings.Contains(err.Error(), "aws-auth-guard.dev"):
		return refused
	case apierrors.IsConflict(err):
		return conflict
	case !errors.As(err, &status):
		return away
	case strings.Contains(err.Error(), "failed calling webhook"):
		return unanswered
	case apierrors.IsServiceUnavailable(err), apierrors.IsTooManyRequests(err), apierrors.IsForbidden(err) && strings.Contains(err.Error(), "not yet ready"):
		return away
	}
	return other
}

// writeAll runs the writers until ctx ends and gives what they did.
func writeAll(ctx context.Context, writers []*writer) []record {
	var group sync.WaitGroup
	for _, w := range writers {
		group.Go(func() { w.write(ctx) })
	}
	group.Wait()
	var all []record
	for _, w := range writers {
		all = append(all, w.records...)
	}
	return all
}

// mergePatch gives the texts as they are to be, and takes away the keys that are gone.
func mergePatch(old, data map[string]string) ([]byte, error) {
	values := map[string]any{}
	for key, text := range data {
		values[key] = text
	}
	for key := range old {
		if _, kept := data[key]; !kept {
			values[key] = nil
		}
	}
	return json.Marshal(map[string]any{"data": values})
}
