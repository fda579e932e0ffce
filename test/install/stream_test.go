package install

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// pace is the pause between the edits of a stream.
const pace = 40 * time.Millisecond

// stream makes edits all the time, good and bad in turn, and counts what became of them.
type stream struct {
	end  context.CancelFunc
	done sync.WaitGroup

	// stored counts good edits that were stored, refused bad ones that were refused.
	stored, refused int
	// wrong holds good edits that were refused and bad ones that were stored; failed those that were answered by an
	// error of the server, with the moment.
	wrong, failed []string
	slowest       time.Duration
}

// start starts a stream of edits of the map, which must be the good one.
func (s *site) stream(t *testing.T) *stream {
	t.Helper()
	config := rest.CopyConfig(s.Config)
	config.WarningHandler = rest.NoWarnings{}
	config.QPS = -1
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	st := &stream{end: end}
	st.done.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			st.write(ctx, clients, n)
			time.Sleep(pace)
		}
	})
	return st
}

// write makes one edit: every third is bad.
func (st *stream) write(ctx context.Context, clients kubernetes.Interface, n int) {
	maps := clients.CoreV1().ConfigMaps("kube-system")
	m, err := maps.Get(ctx, "aws-auth", metav1.GetOptions{})
	if err != nil {
		return
	}
	bad := n%3 == 2
	arn := fmt.Sprintf("arn:aws:iam::111122223333:role/stream-%d", n)
	if bad {
		arn = "arn:aws:sts::111122223333:assumed-role/stream/x"
	}
	_, nodes, _ := strings.Cut(goodMap, "mapRoles: |\n")
	m.Data["mapRoles"] = strings.ReplaceAll(nodes, "\n    ", "\n")[4:] + "\n- rolearn: " + arn + "\n  username: stream\n  groups: []\n"
	began := time.Now()
	_, err = maps.Update(ctx, m, metav1.UpdateOptions{FieldManager: "kubectl"})
	if ctx.Err() != nil {
		return
	}
	st.slowest = max(st.slowest, time.Since(began))
	moment := began.Format("15:04:05.000 ")
	switch {
	case apierrors.IsConflict(err):
	case apierrors.IsInvalid(err) && bad:
		st.refused++
	case apierrors.IsInvalid(err):
		st.wrong = append(st.wrong, moment+"a good edit was refused: "+err.Error())
	case err != nil:
		st.failed = append(st.failed, moment+err.Error())
	case bad:
		st.wrong = append(st.wrong, moment+"a bad edit was stored")
	default:
		st.stored++
	}
}

// stop ends the stream and says what became of its edits.
func (st *stream) stop(t *testing.T, what string) {
	t.Helper()
	st.end()
	st.done.Wait()
	t.Logf("%s: %d good edits stored, %d bad ones refused, %d wrong, %d failed; the slowest took %s",
		what, st.stored, st.refused, len(st.wrong), len(st.failed), st.slowest.Round(time.Millisecond))
	if st.stored == 0 || st.refused == 0 {
		t.Errorf("%s: the stream made no edits", what)
	}
}

// first shows a few of many lines.
func first(lines []string) string { return strings.Join(lines[:min(3, len(lines))], "\n") }
