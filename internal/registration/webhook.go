package registration

import (
	"fmt"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The signs by which a webhook is taken for the guard's: the end of its name, or its path.
const (
	nameSuffix   = ".aws-auth-guard.dev"
	mutatePath   = "/mutate"
	validatePath = "/validate"
)

// The defaults of the API server for what a webhook leaves out.
const (
	defaultTimeout = 10
	defaultPort    = 443
)

// Webhook is one webhook of a configuration, mutating or validating.
type Webhook struct {
	// Configuration is "ValidatingWebhookConfiguration NAME".
	Configuration string
	Name          string
	Mutating      bool

	client     admissionv1.WebhookClientConfig
	rules      []admissionv1.RuleWithOperations
	failure    admissionv1.FailurePolicyType
	timeout    int32
	namespaces *metav1.LabelSelector
	objects    *metav1.LabelSelector
	conditions []admissionv1.MatchCondition
}

// Find picks the guard's webhooks out of all those of a cluster: those that are named like the guard's, and those
// of configmaps that have its paths.
func Find(mutating []*admissionv1.MutatingWebhookConfiguration, validating []*admissionv1.ValidatingWebhookConfiguration) []*Webhook {
	var found []*Webhook
	add := func(w *Webhook, failure *admissionv1.FailurePolicyType, timeout *int32) {
		w.failure, w.timeout = admissionv1.Fail, defaultTimeout
		if failure != nil {
			w.failure = *failure
		}
		if timeout != nil {
			w.timeout = *timeout
		}
		if w.isOurs() {
			found = append(found, w)
		}
	}
	for _, c := range mutating {
		for i := range c.Webhooks {
			h := &c.Webhooks[i]
			add(&Webhook{
				Configuration: "MutatingWebhookConfiguration " + c.Name, Name: h.Name, Mutating: true, client: h.ClientConfig, rules: h.Rules,
				namespaces: h.NamespaceSelector, objects: h.ObjectSelector, conditions: h.MatchConditions,
			}, h.FailurePolicy, h.TimeoutSeconds)
		}
	}
	for _, c := range validating {
		for i := range c.Webhooks {
			h := &c.Webhooks[i]
			add(&Webhook{
				Configuration: "ValidatingWebhookConfiguration " + c.Name, Name: h.Name, client: h.ClientConfig, rules: h.Rules,
				namespaces: h.NamespaceSelector, objects: h.ObjectSelector, conditions: h.MatchConditions,
			}, h.FailurePolicy, h.TimeoutSeconds)
		}
	}
	return found
}

func (w *Webhook) isOurs() bool {
	if strings.HasSuffix(w.Name, nameSuffix) {
		return true
	}
	path := w.path()
	return (w.Mutating && path == mutatePath || !w.Mutating && path == validatePath) &&
		slices.ContainsFunc(operations(), w.covers)
}

// path is that of the URL or of the service.
func (w *Webhook) path() string {
	switch {
	case w.client.URL != nil:
		rest := *w.client.URL
		if _, after, ok := strings.Cut(rest, "://"); ok {
			rest = after
		}
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			return rest[i:]
		}
	case w.client.Service != nil && w.client.Service.Path != nil:
		return *w.client.Service.Path
	}
	return ""
}

// Service is the service that answers, or false where the webhook has a URL.
func (w *Webhook) Service() (namespace, name string, ok bool) {
	if w.client.Service == nil {
		return "", "", false
	}
	return w.client.Service.Namespace, w.client.Service.Name, true
}

func (w *Webhook) port() int32 {
	if w.client.Service.Port != nil {
		return *w.client.Service.Port
	}
	return defaultPort
}

// backend names what answers.
func (w *Webhook) backend() string {
	switch {
	case w.client.Service != nil:
		return fmt.Sprintf("service %s/%s:%d", w.client.Service.Namespace, w.client.Service.Name, w.port())
	case w.client.URL != nil:
		return *w.client.URL
	}
	return ""
}

// operations are those by which aws-auth is written.
func operations() []admissionv1.OperationType {
	return []admissionv1.OperationType{admissionv1.Create, admissionv1.Update, admissionv1.Delete}
}

// covers reports whether the rules send an operation on a ConfigMap to the webhook.
func (w *Webhook) covers(op admissionv1.OperationType) bool {
	return slices.ContainsFunc(w.rules, func(r admissionv1.RuleWithOperations) bool {
		return (slices.Contains(r.Operations, op) || slices.Contains(r.Operations, admissionv1.OperationAll)) &&
			holds(r.APIGroups, corev1.GroupName) && holds(r.APIVersions, "v1") &&
			(holds(r.Resources, "configmaps") || slices.Contains(r.Resources, "*/*")) &&
			(r.Scope == nil || *r.Scope != admissionv1.ClusterScope)
	})
}

func holds(list []string, item string) bool {
	return slices.Contains(list, item) || slices.Contains(list, "*")
}
