package permissions

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
)

const (
	// patience bounds waits for something that does happen; only a failing test waits that long.
	patience = time.Minute

	nodes = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	other = "- rolearn: arn:aws:iam::111122223333:role/other-nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	admin = "- rolearn: arn:aws:iam::111122223333:role/admin\n  username: admin:{{SessionName}}\n  groups:\n  - system:masters\n"
	devs  = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev:{{SessionName}}\n  groups:\n  - ghosts\n"
)

// suite is what the tests share; they all write the one map that there is, so none runs beside another.
type suite struct {
	*controlplane.ControlPlane
	admin kubernetes.Interface
	// eks is exempt from all that the chart installs.
	eks     kubernetes.Interface
	objects dynamic.Interface
	mapper  meta.RESTMapper
	program string
}

var shared suite //nolint:gochecknoglobals // Starting it takes too long to do it for each test.

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err := shared.start(ctx)
	if shared.ControlPlane != nil {
		defer func() { _ = shared.Stop() }()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func (s *suite) start(ctx context.Context) (err error) {
	if s.ControlPlane, err = controlplane.Start(ctx, controlplane.Options{Progress: os.Stderr}); err != nil {
		return err
	}
	config := rest.CopyConfig(s.AdminConfig)
	config.WarningHandler, config.WarningHandlerWithContext = rest.NoWarnings{}, rest.NoWarnings{}
	s.admin, s.objects = kubernetes.NewForConfigOrDie(config), dynamic.NewForConfigOrDie(config)
	eks := rest.CopyConfig(config)
	eks.Impersonate = rest.ImpersonationConfig{UserName: "eks:addon-manager", Groups: []string{"system:masters"}}
	s.eks = kubernetes.NewForConfigOrDie(eks)
	s.mapper = restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(s.admin.Discovery()))
	for _, ns := range []string{namespace} {
		if _, err := s.admin.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	s.program = filepath.Join(s.Directory, "webhook")
	build := exec.CommandContext(ctx, "go", "build", "-o", s.program, "./cmd/webhook")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", build, err, out)
	}
	return s.nodes(ctx)
}

// install makes objects of the chart, in place of those that are there. Roles get a rule for each permission.
func install(t *testing.T, objects rendering) {
	t.Helper()
	for _, o := range objects {
		kind := o.GroupVersionKind()
		mapping, err := shared.mapper.RESTMapping(kind.GroupKind(), kind.Version)
		if err != nil {
			t.Fatal(err)
		}
		var api dynamic.ResourceInterface = shared.objects.Resource(mapping.Resource)
		if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
			api = shared.objects.Resource(mapping.Resource).Namespace(o.GetNamespace())
		}
		o = o.DeepCopy()
		if o.GetKind() == "Role" || o.GetKind() == "ClusterRole" {
			apart(t, o)
		}
		if err := api.Delete(t.Context(), o.GetName(), metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			t.Fatal(err)
		}
		if _, err := api.Create(t.Context(), o, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict}); err != nil {
			t.Fatalf("%s %s: %v", o.GetKind(), o.GetName(), err)
		}
		remove := context.WithoutCancel(t.Context())
		t.Cleanup(func() {
			if err := api.Delete(remove, o.GetName(), metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
				t.Error(err)
			}
		})
	}
}

// apart gives a role one rule for each permission.
func apart(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	var role rbacv1.Role
	convert(t, o, &role)
	var rules []any
	for i := range role.Rules {
		for _, rule := range split(&role.Rules[i]) {
			rules = append(rules, object(&rule))
		}
	}
	o.Object["rules"] = rules
}

func object(rule *rbacv1.PolicyRule) map[string]any {
	list := func(from []string) []any {
		var all []any
		for _, s := range from {
			all = append(all, s)
		}
		return all
	}
	o := map[string]any{"apiGroups": list(rule.APIGroups), "resources": list(rule.Resources), "verbs": list(rule.Verbs)}
	if len(rule.ResourceNames) > 0 {
		o["resourceNames"] = list(rule.ResourceNames)
	}
	return o
}

