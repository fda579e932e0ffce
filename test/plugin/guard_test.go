package plugin

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

// patience bounds the wait for the API server to notice a webhook; only a failing test waits that long.
const patience = 30 * time.Second

// validating is the guard's validating webhook as it should be, with nobody behind it.
func validating(t *testing.T) *admissionv1.ValidatingWebhookConfiguration {
	t.Helper()
	authority, err := guard.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	none, path := admissionv1.SideEffectClassNone, "/validate"
	return &admissionv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "aws-auth-guard"},
		Webhooks: []admissionv1.ValidatingWebhook{{
			Name: "validate.aws-auth-guard.dev", AdmissionReviewVersions: []string{"v1"}, SideEffects: &none,
			ClientConfig: admissionv1.WebhookClientConfig{
				Service: &admissionv1.ServiceReference{Namespace: "aws-auth-guard", Name: "guard", Path: &path}, CABundle: authority.PEM,
			},
			Rules: []admissionv1.RuleWithOperations{{
				Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update, admissionv1.Delete},
				Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
			}},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": "kube-system"}},
			MatchConditions:   []admissionv1.MatchCondition{{Name: "aws-auth", Expression: registration.NameCondition}},
		}},
	}
}

// register registers a guard for the time of a test.
func register(t *testing.T, c *admissionv1.ValidatingWebhookConfiguration) {
	t.Helper()
	api := client.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	if _, err := api.Create(t.Context(), c, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	ctx := context.WithoutCancel(t.Context())
	t.Cleanup(func() {
		if err := api.Delete(ctx, c.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
}

func TestAuditNamesEachWayPastTheGuard(t *testing.T) {
	ignore := admissionv1.Ignore
	for name, c := range map[string]struct {
		change func(*admissionv1.ValidatingWebhook)
		want   string
	}{
		"failure policy":    {func(w *admissionv1.ValidatingWebhook) { w.FailurePolicy = &ignore }, "warning: failurePolicy Ignore: while the guard does not answer within 10 s, edits go through unchecked"},
		"nobody and Ignore": {func(w *admissionv1.ValidatingWebhook) { w.FailurePolicy = &ignore }, "bypass: the service aws-auth-guard/guard does not exist: edits go through unchecked"},
		"nobody and Fail":   {func(*admissionv1.ValidatingWebhook) {}, "broken: the service aws-auth-guard/guard does not exist: every edit of aws-auth is refused"},
		"object selector": {func(w *admissionv1.ValidatingWebhook) {
			w.ObjectSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"guard": "on"}}
		}, "bypass: its objectSelector (guard=on) asks for labels of the object, which the writer chooses"},
		"namespace selector": {func(w *admissionv1.ValidatingWebhook) {
			w.NamespaceSelector.MatchLabels = map[string]string{"guard": "on"}
		}, "bypass: its namespaceSelector (guard=on) does not fit kube-system: it is never asked"},
		"changeable namespace": {func(w *admissionv1.ValidatingWebhook) {
			w.NamespaceSelector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "guard-off", Operator: metav1.LabelSelectorOpDoesNotExist}}}
		}, "whoever may label the namespace kube-system can turn the guard off"},
		"no deletions": {func(w *admissionv1.ValidatingWebhook) { w.Rules[0].Operations = w.Rules[0].Operations[:2] }, "bypass: its rules leave out DELETE of configmaps"},
		"another name": {func(w *admissionv1.ValidatingWebhook) {
			w.MatchConditions[0].Expression = "object.metadata.name == 'aws-auth-2'"
		}, "keeps creating aws-auth and editing aws-auth from the guard"},
		"by the writer": {func(w *admissionv1.ValidatingWebhook) {
			w.MatchConditions = append(w.MatchConditions, admissionv1.MatchCondition{Name: "people", Expression: "!request.userInfo.username.startsWith('eks:')"})
		}, "warning: the match condition people depends on who writes"},
		"an authorizer": {func(w *admissionv1.ValidatingWebhook) {
			w.MatchConditions[0].Expression = "authorizer.group('').resource('configmaps').check('x').allowed()"
		}, "unknown: the match condition aws-auth can't be judged here"},
		"no trust": {func(w *admissionv1.ValidatingWebhook) { w.ClientConfig.CABundle = nil }, "broken: there is no caBundle, so the API server does not trust the guard"},
		"alone":    {func(*admissionv1.ValidatingWebhook) {}, "only the validating webhook is registered"},
	} {
		t.Run(name, func(t *testing.T) {
			r := validating(t)
			c.change(&r.Webhooks[0])
			register(t, r)
			plugin(t, "", "", "audit").expect(t, 1, c.want, "WHO MAY TURN THE GUARD OFF", "User ghost: update, patch, delete, deletecollection")
		})
	}
}

