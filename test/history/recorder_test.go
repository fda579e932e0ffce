package history

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

func TestEachStateIsOneRevision(t *testing.T) {
	in := namespace(t)
	r := history.NewRecorder(shared.admin, in, history.Options{})
	other := history.NewRecorder(shared.admin, in, history.Options{})

	write(t, "kubectl-edit", roles(nodes+devs))
	first, changed := observe(t, r, history.Observation{User: "jane"})
	if !changed || first.Number != 1 || !first.Good || first.User != "jane" || first.Manager != "kubectl-edit" {
		t.Fatalf("the first state: changed %v, %+v", changed, first)
	}
	if want := "the first state that was seen: it lets 2 principals in (nodes 1, system:masters 0)"; first.Summary != want {
		t.Errorf("summary %q, want %q", first.Summary, want)
	}
	for range 2 {
		for _, recorder := range []*history.Recorder{r, other} {
			if again, changed := observe(t, recorder, history.Observation{}); changed || again.Number != 1 {
				t.Errorf("the same state again: changed %v, number %d", changed, again.Number)
			}
		}
	}

	write(t, "terraform", roles(nodes+devs+ops))
	second, changed := observe(t, other, history.Observation{})
	if !changed || second.Number != 2 || second.Manager != "terraform" || second.User != "" {
		t.Fatalf("the second state: changed %v, %+v", changed, second)
	}
	if want := "GAINS  arn:aws:iam::111122223333:role/ops (username ops:{{SessionName}}, groups editors)\n"; second.Changes.Text() != want {
		t.Errorf("changes %q, want %q", second.Changes.Text(), want)
	}

	// The first state comes back: its revision gets the next number, and the old one finds it.
	write(t, "kubectl-edit", roles(nodes+devs))
	third, changed := observe(t, r, history.Observation{})
	if !changed || third.Number != 3 || third.Name != first.Name || !slices.Equal(third.Earlier, []int64{1}) || third.User != "" {
		t.Fatalf("the first state again: changed %v, %+v", changed, third)
	}
	if got := numbers(t, r.Store); !slices.Equal(got, []int64{3, 2}) {
		t.Errorf("revisions %v", got)
	}
	for _, number := range []int64{1, 3} {
		got, content, err := r.Get(t.Context(), number)
		if err != nil || got.Number != 3 || !reflect.DeepEqual(content.Data, roles(nodes+devs)) {
			t.Errorf("Get(%d): %+v, %v, %v", number, got, content, err)
		}
	}
	if _, _, err := r.Get(t.Context(), 4); !errors.Is(err, history.ErrNotFound) {
		t.Errorf("Get(4): %v", err)
	}

	// No map is a state as well.
	remove(t)
	gone, changed := observe(t, r, history.Observation{})
	if !changed || gone.Number != 4 || !gone.Deleted || gone.Good || gone.Summary != "the map is not there: 2 principals lose their access" {
		t.Errorf("deleted: changed %v, %+v", changed, gone)
	}
	good, content, err := r.LastGood(t.Context())
	if err != nil || good.Number != 3 || content.Data["mapRoles"] != nodes+devs {
		t.Errorf("the last good one: %+v, %v", good, err)
	}
}

func TestGoodIsWhatMayBePutBack(t *testing.T) {
	ready := &validate.NodeFacts{Ready: 3}
	path := strings.ReplaceAll(devs, "role/dev", "role/team/dev")
	for name, c := range map[string]struct {
		states []map[string]string
		last   history.Observation
		good   bool
		says   string
	}{
		"a sound map":                 {states: []map[string]string{roles(nodes)}, good: true},
		"an empty map":                {states: []map[string]string{{}}, says: "it lets nobody in"},
		"unreadable":                  {states: []map[string]string{roles(nodes), roles(unreadable)}, says: "EKS can't read mapRoles"},
		"unreadable, and let pass":    {states: []map[string]string{roles(nodes), roles(unreadable)}, last: history.Observation{Admitted: true}, says: "EKS can't read mapRoles"},
		"nodes lost":                  {states: []map[string]string{roles(nodes + devs), roles(devs)}, says: "nodes can't join with arn:aws:iam::111122223333:role/nodes any more"},
		"nodes lost, none there":      {states: []map[string]string{roles(nodes + devs), roles(devs)}, last: history.Observation{Nodes: &validate.NodeFacts{}}, good: true},
		"nodes lost, let pass":        {states: []map[string]string{roles(nodes + devs), roles(devs)}, last: history.Observation{Nodes: ready, Admitted: true}, good: true},
		"never had nodes":             {states: []map[string]string{roles(devs), roles(devs + ops)}, last: history.Observation{Nodes: ready}, good: true},
		"a dead entry from the start": {states: []map[string]string{roles(nodes + path)}, good: true},
		"and kept":                    {states: []map[string]string{roles(nodes + path), roles(nodes + path + ops)}, good: true},
		"a dead entry that came":      {states: []map[string]string{roles(nodes), roles(nodes + path)}, says: "[role-path]"},
		"it came, and was let pass":   {states: []map[string]string{roles(nodes), roles(nodes + path)}, last: history.Observation{Admitted: true}, good: true},
		"grave from the start":        {states: []map[string]string{roles("- rolearn: arn:aws:iam::111122223333:role/n\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n   - system:nodes\n")}, says: "[merged-list-items]"},
	} {
		t.Run(name, func(t *testing.T) {
			r := history.NewRecorder(shared.admin, namespace(t), history.Options{})
			var got *history.Revision
			for i, data := range c.states {
				write(t, "kubectl-edit", data)
				o := history.Observation{}
				if i == len(c.states)-1 {
					o = c.last
				}
				got, _ = observe(t, r, o)
			}
			if got.Good != c.good || !strings.Contains(strings.Join(got.Problems, "\n"), c.says) || c.good != (len(got.Problems) == 0) {
				t.Errorf("good %v, problems %q", got.Good, got.Problems)
			}
		})
	}
}

