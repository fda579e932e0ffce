package writers

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	// Programs are built outside of go test's sight: without these, results of older ones would be taken from the cache.
	_ "github.com/aws-auth-guard/aws-auth-guard/internal/cli"
	_ "github.com/aws-auth-guard/aws-auth-guard/internal/server"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

// allVariable is set where a writer whose program is missing is an error: by `make writers`.
const allVariable = "AWS_AUTH_GUARD_WRITERS"

var update = flag.Bool("update", false, "update the expected outputs and docs/writers.md") //nolint:gochecknoglobals // A flag.

// auditPolicy logs requests when they come, before they are answered: so whoever has an answer finds the request in the log. Edits
// of the map are logged with what they did, as EKS does.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: RequestResponse
  namespaces: [kube-system]
  verbs: [update, patch, delete]
  resources: [{group: "", resources: [configmaps], resourceNames: [aws-auth]}]
- level: Metadata
`

// lab is an API server with the guard in front. There is one map, so writers that run side by side have a lab each.
type lab struct {
	*controlplane.ControlPlane
	admin kubernetes.Interface
	// eks is a user whom the guard never refuses; it puts the map into the state that a test begins with.
	eks kubernetes.Interface
}

func TestMain(m *testing.M) {
	guard.EditorMain()
	flag.Parse()
	os.Exit(m.Run())
}

// newLab starts a lab that ends with the test.
func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{}
	var err error
	// The context of a test ends before its cleanups.
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	l.ControlPlane, err = controlplane.Start(ctx, controlplane.Options{Progress: os.Stderr, AuditPolicy: auditPolicy})
	check(t, err)
	t.Cleanup(func() { check(t, l.Stop()) })
	program, err := guard.Build(ctx, l.Directory)
	check(t, err)
	log, err := os.Create(filepath.Join(l.Directory, "guard.log"))
	check(t, err)
	g, err := guard.Start(ctx, guard.Options{Program: program, Directory: l.Directory, Log: log})
	check(t, err)
	t.Cleanup(func() { check(t, g.Stop()) })
	check(t, g.Register(ctx, l.AdminConfig))
	l.admin, err = kubernetes.NewForConfig(l.AdminConfig)
	check(t, err)
	eks, _, err := l.Impersonate(rest.ImpersonationConfig{UserName: "eks:addon-manager", Groups: []string{"system:masters"}})
	check(t, err)
	eks.WarningHandler = rest.NoWarnings{}
	l.eks, err = kubernetes.NewForConfig(eks)
	check(t, err)
	return l
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// begin puts the map into the state that a writer begins with; none where it is empty.
func (l *lab) begin(t *testing.T, mapRoles string) {
	t.Helper()
	maps := l.eks.CoreV1().ConfigMaps("kube-system")
	if err := maps.Delete(t.Context(), "aws-auth", metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	if mapRoles == "" {
		return
	}
	c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: map[string]string{"mapRoles": mapRoles}}
	_, err := maps.Create(t.Context(), c, metav1.CreateOptions{FieldManager: "eks"})
	check(t, err)
}

// stored gives the map as it is, nil where there is none.
func (l *lab) stored(t *testing.T) *corev1.ConfigMap {
	t.Helper()
	c, err := l.admin.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "aws-auth", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	check(t, err)
	return c
}

// requests counts the writes of the map that somebody has asked for so far, and those that were dry runs.
func (l *lab) requests(t *testing.T, user string) (writes, dryRuns int) {
	t.Helper()
	events, err := l.AuditEvents()
	check(t, err)
	for _, e := range events {
		ofTheMap := e.Object.Resource == "configmaps" && e.Object.Namespace == "kube-system" && (e.Object.Name == "aws-auth" || e.Object.Name == "")
		if e.Stage != "RequestReceived" || e.User.Username != user || !ofTheMap {
			continue
		}
		switch e.Verb {
		case "create", "update", "patch", "delete", "deletecollection":
			if strings.Contains(e.URI, "dryRun=") {
				dryRuns++
			} else {
				writes++
			}
		}
	}
	return writes, dryRuns
}

// outcome is how a program of a writer ended, and what its user saw.
type outcome struct {
	exit   int
	output string
}

// run runs a program of a writer; standard output and standard error are seen as on a terminal.
func run(t *testing.T, directory string, environment []string, program string, arguments ...string) outcome {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Dir = directory
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + directory, "TMPDIR=" + directory, "LC_ALL=C"}, environment...)
	output, err := command.CombinedOutput()
	if command.ProcessState == nil {
		t.Fatal(fmt.Errorf("running %s: %w", command, err))
	}
	t.Logf("%s: exit %d\n%s", command, command.ProcessState.ExitCode(), output)
	return outcome{command.ProcessState.ExitCode(), string(output)}
}
