package rotation

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	questions "github.com/aws-auth-guard/aws-auth-guard/internal/cluster"
	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

// The names of a default installation.
const (
	secretName    = "aws-auth-guard-certificates"
	service       = "aws-auth-guard"
	configuration = "aws-auth-guard"
)

// site is an installation: the objects that the chart makes, and the replicas. The API server calls the replicas
// under the name of the Service; instead of kube-proxy a balancer of the test's leads it to those that are ready.
type site struct {
	t *testing.T
	// namespace is the site's own, host the name that its Service has.
	namespace, host string
	// kubeconfig is the access of the replicas, config the same.
	kubeconfig string
	config     *rest.Config
	flags      []string
	balancer   *balancer
}

// newSite makes everything but the Secret and the replicas.
func newSite(t *testing.T, ca, leaf time.Duration) *site {
	t.Helper()
	s := &site{t: t, balancer: newBalancer(t)}
	namespace, err := shared.admin.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "guard-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.namespace = namespace.Name
	s.host = service + "." + s.namespace + ".svc"
	user := "guard-of-" + s.namespace
	if s.config, s.kubeconfig, err = shared.User(user); err != nil {
		t.Fatal(err)
	}
	s.flags = []string{
		"--self-signed", "--namespace", s.namespace, "--self-signed-ca-validity", ca.String(), "--self-signed-leaf-validity", leaf.String(), "--drain", "1s",
	}
	_, err = shared.admin.CoreV1().Services(s.namespace).Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: service}, Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "127.0.0.1"},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.allow(user, true)
	s.register()
	return s
}

// allow gives a user what the chart gives to the service account, and creating Secrets where it should.
func (s *site) allow(user string, creating bool) {
	s.t.Helper()
	rules := []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{secretName}, Verbs: []string{"get", "list", "watch", "update", "patch"}},
	}
	if creating {
		rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"create"}})
	}
	subjects := []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}}
	_ = shared.admin.RbacV1().Roles(s.namespace).Delete(s.t.Context(), "guard", metav1.DeleteOptions{})
	_, err := shared.admin.RbacV1().Roles(s.namespace).Create(s.t.Context(), &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "guard"}, Rules: rules}, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = shared.admin.RbacV1().RoleBindings(s.namespace).Create(s.t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "guard"}, Subjects: subjects, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "guard"},
	}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		s.t.Fatal(err)
	}
	inCluster := []rbacv1.PolicyRule{{
		APIGroups: []string{"admissionregistration.k8s.io"}, Resources: []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"},
		ResourceNames: []string{configuration}, Verbs: []string{"get", "list", "watch", "patch"},
	}}
	for _, right := range questions.Rights() {
		inCluster = append(inCluster, rbacv1.PolicyRule{APIGroups: []string{right.Group}, Resources: []string{right.Resource}, Verbs: []string{right.Verb}})
	}
	_, err = shared.admin.RbacV1().ClusterRoles().Create(s.t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: s.namespace}, Rules: inCluster}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		s.t.Fatal(err)
	}
	_, err = shared.admin.RbacV1().ClusterRoleBindings().Create(s.t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace}, Subjects: subjects, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: s.namespace},
	}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		s.t.Fatal(err)
	}
}

// register makes both webhook configurations, with failurePolicy Fail and without a caBundle.
func (s *site) register() {
	s.t.Helper()
	client := func(path string) admissionregistrationv1.WebhookClientConfig {
		return admissionregistrationv1.WebhookClientConfig{Service: &admissionregistrationv1.ServiceReference{
			Namespace: s.namespace, Name: service, Path: &path, Port: &s.balancer.port,
		}}
	}
	fail, none, timeout := admissionregistrationv1.Fail, admissionregistrationv1.SideEffectClassNone, int32(5)
	rules := []admissionregistrationv1.RuleWithOperations{{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.OperationAll},
		Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
	}}
	namespaces := &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": "kube-system"}}
	conditions := []admissionregistrationv1.MatchCondition{{Name: "aws-auth", Expression: registration.NameCondition}}
	meta := metav1.ObjectMeta{Name: configuration}
	_, err := shared.admin.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(s.t.Context(), &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: meta, Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name: guard.MutateName, ClientConfig: client("/mutate"), Rules: rules, NamespaceSelector: namespaces, MatchConditions: conditions,
			FailurePolicy: &fail, SideEffects: &none, TimeoutSeconds: &timeout, AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = shared.admin.AdmissionregistrationV1().MutatingWebhookConfigurations().Delete(context.Background(), configuration, metav1.DeleteOptions{})
		_ = shared.admin.AdmissionregistrationV1().ValidatingWebhookConfigurations().Delete(context.Background(), configuration, metav1.DeleteOptions{})
	})
	_, err = shared.admin.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(s.t.Context(), &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: meta, Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: guard.ValidateName, ClientConfig: client("/validate"), Rules: rules, NamespaceSelector: namespaces, MatchConditions: conditions,
			FailurePolicy: &fail, SideEffects: &none, TimeoutSeconds: &timeout, AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
}

