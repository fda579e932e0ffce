package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/procfs"

	"github.com/aws-auth-guard/aws-auth-guard/test/figures"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

const (
	// starts is odd, so that the median is one of them.
	starts = 15
	// The load: so many edits at once, for so long, of a map of that many entries, about a mebibyte.
	loaders     = 50
	loadLength  = 10 * time.Second
	loadEntries = 6900
	// settle is how long a process is left alone before its memory is read.
	settle = 2 * time.Second
)

// process measures the guard as a process: how soon it is ready, and what it holds.
func (l *lab) process(ctx context.Context) (*figures.Table, error) {
	t := &figures.Table{
		Title: "The process", Header: []string{"what", "value", "aim"},
		Note: fmt.Sprintf("Resident memory as the kernel counts it (VmRSS and VmHWM), pages of the program's file included. The load: %d reviews of edits at once for %s, "+
			"each with the map before and after, of %d bytes.", loaders, loadLength, len(mapOf(loadEntries, 0))),
	}
	var took []time.Duration
	for i := range starts {
		g, d, err := l.timedStart(ctx, i)
		if err != nil {
			return nil, err
		}
		took = append(took, d)
		if err := g.Stop(); err != nil {
			return nil, err
		}
	}
	slices.Sort(took)
	t.Add(rowReady, fmt.Sprintf("%s (slowest of %d: %s)", figures.Round(figures.Quantile(took, 0.5)), starts, figures.Round(took[len(took)-1])), "150ms")

	g, _, err := l.timedStart(ctx, starts)
	if err != nil {
		return nil, err
	}
	defer func() { _ = g.Stop() }()
	time.Sleep(settle)
	idle, err := memory(g.PID())
	if err != nil {
		return nil, err
	}
	t.Add(rowIdle, fmt.Sprintf("%s, of which %s are its own (RssAnon)", mebibytes(idle.VmRSS), mebibytes(idle.RssAnon)), "25 MiB")
	nothing, err := l.startGuard(ctx, "noop-idle", l.programs.noop)
	if err != nil {
		return nil, err
	}
	time.Sleep(settle)
	if idle, err = memory(nothing.PID()); err != nil {
		return nil, err
	}
	t.Add(rowNoopIdle, mebibytes(idle.VmRSS), "")
	answered, away, err := load(ctx, g)
	if err != nil {
		return nil, err
	}
	loaded, err := memory(g.PID())
	if err != nil {
		return nil, err
	}
	t.Add(rowLoaded, fmt.Sprintf("%s (peak; %d edits answered, %d turned away)", mebibytes(loaded.VmHWM), answered, away), "128 MiB")
	time.Sleep(settle)
	after, err := memory(g.PID())
	if err != nil {
		return nil, err
	}
	t.Add(rowAfter, mebibytes(after.VmRSS), "")
	return t, nil
}

// memoryTable shows what the processes hold once they have been asked about the same edits.
func (l *lab) memoryTable() (*figures.Table, error) {
	t := &figures.Table{
		Title: memoryTitle, Header: []string{"process", "resident", "its own (RssAnon)", "resident ÷ the guard's"},
		Note: "Right after the edits of both tables above, those that were made at once included. One process each.",
	}
	both := slices.IndexFunc(l.variants, func(v *variant) bool { return v.name == rowBoth })
	base, err := memory(l.variants[both].pid)
	if err != nil {
		return nil, err
	}
	for _, v := range l.variants {
		if v.absentFrom(t) || v.pid == 0 {
			continue
		}
		m, err := memory(v.pid)
		if err != nil {
			return nil, err
		}
		t.Add(v.name, mebibytes(m.VmRSS), mebibytes(m.RssAnon), fmt.Sprintf("%.2f", float64(m.VmRSS)/float64(base.VmRSS)))
	}
	return t, nil
}

const memoryTitle = "Memory after these edits"

// timedStart starts a guard and takes the time from there until /readyz is fine.
func (l *lab) timedStart(ctx context.Context, i int) (*guard.Guard, time.Duration, error) {
	dir, err := l.folder("start-" + strconv.Itoa(i))
	if err != nil {
		return nil, 0, err
	}
	g, err := guard.Start(ctx, guard.Options{Program: l.programs.webhook, Directory: dir, Arguments: []string{"--kubeconfig", l.plane.AdminKubeconfig}})
	if err != nil {
		return nil, 0, err
	}
	response, err := http.Get(g.HealthURL + "/readyz")
	if err != nil {
		return nil, 0, err
	}
	took := time.Since(g.Started)
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("a guard that says that it serves is not ready: %s", response.Status)
	}
	return g, took, nil
}

// memory gives how much a process holds, in bytes: VmRSS, VmHWM, RssAnon.
func memory(pid int) (procfs.ProcStatus, error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return procfs.ProcStatus{}, err
	}
	return p.NewStatus()
}

// mebibytes shows a number of bytes.
func mebibytes(n uint64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

// load sends reviews as the API server does, many at once, and gives how many were answered, and how many turned away
// with 503 because so many large ones were there already. Each that is answered must be allowed.
func load(ctx context.Context, g *guard.Guard) (answered, away int, err error) {
	body, err := review()
	if err != nil {
		return 0, 0, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(g.Authority.PEM)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: loaders}}
	var good, busy atomic.Int64
	var group sync.WaitGroup
	problems := make(chan error, loaders)
	start := time.Now()
	for i := range loaders {
		group.Go(func() {
			for path := []string{"/mutate", "/validate"}[i%2]; time.Since(start) < loadLength; {
				switch err := post(ctx, client, g.URL+path, body); {
				case errors.Is(err, errBusy):
					busy.Add(1)
				case err != nil:
					problems <- err
					return
				default:
					good.Add(1)
				}
			}
		})
	}
	group.Wait()
	close(problems)
	var all []error
	for err := range problems {
		all = append(all, err)
	}
	return int(good.Load()), int(busy.Load()), errors.Join(all...)
}

var errBusy = errors.New("turned away")

func post(ctx context.Context, client *http.Client, url string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode == http.StatusServiceUnavailable {
		return errBusy
	}
	if !bytes.Contains(text, []byte(`"allowed":true`)) {
		return fmt.Errorf("a review of a good edit was answered %s: %.300s", response.Status, text)
	}
	return nil
}

// review is that of an edit which changes the role and group of the last entry.
func review() ([]byte, error) {
	object := func(edits int) map[string]any {
		return map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "aws-auth", "namespace": "kube-system"},
			"data": map[string]string{"mapRoles": mapOf(loadEntries, edits)},
		}
	}
	kind := map[string]any{"group": "", "version": "v1", "kind": "ConfigMap"}
	return json.Marshal(map[string]any{
		"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
		"request": map[string]any{
			"uid": "1", "operation": "UPDATE", "namespace": "kube-system", "name": "aws-auth", "kind": kind,
			"resource": map[string]any{"group": "", "version": "v1", "resource": "configmaps"},
			"userInfo": map[string]any{"username": "admin", "groups": []string{"system:masters"}},
			"object":   object(1), "oldObject": object(0), "options": map[string]any{"fieldManager": "kubectl-edit"},
		},
	})
}