// TestTheAPIServerDoesWhatAuditSaysOfMatchConditions has a dead guard registered, so that an edit is refused where the
// API server asks the guard, and goes through where it does not.
func TestTheAPIServerDoesWhatAuditSaysOfMatchConditions(t *testing.T) {
	const past = "from the guard: "
	for name, c := range map[string]struct {
		condition string
		// said of deletecollection, empty where nothing is, and what the API server answers; empty where it goes through.
		said, answer string
	}{
		"metadata.name":        {registration.NameCondition, "", "failed calling webhook"},
		"not has(…)":           {"(object != null ? object : oldObject).metadata.name == 'aws-auth'", "fails on creating any ConfigMap by generateName (no such key: name), so the API server refuses that", "failed calling webhook"},
		"request.name":         {"request.name == 'aws-auth'", "fails on deleting all ConfigMaps at once (deletecollection) (no such key: name), so the API server refuses that", "no such key: name"},
		"request.name, if any": {"has(request.name) && request.name == 'aws-auth'", "keeps deleting all ConfigMaps at once (deletecollection) " + past, ""},
		"not deletions":        {"request.operation != 'DELETE'", "keeps deleting aws-auth and deleting all ConfigMaps at once (deletecollection) " + past, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := validating(t)
			r.Webhooks[0].MatchConditions[0].Expression = c.condition
			register(t, r)
			awaitRefusal(t)
			report := plugin(t, "", "", "audit")
			report.expect(t, 1, c.said)
			if c.said == "" && strings.Contains(report.out, "match condition") {
				t.Errorf("audit finds fault with a proper condition:\n%s", report.out)
			}
			// A dry run asks the webhooks as a real one does, and deletes nothing.
			err := client.CoreV1().ConfigMaps("kube-system").DeleteCollection(t.Context(), metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}}, metav1.ListOptions{FieldSelector: "metadata.name=aws-auth"})
			if c.answer == "" && err != nil || c.answer != "" && (err == nil || !strings.Contains(err.Error(), c.answer)) {
				t.Errorf("deletecollection ended with %v, want %q", err, c.answer)
			}
		})
	}
}

// awaitRefusal waits until the API server asks the dead guard about an edit.
func awaitRefusal(t *testing.T) {
	t.Helper()
	patch := []byte(`{"metadata":{"labels":{"touched":"yes"}}}`)
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		_, err := client.CoreV1().ConfigMaps("kube-system").Patch(ctx, "aws-auth", "application/merge-patch+json", patch, metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
		return apierrors.IsInternalError(err), nil
	})
	if err != nil {
		t.Fatal("the API server does not ask the webhook:", err)
	}
}

func TestAuditCountsTheGuardsEndpoints(t *testing.T) {
	ctx := t.Context()
	register(t, validating(t))
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth-guard"}}
	if _, err := client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace.Name, Name: "guard"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 8443}}}}
	service, err := client.CoreV1().Services(namespace.Name).Create(ctx, service, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	plugin(t, "", "", "audit").expect(t, 1, "broken: the service aws-auth-guard/guard has no port 443")
	service.Spec.Ports[0].Port = 443
	if _, err := client.CoreV1().Services(namespace.Name).Update(ctx, service, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	plugin(t, "", "", "audit").expect(t, 1, "broken: no endpoint of the service aws-auth-guard/guard is ready: every edit of aws-auth is refused")
	for i, want := range []string{"warning: only one endpoint of the service", "2 ready"} {
		yes := true
		slice := &discoveryv1.EndpointSlice{
			ObjectMeta:  metav1.ObjectMeta{Namespace: namespace.Name, Name: fmt.Sprintf("guard-%d", i), Labels: map[string]string{discoveryv1.LabelServiceName: "guard"}},
			AddressType: discoveryv1.AddressTypeIPv4,
			Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{fmt.Sprintf("10.0.0.%d", i+1)}, Conditions: discoveryv1.EndpointConditions{Ready: &yes}}},
		}
		if _, err := client.DiscoveryV1().EndpointSlices(namespace.Name).Create(ctx, slice, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		plugin(t, "", "", "audit").expect(t, 1, want)
	}
}

// TestAuditOfTheRealGuard runs the real webhook program in front of the API server.
func TestAuditOfTheRealGuard(t *testing.T) {
	ctx := t.Context()
	other, err := controlplane.Start(ctx, controlplane.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Stop() })
	bin, err := guard.Build(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	g, err := guard.Start(ctx, guard.Options{Program: bin, Directory: t.TempDir(), Arguments: []string{"--kubeconfig", other.AdminKubeconfig}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Stop() })
	if err := g.Register(ctx, other.AdminConfig); err != nil {
		t.Fatal(err)
	}
	maps := kubernetes.NewForConfigOrDie(other.AdminConfig).CoreV1().ConfigMaps("kube-system")
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [developers]\n"}}
	if _, err := maps.Create(ctx, cm, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	r := plugin(t, other.AdminKubeconfig, "", "audit")
	// Its certificates last a day: that is all there is to say.
	r.expect(t, 0, "installed; something needs attention", "mutate.aws-auth-guard.dev in MutatingWebhookConfiguration aws-auth-guard repairs: "+g.URL+"/mutate",
		"validate.aws-auth-guard.dev in ValidatingWebhookConfiguration aws-auth-guard refuses: "+g.URL+"/validate", "warning: the certificate of its caBundle expires on")
	if strings.Contains(r.out, "bypass:") || strings.Contains(r.out, "broken:") {
		t.Errorf("a way past the guard where there is none:\n%s", r.out)
	}
}
