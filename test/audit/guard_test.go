package audit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

// inFront puts a guard that notes what it admits in front of the API server. The map must not be there yet.
//
// The function ends it before the test does.
func inFront(t *testing.T) (stop func() error) {
	t.Helper()
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "guard.log"))
	if err != nil {
		t.Fatal(err)
	}
	g, err := guard.Start(context.Background(), guard.Options{
		Program: shared.program, Directory: dir, Log: log,
		Arguments: []string{"--kubeconfig", shared.guardKubeconfig, "--namespace", namespace, "--admitted", ledger},
	})
	if err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceValue(g.Stop)
	t.Cleanup(func() {
		unregister(t)
		_ = stop()
		_ = log.Close()
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("the guard's log:\n%s", text)
		}
	})
	if err := shared.admin.CoreV1().ConfigMaps("kube-system").Delete(t.Context(), "aws-auth", metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	if err := g.Register(t.Context(), shared.AdminConfig); err != nil {
		t.Fatal(err)
	}
	return stop
}

// unregister takes the guard away, as somebody does who wants to write past it.
func unregister(t *testing.T) {
	t.Helper()
	api := shared.admin.AdmissionregistrationV1()
	for _, err := range []error{
		api.MutatingWebhookConfigurations().Delete(context.Background(), "aws-auth-guard", metav1.DeleteOptions{}),
		api.ValidatingWebhookConfigurations().Delete(context.Background(), "aws-auth-guard", metav1.DeleteOptions{}),
	} {
		if err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
	}
}

// forced writes the map as soon as the API server does not ask the guard any more.
func forced(t *testing.T, text string) {
	t.Helper()
	await.Success(t, "a write past the guard", func() error { return put(t, text) })
}

func TestABrokenMapIsReportedWhenTheAuditorStarts(t *testing.T) {
	stop := inFront(t)
	begin(t, nodes+devs)
	p := auditor(t)
	p.await(t)
	// What the guard admits is no bypass: it is noted, and the history knows who wrote it.
	if err := put(t, nodes+devs+admin); err != nil {
		t.Fatal(err)
	}
	told(t, "GuardAdminGranted")
	await.Success(t, "the history knows the writer", func() error {
		list, err := shared.admin.AppsV1().ControllerRevisions(namespace).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, r := range list.Items {
			if r.Annotations["aws-auth-guard.dev/user"] == "admin" && r.Annotations["aws-auth-guard.dev/admitted"] == "true" {
				return nil
			}
		}
		return fmt.Errorf("%d revisions", len(list.Items))
	})
	p.stop(t)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	unregister(t)
	forced(t, strings.Replace(nodes, "  groups:", "   groups:", 1))
	if found := events(t); len(found["GuardBypassed"]) != 0 {
		t.Fatalf("reported before: %v", found)
	}

	p = auditor(t)
	told(t, "GuardBypassed", "GuardNodesLost", "GuardFinding", "GuardMissing")
	if text := metricsOf(t, p); !strings.Contains(text, "awsauth_audit_bypasses_total 1") || !strings.Contains(text, `awsauth_audit_findings{rule="yaml-syntax",severity="error"} 1`) ||
		!strings.Contains(text, "awsauth_audit_leader 1") || strings.Contains(text, "arn:aws") {
		t.Errorf("metrics:\n%s", text)
	}
	result := kubectl(t, "describe", "configmap", "aws-auth", "-n", "kube-system")
	for _, want := range []string{"GuardBypassed", "GuardNodesLost", "role/nodes", "yaml-syntax"} {
		if !strings.Contains(result, want) {
			t.Errorf("kubectl describe does not show %s:\n%s", want, result)
		}
	}
	before := events(t)
	p.stop(t)
	p = auditor(t, "--interval", "10s")
	p.await(t)
	looks(t, p, 2)
	same(t, before, events(t))
}

func kubectl(t *testing.T, arguments ...string) string {
	t.Helper()
	result, err := shared.Kubectl(t.Context(), call(arguments))
	if err != nil || result.ExitCode != 0 {
		t.Fatalf("kubectl %v: %v\n%s", arguments, err, result.Errors)
	}
	return result.Output
}

// same holds that nothing was reported again.
func same(t *testing.T, before, after map[string][]string) {
	t.Helper()
	for reason := range after {
		if len(after[reason]) != len(before[reason]) {
			t.Errorf("%s was reported again: %q, before %q", reason, after[reason], before[reason])
		}
	}
}

