package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

func newEditor() *editor { return &editor{id: 1, random: rand.New(rand.NewPCG(1, 1))} }

// grown is a good map that several editors have worked on.
func grown(t *testing.T) map[string]string {
	t.Helper()
	data := base()
	for id := range 3 {
		e := &editor{id: id, random: rand.New(rand.NewPCG(1, uint64(id)))}
		for range 4 {
			for _, good := range goodEdits() {
				if changed, ok := good.change(e, data); ok {
					data = changed
				}
			}
		}
	}
	if problems := judge(data); len(problems) > 0 {
		t.Fatalf("good edits have made a bad map: %v\n%s", problems, data["mapRoles"])
	}
	return data
}

func TestTheJudgeAcceptsGoodEditsAndSeesEveryOther(t *testing.T) {
	for name, data := range map[string]map[string]string{"base": base(), "grown": grown(t)} {
		if problems := judge(data); len(problems) > 0 {
			t.Fatalf("%s: %v", name, problems)
		}
		before := maps.Clone(data)
		for _, e := range edits() {
			for range 20 {
				changed, ok := e.change(newEditor(), data)
				if !ok {
					continue
				}
				if !maps.Equal(before, data) {
					t.Fatalf("%s changes the map that it is given", e.name)
				}
				if changed == nil {
					continue // A delete is no map; the history reports it.
				}
				if problems := judge(changed); (len(problems) == 0) != (e.verdict == store) {
					t.Fatalf("%s: the judge says %q of\n%s", e.name, problems, changed["mapRoles"])
				}
			}
		}
	}
}

func TestEveryEditCanBeMade(t *testing.T) {
	made := map[string]bool{}
	data, e := base(), newEditor()
	for range 2 * enough {
		for _, x := range edits() {
			changed, ok := x.change(e, data)
			made[x.name] = made[x.name] || ok
			if ok && x.verdict == store && x.name != "drop an entry" {
				data = changed
			}
		}
	}
	for _, x := range edits() {
		if !made[x.name] {
			t.Errorf("%s is never made", x.name)
		}
	}
}

func versioned(version int, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, ResourceVersion: fmt.Sprint(version)}, Data: data}
}

func TestTheHistoryTellsBadVersionsAndResumes(t *testing.T) {
	client := fake.NewClientset()
	watches := make(chan *watch.FakeWatcher, 2)
	var from []string
	client.PrependWatchReactor("configmaps", func(action clienttesting.Action) (bool, watch.Interface, error) {
		from = append(from, action.(clienttesting.WatchActionImpl).WatchRestrictions.ResourceVersion)
		w := watch.NewFake()
		watches <- w
		return true, w, nil
	})
	h := newHistory(client, versioned(1, base()))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	go h.follow(ctx)
	w := <-watches
	w.Modify(versioned(2, map[string]string{"mapRoles": ""}))
	w.Stop()
	w = <-watches
	w.Modify(versioned(3, grown(t)))
	w.Delete(versioned(4, base()))
	if err := h.reached(ctx, "4"); err != nil {
		t.Fatal(err)
	}
	if len(from) != 2 || from[0] != "1" || from[1] != "2" {
		t.Errorf("the watches began at %q, want 1 and 2", from)
	}
	if len(h.bad) != 2 || h.bad[0].resourceVersion != "2" || h.bad[1].resourceVersion != "4" {
		t.Errorf("bad versions: %+v, want 2 and 4", h.bad)
	}
	expired := apierrors.NewResourceExpired("too old").Status()
	w.Error(runtime.Object(&expired))
	if err := h.reached(ctx, "5"); err == nil || !strings.Contains(err.Error(), "too old") {
		t.Errorf("a watch that can't be resumed: %v", err)
	}
}
