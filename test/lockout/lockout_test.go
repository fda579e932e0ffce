package lockout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	// The webhook program is built outside of go test's sight: without this, results of an older one would be taken
	// from the cache.
	_ "github.com/aws-auth-guard/aws-auth-guard/internal/server"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
	"github.com/aws-auth-guard/aws-auth-guard/test/slowproxy"
)

const (
	// guardUser is whom the guard asks as: it has the permissions of docs/operations.md and no others.
	guardUser = "system:serviceaccount:aws-auth-guard:aws-auth-guard"
	override  = "aws-auth-guard.dev/override"

	nodes = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	devs  = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev:{{SessionName}}\n  groups:\n  - editors\n"
	ops   = "- rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops:{{SessionName}}\n  groups:\n  - editors\n"
	admin = "- rolearn: arn:aws:iam::111122223333:role/admin\n  username: admin:{{SessionName}}\n  groups:\n  - system:masters\n"
)

// suite is what the tests share; they all write the one object that there is, so none runs beside another.
type suite struct {
	*controlplane.ControlPlane
	guard *guard.Guard
	// options are those that the guard was started with.
	options guard.Options
	proxy   *slowproxy.Proxy
	admin   kubernetes.Interface
	eks     kubernetes.Interface
	// began is when the suite began, and snapshots counts those that the guard was given since.
	began     time.Time
	snapshots int
}

var shared suite //nolint:gochecknoglobals // Starting it takes too long to do it for each test.

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := shared.start(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		shared.stop()
		return 1
	}
	defer shared.stop()
	return m.Run()
}

func (s *suite) start(ctx context.Context) (err error) {
	s.began = time.Now()
	if s.ControlPlane, err = controlplane.Start(ctx, controlplane.Options{Progress: os.Stderr}); err != nil {
		return err
	}
	s.admin = kubernetes.NewForConfigOrDie(s.AdminConfig)
	eks, _, err := s.Impersonate(rest.ImpersonationConfig{UserName: "eks:addon-manager", Groups: []string{"system:masters"}})
	if err != nil {
		return err
	}
	eks.WarningHandler = rest.NoWarnings{}
	s.eks = kubernetes.NewForConfigOrDie(eks)
	if err := s.permissions(ctx); err != nil {
		return err
	}
	program, err := guard.Build(ctx, s.Directory)
	if err != nil {
		return err
	}
	asGuard, _, err := s.User(guardUser)
	if err != nil {
		return err
	}
	if s.proxy, err = slowproxy.Start(asGuard); err != nil {
		return err
	}
	kubeconfig, err := s.WriteKubeconfig(s.proxy.Config())
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(s.Directory, "guard.log"))
	if err != nil {
		return err
	}
	s.options = guard.Options{Program: program, Directory: s.Directory, Log: log, Arguments: []string{
		"--kubeconfig", kubeconfig, "--access-snapshot", filepath.Join(s.Directory, "access", "snapshot"),
	}}
	if err := os.Mkdir(filepath.Join(s.Directory, "access"), 0o700); err != nil {
		return err
	}
	if s.guard, err = guard.Start(ctx, s.options); err != nil {
		return err
	}
	return s.guard.Register(ctx, s.AdminConfig)
}

func (s *suite) stop() {
	if s.guard != nil {
		_ = s.guard.Stop()
	}
	if s.proxy != nil {
		_ = s.proxy.Stop()
	}
	if s.ControlPlane != nil {
		_ = s.Stop()
	}
}

