package main

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
)

// history reads every version of the map that is stored, in order and without gaps, and judges it.
type history struct {
	client kubernetes.Interface

	mu sync.Mutex
	// seen are the resourceVersions read, at the last of them.
	seen map[string]bool
	at   string
	// resumed counts how often the watch was taken up again where it had ended.
	resumed int
	bad     []badVersion
	// broken says why versions may have been missed; nil while none were.
	broken error
}

// badVersion is a stored map that must not be.
type badVersion struct {
	resourceVersion string
	when            time.Time
	problems        []string
	data            map[string]string
}

// newHistory begins after the version given, which is judged too.
func newHistory(client kubernetes.Interface, first *corev1.ConfigMap) *history {
	h := &history{client: client, seen: map[string]bool{}}
	h.take(watch.Event{Type: watch.Added, Object: first})
	return h
}

// follow reads until ctx ends. A watch that ends, as it does when the API server is restarted, is taken up at the
// version read last.
func (h *history) follow(ctx context.Context) {
	for ctx.Err() == nil {
		h.mu.Lock()
		at, broken := h.at, h.broken
		h.mu.Unlock()
		if broken != nil {
			return
		}
		w, err := h.client.CoreV1().ConfigMaps(namespace).Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name, ResourceVersion: at})
		if err != nil {
			if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
				h.fail(err)
			}
			pause(ctx, 50*time.Millisecond)
			continue
		}
		for event := range w.ResultChan() {
			h.take(event)
		}
		w.Stop()
		h.mu.Lock()
		h.resumed++
		h.mu.Unlock()
	}
}

func (h *history) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broken = err
}

// take judges the version that an event reports.
func (h *history) take(event watch.Event) {
	if event.Type == watch.Error {
		if err := apierrors.FromObject(event.Object); apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
			h.fail(err)
		}
		return
	}
	stored, ok := event.Object.(*corev1.ConfigMap)
	if !ok {
		return
	}
	var problems []string
	if event.Type == watch.Deleted {
		problems = []string{"the map is deleted"}
	} else {
		problems = judge(stored.Data)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = stored.ResourceVersion
	h.seen[h.at] = true
	if len(problems) > 0 {
		h.bad = append(h.bad, badVersion{h.at, time.Now(), problems, maps.Clone(stored.Data)})
	}
}

// reached waits until a version has been read.
func (h *history) reached(ctx context.Context, resourceVersion string) error {
	for {
		h.mu.Lock()
		seen, broken := h.seen[resourceVersion], h.broken
		h.mu.Unlock()
		switch {
		case seen:
			return nil
		case broken != nil:
			return broken
		case ctx.Err() != nil:
			return fmt.Errorf("the version %s was never read: %w", resourceVersion, ctx.Err())
		}
		pause(ctx, 20*time.Millisecond)
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
