package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
)

func call(arguments []string) controlplane.Call { return controlplane.Call{Arguments: arguments} }

func metricsOf(t *testing.T, p *process) string {
	t.Helper()
	response, err := http.Get(p.metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// looks waits until the auditor has looked so often.
func looks(t *testing.T, p *process, n int) {
	t.Helper()
	await.Success(t, fmt.Sprintf("%d looks", n), func() error {
		for line := range strings.Lines(metricsOf(t, p)) {
			if text, ok := strings.CutPrefix(line, "awsauth_audit_runs_total "); ok {
				if got, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err != nil || got < float64(n) {
					return fmt.Errorf("%s, %w", text, err)
				}
				return nil
			}
		}
		return errors.New("no metric")
	})
}

// resident is the memory of the process in MiB: VmRSS.
func resident(t *testing.T, p *process) float64 {
	t.Helper()
	return status(t, p, "VmRSS:")
}

func status(t *testing.T, p *process, field string) float64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		t.Skipf("no /proc to measure by: %v", err)
	}
	for line := range bytes.Lines(text) {
		if f := strings.Fields(string(line)); len(f) == 3 && f[0] == field {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			return float64(n) / 1024
		}
	}
	t.Fatalf("no %s in\n%s", field, text)
	return 0
}

// requests counts what the API server has answered, by user, the renewals of the lease left out: they are made whatever
// happens.
func requests(t *testing.T) map[string]int {
	t.Helper()
	all, err := shared.AuditEvents()
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for i := range all {
		if all[i].Object.Resource != "leases" {
			n[all[i].User.Username]++
		}
	}
	return n
}

// release makes the test run the program as it is shipped: without the tables for debuggers, not linked with C, and in a file
// that is written as containerd unpacks an image, 32 KiB at a time. The larger the pieces in which a file is written, the more of
// a program the kernel maps that it never uses: all of it, where the file is written at once.
func release(t *testing.T) {
	t.Helper()
	program := shared.program
	t.Cleanup(func() { shared.program = program })
	linked := filepath.Join(t.TempDir(), "linked")
	command := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", linked, "../../cmd/webhook")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	text, err := os.ReadFile(linked)
	if err != nil {
		t.Fatal(err)
	}
	shared.program = filepath.Join(t.TempDir(), "webhook")
	f, err := os.OpenFile(shared.program, os.O_CREATE|os.O_WRONLY, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	for piece := range slices.Chunk(text, 32<<10) {
		if _, err := f.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// The most memory that the auditor may take, in MiB: its own, and all that is resident.
const (
	ownLimit = 12
	limit    = 40
)

func TestTheAuditorStaysSmallInALargeCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("10,000 objects")
	}
	begin(t, nodes+devs+admin)
	client := kubernetes.NewForConfigOrDie(shared.AdminConfig)
	const objects, workers = 5000, 16
	next := make(chan int)
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for i := range next {
				name := fmt.Sprintf("object-%d", i)
				_, err := client.RbacV1().RoleBindings("team").Create(t.Context(), &rbacv1.RoleBinding{
					ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": name}},
					Subjects: []rbacv1.Subject{
						{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: fmt.Sprintf("group-%d", i)}, {Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: fmt.Sprintf("user-%d", i)},
					},
					RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
				}, metav1.CreateOptions{})
				if err != nil {
					t.Error(err)
				}
				if _, err := client.CoreV1().ConfigMaps("kube-system").Create(t.Context(), &corev1.ConfigMap{
					ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"text": strings.Repeat("x", 1000)},
				}, metav1.CreateOptions{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range objects {
		next <- i
	}
	close(next)
	wait.Wait()
	openReports().install(t)
	release(t)
	p := auditor(t)
	openReports().has(t, "group-unbound", "warn", "developers")
	if err := put(t, nodes+devs); err != nil {
		t.Fatal(err)
	}
	told(t, "GuardBypassed")
	// What a look has used is given back after it.
	await.Success(t, fmt.Sprintf("no more than %d MiB resident, %d of its own", limit, ownLimit), func() error {
		if now, own := resident(t, p), status(t, p, "RssAnon:"); now > limit || own > ownLimit {
			return fmt.Errorf("resident %.1f MiB, of its own %.1f MiB", now, own)
		}
		return nil
	})
	now, most := resident(t, p), status(t, p, "VmHWM:")
	t.Logf("with %d RoleBindings and %d ConfigMaps: resident %.1f MiB, at most %.1f MiB (anonymous %.1f MiB, of files %.1f MiB)", objects, objects, now, most, status(t, p, "RssAnon:"), status(t, p, "RssFile:"))
}