func TestTheOtherAuditorTakesOverAndTellsNothingTwice(t *testing.T) {
	begin(t, nodes+devs)
	first := auditor(t)
	first.await(t)
	second := auditor(t)
	told(t, "GuardMissing")
	if second.acts(t) {
		t.Fatal("both act")
	}
	if err := put(t, nodes+devs+admin); err != nil {
		t.Fatal(err)
	}
	told(t, "GuardAdminGranted", "GuardBypassed")
	before := events(t)
	for reason, messages := range before {
		if len(messages) != 1 {
			t.Errorf("%s was reported %d times: %q", reason, len(messages), messages)
		}
	}
	if err := revisions(t, 2); err != nil {
		t.Error(err)
	}
	killed := time.Now()
	first.kill()
	// Nobody looks while this happens.
	if err := put(t, nodes); err != nil {
		t.Fatal(err)
	}
	second.await(t)
	t.Logf("the other auditor acts %s after the first was killed", time.Since(killed).Round(100*time.Millisecond))
	await.Success(t, "the revision of what happened meanwhile", func() error { return revisions(t, 3) })
	await.Success(t, "the second bypass", func() error {
		if n := len(events(t)["GuardBypassed"]); n != 2 {
			return fmt.Errorf("%d", n)
		}
		return nil
	})
	after := events(t)
	after["GuardBypassed"] = after["GuardBypassed"][:1]
	same(t, before, after)
	// One that ends gives the lease back at once, and a third need not wait for it to run out.
	second.stop(t)
	third := auditor(t)
	third.await(t)
}

func TestAThousandEditsCostLittle(t *testing.T) {
	inFront(t)
	begin(t, nodes)
	p := auditor(t)
	p.await(t)
	api := shared.admin.CoreV1().ConfigMaps("kube-system")
	edit := func(i int) {
		cm, err := api.Get(t.Context(), "aws-auth", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		cm.Data["mapRoles"] = nodes + strings.ReplaceAll(devs, "dev", "dev"+strconv.Itoa(i))
		if _, err := api.Update(t.Context(), cm, metav1.UpdateOptions{FieldManager: "edits"}); err != nil {
			t.Fatal(err)
		}
	}
	const warm, edits = 100, 1000
	for i := range warm {
		edit(i)
	}
	before, memory := requests(t), resident(t, p)
	began := time.Now()
	for i := range edits {
		edit(warm + i)
	}
	took := time.Since(began)
	// The last one is known when all is quiet.
	await.Success(t, "the last edit in the history", func() error {
		list, err := shared.admin.AppsV1().ControllerRevisions(namespace).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, r := range list.Items {
			if strings.Contains(string(r.Data.Raw), "dev"+strconv.Itoa(warm+edits-1)) && r.Annotations["aws-auth-guard.dev/admitted"] == "true" {
				if len(list.Items) > 21 {
					return fmt.Errorf("%d revisions", len(list.Items))
				}
				return nil
			}
		}
		return fmt.Errorf("%d revisions", len(list.Items))
	})
	after, grown := requests(t), resident(t, p)
	calls, notes := after[auditorUser]-before[auditorUser], after[guardUser]-before[guardUser]
	t.Logf("%d edits in %s: %d requests of the auditor, %d of the guard; resident %.1f MiB before, %.1f MiB after", edits, took.Round(time.Second), calls, notes, memory, grown)
	// In a time of looks there may be as many looks; each asks a dozen things. The bound is a multiple of that.
	looks := int(time.Since(began)/(2*time.Second)) + 5
	if limit := 20*looks + 20; calls > limit {
		t.Errorf("%d requests of the auditor, want %d at most", calls, limit)
	}
	if limit := 2*looks + 20 + bindingQuestions*int(time.Since(began)/(5*time.Second)+1); notes > limit {
		t.Errorf("%d requests of the guard, want %d at most", notes, limit)
	}
	if found := events(t); len(found["GuardBypassed"]) != 0 {
		t.Errorf("bypasses: %q", found["GuardBypassed"])
	}
	if grown > memory+10 {
		t.Errorf("resident %.1f MiB, was %.1f", grown, memory)
	}
}

// bindingQuestions are what the guard asks the cluster about each new group, every five seconds.
const bindingQuestions = 10
