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

// ConfigurationName is that of both webhook configurations.
const ConfigurationName = "aws-auth-guard"

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
	for _, register := range []func(context.Context, kubernetes.Interface) error{
		g.registration(MutateName, "/mutate", failure).Mutating, g.registration(ValidateName, "/validate", failure).Validating,
	} {
		if err := register(ctx, clients); err != nil {
			return err
		}
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
		registrations.MutatingWebhookConfigurations().Delete(ctx, ConfigurationName, metav1.DeleteOptions{}),
		registrations.ValidatingWebhookConfigurations().Delete(ctx, ConfigurationName, metav1.DeleteOptions{}))
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

func (g *Guard) registration(name, path string, failure admissionregistrationv1.FailurePolicyType) *Registration {
	return &Registration{Object: ConfigurationName, Name: name, Client: g.Client(path), Failure: failure, Timeout: 5}
}

// Client is how the API server reaches the guard at a path.
func (g *Guard) Client(path string) admissionregistrationv1.WebhookClientConfig {
	url := g.URL + path
	return admissionregistrationv1.WebhookClientConfig{URL: &url, CABundle: g.Authority.PEM}
}

// Registration is a webhook that the API server asks about writes to kube-system/aws-auth.
type Registration struct {
	// Object is the name of the configuration, Name that of the webhook.
	Object, Name string
	Client       admissionregistrationv1.WebhookClientConfig
	// Conditions stand beside the one that selects the map.
	Conditions []admissionregistrationv1.MatchCondition
	Failure    admissionregistrationv1.FailurePolicyType
	// Timeout is in seconds.
	Timeout int32
}

// Mutating registers it as a mutating webhook.
func (r *Registration) Mutating(ctx context.Context, clients kubernetes.Interface) error {
	w, again := r.webhook(), admissionregistrationv1.IfNeededReinvocationPolicy
	_, err := clients.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(ctx, &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: r.Object},
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name: w.Name, ClientConfig: w.ClientConfig, Rules: w.Rules, NamespaceSelector: w.NamespaceSelector, MatchConditions: w.MatchConditions,
			FailurePolicy: w.FailurePolicy, MatchPolicy: w.MatchPolicy, SideEffects: w.SideEffects, TimeoutSeconds: w.TimeoutSeconds,
			AdmissionReviewVersions: w.AdmissionReviewVersions, ReinvocationPolicy: &again,
		}},
	}, metav1.CreateOptions{})
	return err
}

// Validating registers it as a validating webhook.
func (r *Registration) Validating(ctx context.Context, clients kubernetes.Interface) error {
	_, err := clients.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(ctx, &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: r.Object}, Webhooks: []admissionregistrationv1.ValidatingWebhook{r.webhook()},
	}, metav1.CreateOptions{})
	return err
}

func (r *Registration) webhook() admissionregistrationv1.ValidatingWebhook {
	scope, match, effects := admissionregistrationv1.NamespacedScope, admissionregistrationv1.Equivalent, admissionregistrationv1.SideEffectClassNoneOnDryRun
	return admissionregistrationv1.ValidatingWebhook{
		Name: r.Name, ClientConfig: r.Client,
		Rules: []admissionregistrationv1.RuleWithOperations{{
			Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update, admissionregistrationv1.Delete},
			Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}, Scope: &scope},
		}},
		NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: metav1.NamespaceSystem}},
		MatchConditions:   append([]admissionregistrationv1.MatchCondition{{Name: "aws-auth", Expression: registration.NameCondition}}, r.Conditions...),
		FailurePolicy:     &r.Failure, MatchPolicy: &match, SideEffects: &effects, TimeoutSeconds: &r.Timeout, AdmissionReviewVersions: []string{"v1"},
	}
}
