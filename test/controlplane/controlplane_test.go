package controlplane

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const (
	// starterVariable makes the test program start a control plane, say where it is, and wait to be killed.
	starterVariable = "CONTROLPLANE_TEST_STARTER"
	// patience bounds waits for something that does happen; only a failing test waits that long.
	patience = 30 * time.Second
)

func TestMain(m *testing.M) {
	if os.Getenv(starterVariable) != "" {
		os.Exit(runStarter())
	}
	os.Exit(m.Run())
}

func runStarter() int {
	c, err := Start(context.Background(), Options{Progress: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(c.Directory)
	// The test holds the other end and never writes.
	_, _ = os.Stdin.Read(make([]byte, 1))
	return 1
}

func TestControlPlane(t *testing.T) {
	ctx := t.Context()
	c, err := Start(ctx, Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	processes := serverProcesses(t, c.Directory)
	clients := kubernetes.NewForConfigOrDie(c.AdminConfig)

	version, err := clients.Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(version.GitVersion, "v1.37.") {
		t.Errorf("the server says it is %s, want v1.37.x", version.GitVersion)
	}
	if !strings.HasPrefix(c.AdminConfig.Host, "https://127.0.0.1:") && !strings.HasPrefix(c.AdminConfig.Host, "https://[::1]:") {
		t.Errorf("the API server is at %s, which is not a loopback address", c.AdminConfig.Host)
	}

	const roles = "- rolearn: arn:aws:iam::111122223333:role/Admin\n  username: admin\n"
	_, err = clients.CoreV1().ConfigMaps(metav1.NamespaceSystem).Create(ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"},
		Data:       map[string]string{"mapRoles": roles},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}

	t.Run("kubectl reads what a client wrote", func(t *testing.T) {
		got := kubectl(t, c, Call{Arguments: []string{"get", "configmap", "aws-auth", "-n", "kube-system", "-o", "jsonpath={.data.mapRoles}"}})
		if got.ExitCode != 0 || got.Output != roles {
			t.Errorf("got exit code %d, output %q, errors %q; want 0, %q", got.ExitCode, got.Output, got.Errors, roles)
		}
	})
	t.Run("kubectl edit runs the editor", func(t *testing.T) {
		editor := filepath.Join(t.TempDir(), "editor")
		script := "#!/bin/sh\nsed 's/username: admin/username: root/' \"$1\" > \"$1.new\" && mv \"$1.new\" \"$1\"\n"
		if err := os.WriteFile(editor, []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		got := kubectl(t, c, Call{Arguments: []string{"edit", "configmap", "aws-auth", "-n", "kube-system"}, Editor: editor})
		if got.ExitCode != 0 {
			t.Fatalf("kubectl edit: exit code %d: %s", got.ExitCode, got.Errors)
		}
		stored, err := clients.CoreV1().ConfigMaps(metav1.NamespaceSystem).Get(ctx, "aws-auth", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.Replace(roles, "username: admin", "username: root", 1); stored.Data["mapRoles"] != want {
			t.Errorf("after the edit mapRoles is %q, want %q", stored.Data["mapRoles"], want)
		}
	})
	t.Run("a user without bindings is refused", func(t *testing.T) {
		config, kubeconfig, err := c.User("jane", "developers")
		if err != nil {
			t.Fatal(err)
		}
		_, err = kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps(metav1.NamespaceSystem).Get(ctx, "aws-auth", metav1.GetOptions{})
		if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), `"jane"`) {
			t.Errorf("jane's read ended with %v, want a refusal that names jane", err)
		}
		got := kubectl(t, c, Call{Kubeconfig: kubeconfig, Arguments: []string{"get", "configmap", "aws-auth", "-n", "kube-system"}})
		if got.ExitCode == 0 || !strings.Contains(got.Errors, "jane") {
			t.Errorf("got exit code %d, errors %q; want a refusal that names jane", got.ExitCode, got.Errors)
		}
	})
	t.Run("requests and impersonation with extra are audited", func(t *testing.T) {
		const arn = "arn:aws:sts::111122223333:assumed-role/Admin/jane"
		_, kubeconfig, err := c.Impersonate(rest.ImpersonationConfig{
			UserName: "kubernetes-admin",
			Groups:   []string{"system:masters"},
			Extra:    map[string][]string{"arn": {arn}},
		})
		if err != nil {
			t.Fatal(err)
		}
		got := kubectl(t, c, Call{Kubeconfig: kubeconfig, Arguments: []string{"annotate", "configmap", "aws-auth", "-n", "kube-system", "seen=yes"}})
		if got.ExitCode != 0 {
			t.Fatalf("kubectl annotate: exit code %d: %s", got.ExitCode, got.Errors)
		}
		event := awaitEvent(t, c, func(e AuditEvent) bool {
			return e.Verb == "patch" && e.Object.Name == "aws-auth" && e.ImpersonatedUser != nil
		})
		if event.User.Username != "admin" || event.ImpersonatedUser.Username != "kubernetes-admin" || event.Response.Code != 200 ||
			!slices.Equal(event.ImpersonatedUser.Extra["arn"], []string{arn}) {
			t.Errorf("the audit event is %+v, impersonating %+v", event, *event.ImpersonatedUser)
		}
		if event.Annotations["authorization.k8s.io/decision"] != "allow" {
			t.Errorf("the audit annotations are %v, want the authorizer's decision among them", event.Annotations)
		}
	})

	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	for name, id := range processes {
		if alive(id) {
			t.Errorf("%s (process %d) is still running after Stop", name, id)
		}
	}
	if _, err := os.Stat(c.Directory); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Stop the folder %s is still there (%v)", c.Directory, err)
	}
}

func TestTheAPIServerIsStartedAgain(t *testing.T) {
	c, err := Start(t.Context(), Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop() })
	before := serverProcesses(t, c.Directory)
	clients := kubernetes.NewForConfigOrDie(c.AdminConfig)
	if _, err := clients.CoreV1().ConfigMaps("default").Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "kept"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.RestartAPIServer(t.Context()); err != nil {
			t.Fatal(err)
		}
		after := serverProcesses(t, c.Directory)
		if after["kube-apiserver"] == before["kube-apiserver"] || after["etcd"] != before["etcd"] {
			t.Errorf("before %v, after %v: want another kube-apiserver and the same etcd", before, after)
		}
		if alive(before["kube-apiserver"]) {
			t.Error("the first kube-apiserver still runs")
		}
		if _, err := clients.CoreV1().ConfigMaps("default").Get(t.Context(), "kept", metav1.GetOptions{}); err != nil {
			t.Errorf("what was stored is gone: %v", err)
		}
		before = after
	}
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	if alive(before["kube-apiserver"]) || alive(before["etcd"]) {
		t.Error("a server runs on after Stop")
	}
}

func TestServersEndWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c, err := Start(ctx, Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	processes := serverProcesses(t, c.Directory)
	// An open watch must not keep the API server alive.
	_, err = kubernetes.NewForConfigOrDie(c.AdminConfig).CoreV1().ConfigMaps("").Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	awaitEnd(t, processes, c.Directory)
}

func TestServersEndWithAKilledStarter(t *testing.T) {
	starter := exec.Command(os.Args[0])
	starter.Env = append(os.Environ(), starterVariable+"=yes")
	starter.Stderr = os.Stderr
	input, err := starter.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	output, err := starter.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := starter.Start(); err != nil {
		t.Fatal(err)
	}
	line, readErr := bufio.NewReader(output).ReadString('\n')
	directory := strings.TrimSpace(line)
	var processes map[string]int
	if readErr == nil {
		processes = serverProcesses(t, directory)
		t.Cleanup(func() { endLeftovers(t, processes) })
	}
	if err := starter.Process.Kill(); err != nil {
		t.Error(err)
	}
	// It ends by the signal, which is no news.
	_ = starter.Wait()
	if readErr != nil {
		t.Fatalf("the starter started nothing: %v", readErr)
	}
	awaitEnd(t, processes, directory)
}

func TestStartReportsWhatTheServerSaid(t *testing.T) {
	_, err := Start(t.Context(), Options{Progress: os.Stderr, APIServerFlags: map[string]string{"no-such-flag": "1"}})
	if err == nil || !strings.Contains(err.Error(), "unknown flag: --no-such-flag") {
		t.Errorf("got the error %v, want one with the words of kube-apiserver", err)
	}
}

func kubectl(t *testing.T, c *ControlPlane, call Call) Result {
	t.Helper()
	result, err := c.Kubectl(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func awaitEvent(t *testing.T, c *ControlPlane, wanted func(AuditEvent) bool) AuditEvent {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		events, err := c.AuditEvents()
		if err != nil {
			t.Fatal(err)
		}
		if i := slices.IndexFunc(events, wanted); i >= 0 {
			return events[i]
		}
	}
	t.Fatal("the audit log never got the event")
	return AuditEvent{}
}

// serverProcesses gives the ids of the running servers by name.
func serverProcesses(t *testing.T, directory string) map[string]int {
	t.Helper()
	processes := map[string]int{}
	for _, name := range []string{"etcd", "kube-apiserver"} {
		text, err := os.ReadFile(filepath.Join(directory, name+".pid"))
		if err != nil {
			t.Fatal(err)
		}
		id, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		if !alive(id) {
			t.Fatalf("%s (process %d) is not running", name, id)
		}
		processes[name] = id
	}
	return processes
}

func awaitEnd(t *testing.T, processes map[string]int, directory string) {
	t.Helper()
	for name, id := range processes {
		for deadline := time.Now().Add(patience); alive(id); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s (process %d) is still running", name, id)
			}
		}
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(directory); errors.Is(err, os.ErrNotExist) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the folder %s is still there", directory)
		}
	}
}

// endLeftovers keeps a failed test from leaving servers behind.
func endLeftovers(t *testing.T, processes map[string]int) {
	for name, id := range processes {
		if !alive(id) {
			continue
		}
		if err := syscall.Kill(id, syscall.SIGKILL); err != nil {
			t.Errorf("ending %s (process %d): %v", name, id, err)
		}
	}
}

// alive reports whether a process runs. One that has ended and that nobody has waited for does not: in a container
// without an init process that is what becomes of orphans.
func alive(id int) bool {
	if syscall.Kill(id, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}