func TestWhatBecomesKnownLaterIsNoted(t *testing.T) {
	in := namespace(t)
	r := history.NewRecorder(shared.admin, in, history.Options{})
	write(t, "a", roles(nodes+devs))
	observe(t, r, history.Observation{})
	write(t, "b", roles(devs))
	if got, _ := observe(t, r, history.Observation{}); got.Good {
		t.Fatal("good before the guard's note is there")
	}
	got, changed := observe(t, r, history.Observation{Admitted: true, User: "jane"})
	if changed || !got.Good || !got.Admitted || got.User != "jane" {
		t.Errorf("after the guard's note: changed %v, %+v", changed, got)
	}
	annotate(t, "aws-auth-guard.dev/override", "map-deleted: we move")
	if got, _ := observe(t, r, history.Observation{}); got.Override != "map-deleted: we move" {
		t.Errorf("override %q", got.Override)
	}
	// A delete carries no override, so one that was left on the map says nothing about it.
	last := current(t)
	remove(t)
	got, _ = observe(t, r, history.Observation{Last: last})
	if !got.Deleted || got.Override != "" {
		t.Errorf("deleted: %+v", got)
	}
}

func TestTheWriterIsNamedOnlyWhereThatIsCertain(t *testing.T) {
	c := newClock()
	r := history.NewRecorder(shared.admin, namespace(t), history.Options{Now: c.Now})
	write(t, "kubectl-edit", map[string]string{"mapRoles": nodes, "mapUsers": "[]\n"})
	observe(t, r, history.Observation{})
	// A write that only removes leaves no mark in managedFields: the mark that is there is that of the write before.
	c.add(time.Hour)
	write(t, "remover", roles(nodes))
	if got, _ := observe(t, r, history.Observation{}); got.Manager != "" || !got.Time.Equal(c.now) {
		t.Errorf("written by %q at %s", got.Manager, got.Time)
	}
}

func TestAnOlderStateIsNotRecorded(t *testing.T) {
	in := namespace(t)
	r := history.NewRecorder(shared.admin, in, history.Options{})
	old := write(t, "a", roles(nodes))
	observeMap(t, r, old, history.Observation{})
	now := write(t, "a", roles(nodes+devs))
	observeMap(t, r, now, history.Observation{})
	lagging := history.NewRecorder(shared.admin, in, history.Options{})
	if got, changed := observeMap(t, lagging, old, history.Observation{}); changed || got.Number != 2 {
		t.Errorf("changed %v, number %d", changed, got.Number)
	}
}

func TestLimitKeepsTheLastGoodOne(t *testing.T) {
	r := history.NewRecorder(shared.admin, namespace(t), history.Options{Limit: 3})
	write(t, "a", roles(nodes))
	observe(t, r, history.Observation{})
	for i := range 10 {
		write(t, "a", roles(unreadable+fmt.Sprintf("# %d\n", i)))
		observe(t, r, history.Observation{})
	}
	if got := numbers(t, r.Store); !slices.Equal(got, []int64{11, 10, 9, 1}) {
		t.Errorf("revisions %v", got)
	}
	write(t, "a", roles(nodes+devs))
	observe(t, r, history.Observation{})
	if got := numbers(t, r.Store); !slices.Equal(got, []int64{12, 11, 10}) {
		t.Errorf("revisions %v", got)
	}
	// A lower limit takes hold with the next state.
	lower := history.NewRecorder(shared.admin, "", history.Options{Limit: 1})
	lower.Store = r.Store
	write(t, "a", roles(nodes+ops))
	observe(t, lower, history.Observation{})
	if got := numbers(t, r.Store); !slices.Equal(got, []int64{13}) {
		t.Errorf("revisions %v", got)
	}
}

