package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	// The webhook program is built outside of go test's sight: without this, results of an older one would be taken
	// from the cache.
	_ "github.com/aws-auth-guard/aws-auth-guard/internal/server"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

// cluster is what the tests share: they all write the one object that there is, so none runs beside another.
type cluster struct {
	*controlplane.ControlPlane
	guard *guard.Guard
	admin kubernetes.Interface
	// eks is a user whom the guard never refuses; it puts the map into the state that a test begins with.
	eks           kubernetes.Interface
	eksKubeconfig string
	// names counts what unique has given.
	names int
}

var shared *cluster //nolint:gochecknoglobals // Starting it takes too long to do it for each test.

func TestMain(m *testing.M) {
	guard.EditorMain()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var stop func()
	var err error
	shared, stop, err = start(ctx)
	defer stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func start(ctx context.Context) (c *cluster, stop func(), err error) {
	c, stop = &cluster{}, func() {}
	if c.ControlPlane, err = controlplane.Start(ctx, controlplane.Options{Progress: os.Stderr}); err != nil {
		return c, stop, err
	}
	stop = func() { _ = c.Stop() }
	program, err := guard.Build(ctx, c.Directory)
	if err != nil {
		return c, stop, err
	}
	log, err := os.Create(filepath.Join(c.Directory, "guard.log"))
	if err != nil {
		return c, stop, err
	}
	if c.guard, err = guard.Start(ctx, guard.Options{Program: program, Directory: c.Directory, Log: log}); err != nil {
		return c, stop, err
	}
	stop = func() { _, _ = c.guard.Stop(), c.Stop() }
	if err := c.guard.Register(ctx, c.AdminConfig); err != nil {
		return c, stop, err
	}
	if c.admin, err = kubernetes.NewForConfig(c.AdminConfig); err != nil {
		return c, stop, err
	}
	eks, path, err := c.Impersonate(rest.ImpersonationConfig{UserName: "eks:addon-manager", Groups: []string{"system:masters"}})
	if err != nil {
		return c, stop, err
	}
	c.eksKubeconfig, eks.WarningHandler = path, rest.NoWarnings{}
	c.eks, err = kubernetes.NewForConfig(eks)
	return c, stop, err
}

// begin puts the map into the state that a test begins with, whatever the guard thinks of it.
func begin(t *testing.T, data map[string]string) {
	t.Helper()
	maps := shared.eks.CoreV1().ConfigMaps("kube-system")
	if err := maps.Delete(t.Context(), "aws-auth", metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	if data == nil {
		return
	}
	c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: data}
	if _, err := maps.Create(t.Context(), c, metav1.CreateOptions{FieldManager: "eks"}); err != nil {
		t.Fatal(err)
	}
}

// unique gives a name that no other edit of this process has, so that a test finds its own edit in the logs,
// also when go test runs it more than once.
func unique(name string) string {
	shared.names++
	return fmt.Sprintf("%s-%d", name, shared.names)
}

func mapRoles(text string) map[string]string { return map[string]string{"mapRoles": text} }

// stored is the object as it is now.
func stored(t *testing.T) *corev1.ConfigMap {
	t.Helper()
	c, err := shared.admin.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "aws-auth", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// holds compares the stored text of mapRoles.
func holds(t *testing.T, want string) {
	t.Helper()
	if got := stored(t).Data["mapRoles"]; got != want {
		t.Errorf("stored mapRoles:\n%s\nwant\n%s", got, want)
	}
}

func kubectl(t *testing.T, call controlplane.Call) controlplane.Result {
	t.Helper()
	result, err := shared.Kubectl(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("kubectl %s: exit %d\n%s%s", strings.Join(call.Arguments, " "), result.ExitCode, result.Output, result.Errors)
	return result
}

// edit runs kubectl edit with a scripted editor and gives back what the editor was opened with.
func edit(t *testing.T, steps ...guard.Step) (result controlplane.Result, seen []string) {
	t.Helper()
	editor, err := guard.NewEditor(t.TempDir(), steps...)
	if err != nil {
		t.Fatal(err)
	}
	command, err := editor.Command()
	if err != nil {
		t.Fatal(err)
	}
	result = kubectl(t, controlplane.Call{
		Arguments: []string{"edit", "configmap", "aws-auth", "-n", "kube-system"}, Editor: command, Environment: editor.Environment(),
	})
	if seen, err = editor.Seen(); err != nil {
		t.Fatal(err)
	}
	return result, seen
}

// shown is a text as kubectl edit shows it under its key.
func shown(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ") + "\n"
}

// manifest writes aws-auth as a manifest.
func manifest(data map[string]string) string {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\ndata:\n")
	for key, text := range data {
		b.WriteString("  " + key + ": |\n" + shown(text))
	}
	return b.String()
}

// contains reports what is missing in an output.
func contains(t *testing.T, output string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(output, want) {
			t.Errorf("%q is missing in\n%s", want, output)
		}
	}
}

// warned holds the warnings that kubectl printed against what is wanted, all of them and in their order.
func warned(t *testing.T, errors string, wants ...string) {
	t.Helper()
	var got []string
	for line := range strings.Lines(errors) {
		if text, ok := strings.CutPrefix(line, "Warning: "); ok {
			got = append(got, strings.TrimSuffix(text, "\n"))
		}
	}
	if strings.Join(got, "\n") != strings.Join(wants, "\n") {
		t.Errorf("warnings:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(wants, "\n"))
	}
}
