package admissionlog

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/aws-auth-guard/aws-auth-guard/internal/admission"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
)

const (
	// maxRecords is how many states a replica keeps. The live state is the last one that some replica admitted, so a
	// few are enough.
	maxRecords = 20
	// flushGap is the least time between two writes: many edits are one write.
	flushGap = 2 * time.Second
	// maxRetry bounds the time between two tries of a write that failed.
	maxRetry = 30 * time.Second
	// writeTimeout bounds one write, and the last one when the process ends.
	writeTimeout = 5 * time.Second
	// fieldManager is who the API server says wrote the notes.
	fieldManager = "aws-auth-guard"
)

// Writer notes what one replica admits. It may be used by many at once.
type Writer struct {
	client          kubernetes.Interface
	namespace, name string
	key             string
	log             logr.Logger
	wake            chan struct{}

	mu      sync.Mutex
	records []Record
	dirty   bool
	// loaded is set once what this key held before, from before a restart of the container, was read.
	loaded bool
}

// NewWriter makes the writer of a replica: key is its own in the ConfigMap, the name of its pod.
func NewWriter(client kubernetes.Interface, namespace, name, key string, log logr.Logger) *Writer {
	return &Writer{client: client, namespace: namespace, name: name, key: key, log: log, wake: make(chan struct{}, 1)}
}

// Admitted notes a write that the guard let pass. It returns at once; Run writes it down.
func (w *Writer) Admitted(r *admission.Request, d *admission.Decision) {
	writer := r.Told()
	record := Record{
		State: stateOf(r), Operation: string(r.Operation), User: writer.User, Manager: writer.FieldManager,
		Time: metav1.Now(), Unchecked: d.Exempt || d.Result == admission.Failed,
	}
	w.mu.Lock()
	w.records = add(w.records, record)
	w.dirty = true
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func stateOf(r *admission.Request) string {
	if r.Unread {
		return Unread
	}
	return history.ContentOf(r.New).Name()
}

// add appends a record. A state that was admitted before is moved, and the oldest goes.
func add(records []Record, r Record) []Record {
	kept := make([]Record, 0, len(records)+1)
	for _, old := range records {
		if old.State != r.State {
			kept = append(kept, old)
		}
	}
	kept = append(kept, r)
	return kept[max(0, len(kept)-maxRecords):]
}

// Run writes the notes down until ctx ends, and then once more. What can't be written is tried again.
func (w *Writer) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			w.flush(context.WithoutCancel(ctx))
			return nil
		case <-w.wake:
		}
		wait := flushGap
		for !w.flush(ctx) && ctx.Err() == nil {
			sleep(ctx, wait)
			wait = min(2*wait, maxRetry)
		}
		sleep(ctx, flushGap)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// flush writes this replica's key if there is something new, and reports whether nothing is left to write.
func (w *Writer) flush(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := w.load(ctx); err != nil {
		w.log.Error(err, "what was admitted before can't be read: it is tried again", "configmap", w.name)
		return false
	}
	w.mu.Lock()
	dirty, records := w.dirty, w.records
	w.dirty = false
	w.mu.Unlock()
	if !dirty {
		return true
	}
	err := w.write(ctx, records)
	if err == nil {
		return true
	}
	w.log.Error(err, "what was admitted can't be written down: it is tried again", "configmap", w.name)
	w.mu.Lock()
	w.dirty = true
	w.mu.Unlock()
	return false
}

// load takes over, once, what the key held before a restart.
func (w *Writer) load(ctx context.Context) error {
	if w.loaded {
		return nil
	}
	cm, err := w.client.CoreV1().ConfigMaps(w.namespace).Get(ctx, w.name, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	w.loaded = true
	if err != nil {
		return nil //nolint:nilerr // Nothing was noted yet.
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	newer := w.records
	w.records = parse(cm.Data[w.key])
	for _, r := range newer {
		w.records = add(w.records, r)
	}
	return nil
}

func (w *Writer) write(ctx context.Context, records []Record) error {
	value, err := json.Marshal(records)
	if err != nil {
		return err
	}
	patch, err := json.Marshal(map[string]any{"data": map[string]string{w.key: string(value)}})
	if err != nil {
		return err
	}
	api := w.client.CoreV1().ConfigMaps(w.namespace)
	_, err = api.Patch(ctx, w.name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager})
	if !apierrors.IsNotFound(err) {
		return err
	}
	_, err = api.Create(ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: w.name}, Data: map[string]string{w.key: string(value)},
	}, metav1.CreateOptions{FieldManager: fieldManager})
	return err
}
