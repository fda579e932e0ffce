package history

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cli"
	// The webhook program is built outside of go test's sight: without this, results of an older one would be taken
	// from the cache.
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
	_ "github.com/aws-auth-guard/aws-auth-guard/internal/server"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

const (
	nodes = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	devs  = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev:{{SessionName}}\n  groups:\n  - editors\n"
	ops   = "- rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops:{{SessionName}}\n  groups:\n  - editors\n"
	// unreadable is what one blank too many makes of a map.
	unreadable = "- rolearn: arn:aws:iam::111122223333:role/nodes\n   username: system:node:{{EC2PrivateDNSName}}\n"
)

// suite is what the tests share; they all write the one object that there is, so none runs beside another.
type suite struct {
	*controlplane.ControlPlane
	guard *guard.Guard
	admin kubernetes.Interface
	// eks is never refused by the guard: it stands for what happens outside of it.
	eks kubernetes.Interface
}

var shared suite //nolint:gochecknoglobals // Starting it takes too long to do it for each test.

func TestMain(m *testing.M) {
	testscript.Main(runner{m}, map[string]func(){
		"kubectl-aws_auth": func() {
			os.Exit(cli.Run(os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
		},
	})
}

// runner starts the servers around the tests.
type runner struct{ *testing.M }

func (r runner) Run() int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer shared.stop()
	if err := shared.start(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return r.M.Run()
}

func (s *suite) start(ctx context.Context) (err error) {
	if s.ControlPlane, err = controlplane.Start(ctx, controlplane.Options{Progress: os.Stderr, AuditPolicy: controlplane.EKSAuditPolicy}); err != nil {
		return err
	}
	s.admin = kubernetes.NewForConfigOrDie(s.AdminConfig)
	eks, _, err := s.Impersonate(rest.ImpersonationConfig{UserName: "eks:addon-manager", Groups: []string{"system:masters"}})
	if err != nil {
		return err
	}
	eks.WarningHandler = rest.NoWarnings{}
	s.eks = kubernetes.NewForConfigOrDie(eks)
	program, err := guard.Build(ctx, s.Directory)
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(s.Directory, "guard.log"))
	if err != nil {
		return err
	}
	s.guard, err = guard.Start(ctx, guard.Options{Program: program, Directory: s.Directory, Log: log, Arguments: []string{"--kubeconfig", s.AdminKubeconfig}})
	return err
}

func (s *suite) stop() {
	if s.guard != nil {
		_ = s.guard.Stop()
	}
	if s.ControlPlane != nil {
		_ = s.Stop()
	}
}

// guarded puts the guard in front of the map for the rest of a test, whose map must not be there yet.
func guarded(t *testing.T) {
	t.Helper()
	t.Cleanup(unguarded)
	if err := shared.guard.Register(t.Context(), shared.AdminConfig); err != nil {
		t.Fatal(err)
	}
}

func unguarded() {
	ctx := context.Background()
	api := shared.admin.AdmissionregistrationV1()
	_ = api.MutatingWebhookConfigurations().Delete(ctx, "aws-auth-guard", metav1.DeleteOptions{})
	_ = api.ValidatingWebhookConfigurations().Delete(ctx, "aws-auth-guard", metav1.DeleteOptions{})
}

// namespace makes a namespace of its own for the history of a test, without a map.
func namespace(t *testing.T) string {
	t.Helper()
	unguarded()
	remove(t)
	n, err := shared.admin.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "guard-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = shared.admin.AppsV1().ControllerRevisions(n.Name).DeleteCollection(context.Background(), metav1.DeleteOptions{}, metav1.ListOptions{})
	})
	return n.Name
}

// write makes the data the live map, as somebody whom the guard lets do so, under a field manager.
func write(t *testing.T, manager string, data map[string]string) *corev1.ConfigMap {
	t.Helper()
	api := shared.eks.CoreV1().ConfigMaps("kube-system")
	cm, err := api.Get(t.Context(), "aws-auth", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		cm, err = api.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: data}, metav1.CreateOptions{FieldManager: manager})
	} else if err == nil {
		cm.Data = data
		cm, err = api.Update(t.Context(), cm, metav1.UpdateOptions{FieldManager: manager})
	}
	if err != nil {
		t.Fatal(err)
	}
	return cm
}

func annotate(t *testing.T, key, value string) *corev1.ConfigMap {
	t.Helper()
	cm := current(t)
	if cm.Annotations == nil {
		cm.Annotations = map[string]string{}
	}
	cm.Annotations[key] = value
	cm, err := shared.eks.CoreV1().ConfigMaps("kube-system").Update(t.Context(), cm, metav1.UpdateOptions{FieldManager: "kubectl-annotate"})
	if err != nil {
		t.Fatal(err)
	}
	return cm
}