// TestTheLargestMapFits records what compresses worst of what the API server takes.
func TestTheLargestMapFits(t *testing.T) {
	random := rand.NewChaCha8([32]byte{})
	noise := make([]byte, 1<<20-len("blob"))
	_, _ = random.Read(noise)
	control := make([]byte, 1<<20-len("mapRoles"))
	for i := range control {
		control[i] = byte(random.Uint64() % 0x20)
	}
	r := history.NewRecorder(shared.admin, namespace(t), history.Options{})
	for name, cm := range map[string]*corev1.ConfigMap{
		"bytes":              {BinaryData: map[string][]byte{"blob": noise}},
		"control characters": {Data: map[string]string{"mapRoles": string(control)}},
		"many entries":       {Data: map[string]string{"mapRoles": "# " + strings.Repeat("<&>\"é\n# ", (1<<20-12)/9)}},
	} {
		t.Run(name, func(t *testing.T) {
			remove(t)
			cm.Name = "aws-auth"
			made, err := shared.admin.CoreV1().ConfigMaps("kube-system").Create(t.Context(), cm, metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			got, changed := observeMap(t, r, made, history.Observation{})
			if !changed {
				t.Fatal("not recorded")
			}
			_, content, err := r.Get(t.Context(), got.Number)
			if err != nil || !reflect.DeepEqual(content, history.ContentOf(made)) {
				t.Errorf("what comes back is not what was there: %v", err)
			}
		})
	}
}

func TestRevisionsAreImmutableAndNotForged(t *testing.T) {
	in := namespace(t)
	r := history.NewRecorder(shared.admin, in, history.Options{})
	write(t, "a", roles(nodes))
	first, _ := observe(t, r, history.Observation{})
	api := shared.admin.AppsV1().ControllerRevisions(in)
	o, err := api.Get(t.Context(), first.Name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// What kubectl shows of it is the map as it is.
	if !bytes.Contains(o.Data.Raw, []byte(`"data":{"mapRoles":"- rolearn: arn:aws:iam`)) {
		t.Errorf("data %s", o.Data.Raw)
	}
	o.Data = runtime.RawExtension{Raw: []byte(`{"data":{"mapRoles":"x"}}`)}
	if _, err := api.Update(t.Context(), o, metav1.UpdateOptions{}); !apierrors.IsInvalid(err) {
		t.Errorf("its data could be changed: %v", err)
	}
	forged := &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{Name: "aws-auth-forged", Labels: o.Labels, Annotations: o.Annotations}, Revision: 7, Data: o.Data,
	}
	if _, err := api.Create(t.Context(), forged, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if good, _, err := r.LastGood(t.Context()); err != nil || good.Number != 1 {
		t.Errorf("the last good one: %+v, %v", good, err)
	}
}

// TestProcessesThatRecordAtOnce wants no state lost and no number twice, whoever comes first.
func TestProcessesThatRecordAtOnce(t *testing.T) {
	in := namespace(t)
	cm := write(t, "a", roles(nodes))
	const processes, states = 4, 5
	var wait sync.WaitGroup
	var recorded atomic.Int64
	for i := range processes {
		r := history.NewRecorder(shared.admin, in, history.Options{})
		wait.Go(func() {
			for s := range states {
				// All of them see the same, and each something of its own besides.
				for _, text := range []string{fmt.Sprintf("# same %d\n", s), fmt.Sprintf("# %d of %d\n", s, i)} {
					seen := cm.DeepCopy()
					seen.Data = roles(nodes + text)
					_, changed, err := r.Observe(context.Background(), seen, history.Observation{})
					if err != nil {
						t.Error(err)
					}
					if changed {
						recorded.Add(1)
					}
				}
			}
		})
	}
	wait.Wait()
	// One more look settles what the last two did at once.
	observe(t, history.NewRecorder(shared.admin, in, history.Options{}), history.Observation{})
	s := history.NewStore(shared.admin, in)
	all, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int64]bool{}
	for _, r := range all {
		if seen[r.Number] {
			t.Errorf("number %d twice: %v", r.Number, numbers(t, s))
		}
		seen[r.Number] = true
	}
	if len(all) > history.DefaultLimit+processes {
		t.Errorf("%d revisions", len(all))
	}
}

// TestEditsCostABoundedNumberOfCalls counts them.
func TestEditsCostABoundedNumberOfCalls(t *testing.T) {
	var calls atomic.Int64
	config := rest.CopyConfig(shared.AdminConfig)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			calls.Add(1)
			return next.RoundTrip(r)
		})
	})
	r := history.NewRecorder(kubernetes.NewForConfigOrDie(config), namespace(t), history.Options{})
	const edits = 150
	for i := range edits {
		observeMap(t, r, write(t, "a", roles(nodes+fmt.Sprintf("# %d\n", i))), history.Observation{})
	}
	if n := len(numbers(t, r.Store)); n != history.DefaultLimit {
		t.Errorf("%d revisions", n)
	}
	// Two lists of two to three pages, the state before, one more written and one deleted.
	if perEdit := float64(calls.Load()) / edits; perEdit > 10 {
		t.Errorf("%.1f calls an edit", perEdit)
	}
	calls.Store(0)
	for range 10 {
		observe(t, r, history.Observation{})
	}
	if n := calls.Load(); n > 30 {
		t.Errorf("%d calls for ten looks at nothing new", n)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
