package guard

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
)

// The names of the webhooks, which begin the keys of their audit annotations.
const (
	MutateName   = "mutate.aws-auth-guard.dev"
	ValidateName = "validate.aws-auth-guard.dev"
)

// registerLimit bounds the wait for the API server to ask the guard.
const registerLimit = time.Minute

// configurationName is that of both webhook configurations.
const configurationName = "aws-auth-guard"

// Register makes the API server ask the guard about writes to kube-system/aws-auth, and refuse them where the
// guard does not answer. It returns once the API server does so. The ConfigMap must not be there yet, and the
// guard's policy must be the default one, or one that is stricter.
func (g *Guard) Register(ctx context.Context, config *rest.Config) error {
	return g.RegisterWith(ctx, config, admissionregistrationv1.Fail)
}

// RegisterWith is Register with a failure policy, which says what happens where the guard does not answer.
func (g *Guard) RegisterWith(ctx context.Context, config *rest.Config, failure admissionregistrationv1.FailurePolicyType) error {
	quiet := rest.CopyConfig(config)
	quiet.WarningHandler = rest.NoWarnings{}
	clients, err := kubernetes.NewForConfig(quiet)
	if err != nil {
		return err
	}
	if err := g.registerMutate(ctx, clients, failure); err != nil {
		return err
	}
	if err := g.registerValidate(ctx, clients, failure); err != nil {
		return err
	}
	return await(ctx, clients)
}

// Unregister makes the API server forget the guard. It returns once it is asked about no write any more.
func (g *Guard) Unregister(ctx context.Context, config *rest.Config) error {
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	registrations := clients.AdmissionregistrationV1()
	err = errors.Join(
		registrations.MutatingWebhookConfigurations().Delete(ctx, configurationName, metav1.DeleteOptions{}),
		registrations.ValidatingWebhookConfigurations().Delete(ctx, configurationName, metav1.DeleteOptions{}))
	if err != nil {
		return err
	}
	err = wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, registerLimit, true, func(ctx context.Context) (bool, error) {
		// The map may be there: that is found out after the webhooks were asked.
		_, err := try(ctx, clients, refused)
		return err == nil || apierrors.IsAlreadyExists(err), nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the API server to forget the guard: %w", err)
	}
	return nil
}

const (
	repaired = "arn:aws:iam::111122223333:role/path/x"
	refused  = "arn:aws:sts::111122223333:assumed-role/x/y"
)

// try creates a map with one role, without storing it, and gives the text that would be stored.
func try(ctx context.Context, clients kubernetes.Interface, arn string) (string, error) {
	c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth"}, Data: map[string]string{"mapRoles": "- rolearn: " + arn + "\n  username: x\n"}}
	c, err := clients.CoreV1().ConfigMaps("kube-system").Create(ctx, c, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldManager: "kubectl"})
	if err != nil {
		return "", err
	}
	return c.Data["mapRoles"], nil
}

// await tries writes, without storing anything, until one is repaired and another refused.
func await(ctx context.Context, clients kubernetes.Interface) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, registerLimit, true, func(ctx context.Context) (bool, error) {
		var text string
		if text, last = try(ctx, clients, repaired); last != nil || strings.Contains(text, "path") {
			return false, nil
		}
		_, last = try(ctx, clients, refused)
		return apierrors.IsInvalid(last), nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the API server to ask the guard: %w (last answer: %w)", err, last)
	}
	return nil
}

func (g *Guard) registerMutate(ctx context.Context, clients kubernetes.Interface, failure admissionregistrationv1.FailurePolicyType) error {
	p := g.parts("/mutate")
	again := admissionregistrationv1.IfNeededReinvocationPolicy
	_, err := clients.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(ctx, &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: configurationName},
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name: MutateName, ClientConfig: p.client, Rules: p.rules, NamespaceSelector: p.namespace, MatchConditions: p.conditions,
			FailurePolicy: &failure, MatchPolicy: &p.match, SideEffects: &p.effects, TimeoutSeconds: &p.timeout,
			AdmissionReviewVersions: []string{"v1"}, ReinvocationPolicy: &again,
		}},
	}, metav1.CreateOptions{})
	return err
}

func (g *Guard) registerValidate(ctx context.Context, clients kubernetes.Interface, failure admissionregistrationv1.FailurePolicyType) error {
	p := g.parts("/validate")
	_, err := clients.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(ctx, &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: configurationName},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: ValidateName, ClientConfig: p.client, Rules: p.rules, NamespaceSelector: p.namespace, MatchConditions: p.conditions,
			FailurePolicy: &failure, MatchPolicy: &p.match, SideEffects: &p.effects, TimeoutSeconds: &p.timeout,
			AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	return err
}

// parts are what both webhooks have alike.
type parts struct {
	client     admissionregistrationv1.WebhookClientConfig
	rules      []admissionregistrationv1.RuleWithOperations
	namespace  *metav1.LabelSelector
	conditions []admissionregistrationv1.MatchCondition
	match      admissionregistrationv1.MatchPolicyType
	effects    admissionregistrationv1.SideEffectClass
	timeout    int32
}

func (g *Guard) parts(path string) *parts {
	url := g.URL + path
	scope := admissionregistrationv1.NamespacedScope
	return &parts{
		client: admissionregistrationv1.WebhookClientConfig{URL: &url, CABundle: g.Authority.PEM},
		rules: []admissionregistrationv1.RuleWithOperations{{
			Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update, admissionregistrationv1.Delete},
			Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}, Scope: &scope},
		}},
		namespace:  &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": "kube-system"}},
		conditions: []admissionregistrationv1.MatchCondition{{Name: "aws-auth", Expression: registration.NameCondition}},
		match:      admissionregistrationv1.Equivalent,
		effects:    admissionregistrationv1.SideEffectClassNoneOnDryRun, timeout: 5,
	}
}