func remove(t *testing.T) {
	t.Helper()
	err := shared.eks.CoreV1().ConfigMaps("kube-system").Delete(t.Context(), "aws-auth", metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
}

// current is the live map, nil where there is none.
func current(t *testing.T) *corev1.ConfigMap {
	t.Helper()
	cm, err := shared.admin.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "aws-auth", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return cm
}

func roles(text string) map[string]string { return map[string]string{"mapRoles": text} }

// clock is a clock that stands until it is set on.
type clock struct{ now time.Time }

func newClock() *clock { return &clock{now: time.Now().UTC().Truncate(time.Second)} }

func (c *clock) Now() time.Time { return c.now }

func (c *clock) add(d time.Duration) { c.now = c.now.Add(d) }

// observe records the live map.
func observe(t *testing.T, r *history.Recorder, o history.Observation) (*history.Revision, bool) {
	t.Helper()
	return observeMap(t, r, current(t), o)
}

func observeMap(t *testing.T, r *history.Recorder, cm *corev1.ConfigMap, o history.Observation) (*history.Revision, bool) {
	t.Helper()
	revision, changed, err := r.Observe(t.Context(), cm, o)
	if err != nil {
		t.Fatal(err)
	}
	return revision, changed
}

// numbers lists the revisions, the newest first.
func numbers(t *testing.T, s *history.Store) []int64 {
	t.Helper()
	all, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var list []int64
	for _, r := range all {
		list = append(list, r.Number)
	}
	return list
}

// result is what one run of the plugin left behind.
type result struct {
	code     int
	out, err string
}

// plugin runs a command line as somebody; an empty kubeconfig means the administrator.
func plugin(t *testing.T, kubeconfig string, args ...string) result {
	t.Helper()
	if kubeconfig == "" {
		kubeconfig = shared.AdminKubeconfig
	}
	t.Setenv("KUBECONFIG", kubeconfig)
	var out, problems bytes.Buffer
	code := cli.Run(args, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &problems})
	return result{code, out.String(), problems.String()}
}

// expect wants an exit code, and each of the texts in the output.
func (r result) expect(t *testing.T, code int, texts ...string) result {
	t.Helper()
	var missing []string
	for _, text := range texts {
		if !strings.Contains(r.out+r.err, text) {
			missing = append(missing, text)
		}
	}
	if r.code != code || len(missing) > 0 {
		t.Fatalf("exit code %d, want %d; missing: %q\nstdout:\n%s\nstderr:\n%s", r.code, code, missing, r.out, r.err)
	}
	return r
}

// deadGuard makes the API server ask a guard that does not answer, and refuse every write for that.
func deadGuard(t *testing.T) {
	t.Helper()
	none, url := admissionv1.SideEffectClassNone, "https://127.0.0.1:1/validate"
	_, err := shared.admin.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(t.Context(), &admissionv1.ValidatingWebhookConfiguration{
		// The name is that of another release: what is printed must go by the label.
		ObjectMeta: metav1.ObjectMeta{Name: "another-guard", Labels: map[string]string{"app.kubernetes.io/part-of": "aws-auth-guard"}},
		Webhooks: []admissionv1.ValidatingWebhook{{
			Name: guard.ValidateName, AdmissionReviewVersions: []string{"v1"}, SideEffects: &none,
			ClientConfig: admissionv1.WebhookClientConfig{URL: &url, CABundle: shared.guard.Authority.PEM},
			Rules: []admissionv1.RuleWithOperations{{
				Operations: []admissionv1.OperationType{admissionv1.OperationAll},
				Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
			}},
			MatchConditions: []admissionv1.MatchCondition{{Name: "aws-auth", Expression: registration.NameCondition}},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = shared.admin.AdmissionregistrationV1().ValidatingWebhookConfigurations().Delete(context.Background(), "another-guard", metav1.DeleteOptions{})
	})
	await.Success(t, "the API server asks the dead guard", func() error {
		cm := current(t)
		cm.Data = map[string]string{"mapUsers": "[]"}
		_, err := shared.admin.CoreV1().ConfigMaps("kube-system").Update(t.Context(), cm, metav1.UpdateOptions{DryRun: []string{metav1.DryRunAll}})
		if err == nil {
			return errors.New("a write goes through")
		}
		return nil
	})
}

// call is a run of kubectl as the administrator.
func call(arguments ...string) controlplane.Call { return controlplane.Call{Arguments: arguments} }