// permissions makes the RBAC of the guard and of the group editors.
func (s *suite) permissions(ctx context.Context) error {
	grant := func(name string, rules []rbacv1.PolicyRule, subject rbacv1.Subject) error {
		_, err := s.admin.RbacV1().ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}, metav1.CreateOptions{})
		if err != nil {
			return err
		}
		subject.APIGroup = rbacv1.GroupName
		_, err = s.admin.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name}, Subjects: []rbacv1.Subject{subject},
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		}, metav1.CreateOptions{})
		if err != nil {
			return err
		}
		return await.Rights(ctx, s.admin, subject.Name, []string{subject.Name}, "", rules...)
	}
	return errors.Join(
		grant("guard", []rbacv1.PolicyRule{
			{Verbs: []string{"list"}, APIGroups: []string{""}, Resources: []string{"nodes"}},
			{Verbs: []string{"list"}, APIGroups: []string{"certificates.k8s.io"}, Resources: []string{"certificatesigningrequests"}},
			{Verbs: []string{"list"}, APIGroups: []string{"karpenter.k8s.aws"}, Resources: []string{"ec2nodeclasses"}},
			{Verbs: []string{"list"}, APIGroups: []string{"eks.amazonaws.com"}, Resources: []string{"nodeclasses"}},
			{Verbs: []string{"list"}, APIGroups: []string{rbacv1.GroupName}, Resources: []string{"rolebindings", "clusterrolebindings"}},
			{Verbs: []string{"create"}, APIGroups: []string{"authorization.k8s.io"}, Resources: []string{"subjectaccessreviews"}},
			{Verbs: []string{"create"}, APIGroups: []string{""}, Resources: []string{"events"}},
		}, rbacv1.Subject{Kind: rbacv1.UserKind, Name: guardUser}),
		grant("editors", []rbacv1.PolicyRule{
			{Verbs: []string{"*"}, APIGroups: []string{""}, Resources: []string{"configmaps"}},
		}, rbacv1.Subject{Kind: rbacv1.GroupKind, Name: "editors"}),
	)
}

// writer is somebody who edits aws-auth; it keeps the warnings that it got.
type writer struct {
	kubernetes.Interface
	kubeconfig string
	mu         sync.Mutex
	warnings   []string
}

// HandleWarningHeader implements rest.WarningHandler.
func (w *writer) HandleWarningHeader(_ int, _ string, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.warnings = append(w.warnings, text)
}

