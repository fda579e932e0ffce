package lockout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/matrix"
)

// TestAFloodOfQuestionsOpensNothing: an editor makes the guard ask as much as it can, by dry runs, and edits as itself and
// as another meanwhile. Under strict what is refused stays refused, with an answer or without one. Under standard an edit
// without an answer in time passes and says so, and the questions of the flood keep no answer about nodes back.
func TestAFloodOfQuestionsOpensNothing(t *testing.T) {
	ready(t, "ip-23")
	withoutGuard(t)
	matrix.Run(t, shared.ControlPlane, shared.options, func(t *testing.T, c *matrix.Cell) {
		kim := func() *writer { return session(t, "dev", "kim", "dev:kim", "editors") }
		editors := []*writer{kim(), session(t, "dev", "joe", "dev:joe", "editors")}
		begin(t, roles(nodes+devs))
		ctx, stop := context.WithCancel(t.Context())
		var flood sync.WaitGroup
		defer flood.Wait()
		defer stop()
		asked := make(chan struct{})
		for i := range 8 {
			flooder := kim()
			flood.Go(func() { ask(ctx, flooder, i, asked) })
		}
		for range 16 {
			<-asked
		}
		for range 5 {
			for _, w := range editors {
				refusedSoon(t, c, w, devs, "node-access-lost")
				if c.Profile == matrix.Strict {
					refusedSoon(t, c, w, nodes+devs+admin, "privilege-escalation")
				}
			}
		}
	})
}

// ask makes dry runs of edits that grant other names each time, and reports each as long as somebody listens.
func ask(ctx context.Context, w *writer, flooder int, asked chan<- struct{}) {
	for n := 0; ctx.Err() == nil; n++ {
		var text strings.Builder
		for g := range 16 {
			fmt.Fprintf(&text, "- rolearn: arn:aws:iam::111122223333:role/f%d\n  username: f-%d-%d-%d\n", g, flooder, n, g)
		}
		c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: roles(nodes + devs + text.String())}
		_, _ = w.CoreV1().ConfigMaps("kube-system").Update(ctx, c, metav1.UpdateOptions{DryRun: []string{metav1.DryRunAll}})
		select {
		case asked <- struct{}{}:
		default:
		}
	}
}

// refusedSoon holds that an edit is refused by a rule and not stored. Only under standard it may pass before that, and only
// with the word that an answer did not come in time.
func refusedSoon(t *testing.T, c *matrix.Cell, w *writer, text, rule string) {
	t.Helper()
	before, err := c.Admin.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "aws-auth", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	await.Success(t, "a refusal by "+rule, func() error {
		err := w.put(t, roles(text), "")
		switch {
		case err == nil && c.Profile == matrix.Standard && strings.Contains(fmt.Sprint(w.warnings), inTime):
			before = begin(t, roles(nodes+devs))
			return errors.New(inTime)
		case err == nil:
			t.Fatalf("the edit is stored: %q", w.warnings)
		case apierrors.IsConflict(err):
			return err
		}
		refused(t, before, err, rule)
		return nil
	})
}

// withoutGuard takes the shared guard away until the test ends, with the map.
func withoutGuard(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	gone := func() error {
		err := shared.eks.CoreV1().ConfigMaps("kube-system").Delete(ctx, "aws-auth", metav1.DeleteOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	}
	if err := errors.Join(gone(), shared.guard.Unregister(ctx, shared.AdminConfig)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(gone(), shared.guard.Register(ctx, shared.AdminConfig)); err != nil {
			t.Error(err)
		}
	})
}
