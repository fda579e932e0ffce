package main

import (
	"context"
	"fmt"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
)

// onlyFor lets the API server ask about the edits of one user.
func onlyFor(user string) admissionregistrationv1.MatchCondition {
	return admissionregistrationv1.MatchCondition{Name: "user", Expression: fmt.Sprintf("request.userInfo.username == '%s'", user)}
}

func conditions(user string) []admissionregistrationv1.MatchCondition {
	return []admissionregistrationv1.MatchCondition{
		{Name: "aws-auth", Expression: registration.NameCondition}, onlyFor(user),
	}
}

func rules() []admissionregistrationv1.RuleWithOperations {
	return []admissionregistrationv1.RuleWithOperations{{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update, admissionregistrationv1.Delete},
		Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
	}}
}

func selector() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": "kube-system"}}
}

// objectName is the name of the object that registers a webhook.
func objectName(hook string) string { return strings.TrimSuffix(hook, ".bench.test") }

func (l *lab) registerValidating(ctx context.Context, hook, user string, client admissionregistrationv1.WebhookClientConfig) error {
	fail, none, timeout := admissionregistrationv1.Fail, admissionregistrationv1.SideEffectClassNone, int32(10)
	_, err := l.admin.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(ctx, &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: objectName(hook)},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: hook, ClientConfig: client, Rules: rules(), NamespaceSelector: selector(), MatchConditions: conditions(user),
			FailurePolicy: &fail, SideEffects: &none, TimeoutSeconds: &timeout, AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	return err
}

func (l *lab) registerMutating(ctx context.Context, hook, user string, client admissionregistrationv1.WebhookClientConfig) error {
	fail, none, timeout := admissionregistrationv1.Fail, admissionregistrationv1.SideEffectClassNone, int32(10)
	_, err := l.admin.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(ctx, &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: objectName(hook)},
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name: hook, ClientConfig: client, Rules: rules(), NamespaceSelector: selector(), MatchConditions: conditions(user),
			FailurePolicy: &fail, SideEffects: &none, TimeoutSeconds: &timeout, AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	return err
}