// session is a writer who authenticated through a role, as the authenticator tells the API server.
func session(t *testing.T, role, name, username string, groups ...string) *writer {
	t.Helper()
	config, path, err := shared.Impersonate(rest.ImpersonationConfig{
		UserName: username, Groups: append(groups, "system:authenticated"),
		Extra: map[string][]string{
			"arn":          {"arn:aws:sts::111122223333:assumed-role/" + role + "/" + name},
			"canonicalArn": {"arn:aws:iam::111122223333:role/" + role},
			"sessionName":  {name},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{kubeconfig: path}
	config.WarningHandler = w
	w.Interface = kubernetes.NewForConfigOrDie(config)
	return w
}

func jane(t *testing.T) *writer { t.Helper(); return session(t, "dev", "jane", "dev:jane", "editors") }
func root(t *testing.T) *writer {
	t.Helper()
	return session(t, "root", "rob", "root", "system:masters")
}

// begin puts the map into the state that a test begins with, whatever the guard thinks of it.
func begin(t *testing.T, data map[string]string) *corev1.ConfigMap {
	t.Helper()
	maps := shared.eks.CoreV1().ConfigMaps("kube-system")
	if err := maps.Delete(t.Context(), "aws-auth", metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	c, err := maps.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: data}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func roles(text string) map[string]string { return map[string]string{"mapRoles": text} }

// put replaces the data, with an override or without one.
func (w *writer) put(t *testing.T, data map[string]string, reason string) error {
	t.Helper()
	c, err := shared.admin.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "aws-auth", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Data = data
	if reason != "" {
		c.Annotations = map[string]string{override: reason}
	}
	w.mu.Lock()
	w.warnings = nil
	w.mu.Unlock()
	_, err = w.CoreV1().ConfigMaps("kube-system").Update(t.Context(), c, metav1.UpdateOptions{FieldManager: "kubectl-edit"})
	return err
}

// inTime is what the guard says where an answer did not come before its deadline.
const inTime = "did not answer in time"

// edit makes an edit of a map, and again as long as the guard says that an answer did not come in time: the question
// goes on meanwhile, so a later try finds the answer, however slow the machine is. It gives the map as it was before.
func (w *writer) edit(t *testing.T, from, to map[string]string, reason string) (before *corev1.ConfigMap, err error) {
	t.Helper()
	await.Success(t, "an edit with all answers", func() error {
		before = begin(t, from)
		err = w.put(t, to, reason)
		if text := fmt.Sprint(err, w.warnings); strings.Contains(text, inTime) {
			return errors.New(text)
		}
		return nil
	})
	return before, err
}

// refused holds that an edit was refused by a rule, for the reasons given, and that nothing was stored.
func refused(t *testing.T, before *corev1.ConfigMap, err error, rule string, says ...string) {
	t.Helper()
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Reason != metav1.StatusReasonInvalid {
		t.Fatalf("not refused: %v", err)
	}
	var causes []string
	for _, c := range status.Status().Details.Causes {
		causes = append(causes, c.Message)
	}
	text := strings.Join(causes, "\n")
	for _, want := range append(says, "["+rule+"]") {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in the causes:\n%s", want, text)
		}
	}
	unchanged(t, before)
}

func unchanged(t *testing.T, before *corev1.ConfigMap) {
	t.Helper()
	now, err := shared.admin.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "aws-auth", metav1.GetOptions{})
	if err != nil || now.ResourceVersion != before.ResourceVersion || now.UID != before.UID {
		t.Errorf("the stored object changed: %v, version %s, was %s", err, now.ResourceVersion, before.ResourceVersion)
	}
}

// passed holds that an edit went through with a warning that holds each of the texts.
func (w *writer) passed(t *testing.T, err error, says ...string) {
	t.Helper()
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, want := range says {
		if !slices.ContainsFunc(w.warnings, func(text string) bool { return strings.Contains(text, want) }) {
			t.Errorf("no warning says %q: %q", want, w.warnings)
		}
	}
}

// silent holds that no warning names a rule.
func (w *writer) silent(t *testing.T, rule string) {
	t.Helper()
	for _, text := range w.warnings {
		if strings.Contains(text, "["+rule+"]") {
			t.Errorf("warned: %s", text)
		}
	}
}

// ready makes nodes that are Ready, and removes them when the test ends.
func ready(t *testing.T, names ...string) {
	t.Helper()
	api := shared.admin.CoreV1().Nodes()
	for _, name := range names {
		node, err := api.Create(t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = api.Delete(context.Background(), name, metav1.DeleteOptions{}) })
		node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
		if _, err := api.UpdateStatus(t.Context(), node, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// recorded holds that an override is in the audit log, in an Event and in the metrics.
func recorded(t *testing.T, rule, reason string) {
	t.Helper()
	await.Success(t, "the audit log", func() error {
		events, err := shared.AuditEvents()
		if err != nil {
			return err
		}
		for _, e := range events {
			if e.Annotations[guard.ValidateName+"/override"] == rule && e.Annotations[guard.ValidateName+"/override-reason"] == reason {
				return nil
			}
		}
		return fmt.Errorf("no audit event has the override %s: %s", rule, reason)
	})
	await.Success(t, "the Event", func() error {
		list, err := shared.admin.CoreV1().Events("kube-system").List(t.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, e := range list.Items {
			if e.Reason == "GuardOverridden" && e.InvolvedObject.Name == "aws-auth" && strings.Contains(e.Message, rule+": "+reason) {
				return nil
			}
		}
		return fmt.Errorf("none of %d Events tells of it", len(list.Items))
	})
	if text := metrics(t); !strings.Contains(text, fmt.Sprintf("awsauth_overrides_total{rule=%q}", rule)) {
		t.Error("the override is not counted")
	}
}

func metrics(t *testing.T) string {
	t.Helper()
	response, err := http.Get(shared.guard.MetricsURL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func jsonPatch(t *testing.T, operations ...map[string]any) []byte {
	t.Helper()
	data, err := json.Marshal(operations)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var patchOptions = metav1.PatchOptions{FieldManager: "kubectl-patch"} //nolint:gochecknoglobals // Never changed.

func (w *writer) patch(t *testing.T, patch []byte) error {
	t.Helper()
	_, err := w.CoreV1().ConfigMaps("kube-system").Patch(t.Context(), "aws-auth", types.JSONPatchType, patch, patchOptions)
	return err
}