// emptySecret is the one that the chart makes.
func (s *site) emptySecret() {
	s.t.Helper()
	_, err := shared.admin.CoreV1().Secrets(s.namespace).Create(s.t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: secretName, Labels: map[string]string{"app.kubernetes.io/name": "aws-auth-guard"}},
	}, metav1.CreateOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
}

// secret is the Secret as it is stored, nil where there is none.
func (s *site) secret() *corev1.Secret {
	s.t.Helper()
	secret, err := shared.admin.CoreV1().Secrets(s.namespace).Get(s.t.Context(), secretName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return secret
}

// phase is that of the Secret, and the certificate of the authority that signs.
func (s *site) phase() (phase, authority string) {
	secret := s.secret()
	if secret == nil {
		return "", ""
	}
	var d struct {
		Phase   string `json:"phase"`
		Current struct {
			Certificate string `json:"certificate"`
		} `json:"current"`
	}
	_ = json.Unmarshal(secret.Data["authority.json"], &d)
	return d.Phase, d.Current.Certificate
}

// bundles are the caBundles of both configurations.
func (s *site) bundles() [2][]byte {
	s.t.Helper()
	m, err := shared.admin.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(s.t.Context(), configuration, metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	v, err := shared.admin.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(s.t.Context(), configuration, metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return [2][]byte{m.Webhooks[0].ClientConfig.CABundle, v.Webhooks[0].ClientConfig.CABundle}
}

// replica is a running webhook program.
type replica struct {
	*guard.Guard
	site *site
	log  *log
	kill context.CancelFunc
}

// log is what a replica writes.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(text)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// launch starts the program and reports that, or its failure, once it serves.
func (s *site) launch(kubeconfig string) (*log, <-chan *replica, <-chan error) {
	s.t.Helper()
	ctx, kill := context.WithCancel(s.t.Context())
	l, serving, failed := &log{}, make(chan *replica, 1), make(chan error, 1)
	dir := s.t.TempDir()
	go func() {
		g, err := guard.Start(ctx, guard.Options{
			Program: shared.program, Directory: dir, Log: l, Arguments: append([]string{"--kubeconfig", kubeconfig}, s.flags...),
		})
		if err != nil {
			failed <- err
			return
		}
		serving <- &replica{Guard: g, site: s, log: l, kill: kill}
	}()
	s.t.Cleanup(func() {
		kill()
		if s.t.Failed() {
			lines := slices.DeleteFunc(strings.Split(l.String(), "\n"), func(line string) bool { return strings.Contains(line, `"msg":"decision"`) })
			s.t.Logf("a replica's log, without decisions:\n%s", strings.Join(lines, "\n"))
		}
	})
	return l, serving, failed
}

// start starts a replica and waits until it is ready.
func (s *site) start() *replica {
	s.t.Helper()
	l, serving, failed := s.launch(s.kubeconfig)
	select {
	case r := <-serving:
		await.True(s.t, "a replica is ready", r.ready)
		s.balancer.add(r.address())
		return r
	case err := <-failed:
		s.t.Fatalf("%v\n%s", err, l)
	case <-time.After(await.Patience):
		s.t.Fatalf("a replica does not serve:\n%s", l)
	}
	return nil
}

func (r *replica) address() string { return strings.TrimPrefix(r.URL, "https://") }

func (r *replica) get(url string) (int, string) {
	response, err := http.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

func (r *replica) ready() bool {
	status, _ := r.get(r.HealthURL + "/readyz")
	return status == http.StatusOK
}

// serves reports whether an API server with the bundle accepts the replica, and what it serves.
func (r *replica) serves(bundle []byte) (*x509.Certificate, error) {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: r.site.host, MinVersion: tls.VersionTLS13}}
	c, err := dialer.DialContext(r.site.t.Context(), "tcp", r.address())
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}

// pemBody is a certificate as it stands in a PEM text.
func pemBody(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