// take takes a permission from an account until the end of the test. It returns once the API server goes by that: so nothing
// else gives it.
func take(t *testing.T, account string, p permission) {
	t.Helper()
	change := func(ctx context.Context, there bool) error {
		same := func(r rbacv1.PolicyRule) bool { return fmt.Sprint(r) == fmt.Sprint(p.rule) }
		edit := func(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
			rules = slices.DeleteFunc(rules, same)
			if there {
				rules = append(rules, p.rule)
			}
			return rules
		}
		api := shared.admin.RbacV1()
		if p.namespace == "" {
			role, err := api.ClusterRoles().Get(ctx, p.role, metav1.GetOptions{})
			if err == nil {
				role.Rules = edit(role.Rules)
				_, err = api.ClusterRoles().Update(ctx, role, metav1.UpdateOptions{})
			}
			return err
		}
		role, err := api.Roles(p.namespace).Get(ctx, p.role, metav1.GetOptions{})
		if err == nil {
			role.Rules = edit(role.Rules)
			_, err = api.Roles(p.namespace).Update(ctx, role, metav1.UpdateOptions{})
		}
		return err
	}
	if err := change(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	later := context.WithoutCancel(t.Context())
	t.Cleanup(func() {
		if err := change(later, true); err != nil {
			t.Error(err)
		}
		awaitAllowed(later, t, account, p, true)
	})
	awaitAllowed(t.Context(), t, account, p, false)
}

// awaitAllowed waits until the API server allows something, or no longer.
func awaitAllowed(ctx context.Context, t *testing.T, account string, p permission, want bool) {
	t.Helper()
	attributes := &authorizationv1.ResourceAttributes{Namespace: p.namespace, Verb: p.rule.Verbs[0], Group: p.rule.APIGroups[0], Resource: p.rule.Resources[0]}
	if len(p.rule.ResourceNames) > 0 {
		attributes.Name = p.rule.ResourceNames[0]
	}
	eventually(t, fmt.Sprintf("%s: allowed %v", p, want), func() error {
		review, err := shared.admin.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: "system:serviceaccount:" + namespace + ":" + account, Groups: []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"},
			ResourceAttributes: attributes,
		}}, metav1.CreateOptions{})
		if err == nil && review.Status.Allowed != want {
			err = fmt.Errorf("allowed %v: %s", review.Status.Allowed, review.Status.Reason)
		}
		return err
	})
}

// signIn gives a kubeconfig with a token of a service account.
func signIn(t *testing.T, account string) string {
	t.Helper()
	request, err := shared.admin.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), account, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	content := clientcmdapi.NewConfig()
	content.Clusters["cluster"] = &clientcmdapi.Cluster{Server: shared.AdminConfig.Host, CertificateAuthorityData: shared.AdminConfig.CAData}
	content.AuthInfos["user"] = &clientcmdapi.AuthInfo{Token: request.Status.Token}
	content.Contexts["context"] = &clientcmdapi.Context{Cluster: "cluster", AuthInfo: "user"}
	content.CurrentContext = "context"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*content, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// writeMap makes the map, as the administrator.
func writeMap(t *testing.T, text string) error {
	t.Helper()
	api := shared.admin.CoreV1().ConfigMaps("kube-system")
	cm, err := api.Get(t.Context(), "aws-auth", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		_, err = api.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: map[string]string{"mapRoles": text}}, metav1.CreateOptions{FieldManager: "kubectl-create"})
		return err
	}
	if err != nil {
		return err
	}
	cm.Data = map[string]string{"mapRoles": text}
	_, err = api.Update(t.Context(), cm, metav1.UpdateOptions{FieldManager: "kubectl-edit"})
	return err
}

// deleteMap deletes the map, as somebody whom nobody stops.
func deleteMap(t *testing.T) {
	t.Helper()
	if err := shared.eks.CoreV1().ConfigMaps("kube-system").Delete(context.WithoutCancel(t.Context()), "aws-auth", metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, try func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%s: %v", what, err)
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// expectations holds that the table of a test and the rendering speak of the same permissions.
func expectations[T any](t *testing.T, table map[string]T, all []permission) {
	t.Helper()
	rendered := texts(all)
	for i, p := range rendered {
		if _, ok := table[p]; !ok {
			t.Errorf("the chart gives %q, and no test needs it", p)
		}
		if i > 0 && rendered[i-1] == p {
			t.Errorf("the chart gives %q twice", p)
		}
	}
	for p := range table {
		if !slices.Contains(rendered, p) {
			t.Errorf("the table has %q, and the chart does not give it", p)
		}
	}
}

var errNotYet = errors.New("not yet")
