package controller

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
)

// What to do about the companion policies.
const (
	upgrade = "upgrade the guard's release, which writes it again"
	allow   = "the chart's roles allow the auditor to read it: upgrade the guard's release where they were changed"
)

// companions looks at the ValidatingAdmissionPolicies that stand beside the webhooks: installing them is a choice, but none does
// its part without the other, nor without its binding.
func (l *leader) companions(ctx context.Context) []registration.Problem {
	var problems []registration.Problem
	add := func(kind registration.Kind, remedy, format string, args ...any) {
		problems = append(problems, registration.Problem{Kind: kind, Message: fmt.Sprintf(format, args...), Remedy: remedy})
	}
	names := []string{l.Guard, l.Guard + "-delete"}
	there := map[string]bool{}
	api := l.client.AdmissionregistrationV1()
	for _, name := range names {
		_, err := api.ValidatingAdmissionPolicies().Get(ctx, name, metav1.GetOptions{})
		_, err2 := api.ValidatingAdmissionPolicyBindings().Get(ctx, name, metav1.GetOptions{})
		gone, unbound := apierrors.IsNotFound(err), apierrors.IsNotFound(err2)
		there[name] = !gone || !unbound
		switch {
		case gone && unbound:
		case gone:
			add(registration.Warning, upgrade, "the companion policy %s is gone and its binding is left: it does nothing", name)
		case unbound:
			add(registration.Warning, upgrade, "the companion policy %s has no binding: it does nothing", name)
		case err != nil:
			add(registration.Unknown, allow, "the companion policy %s could not be read: %s", name, live.Why(err))
		case err2 != nil:
			add(registration.Unknown, allow, "the binding of the companion policy %s could not be read: %s", name, live.Why(err2))
		}
	}
	for i, name := range names {
		if other := names[1-i]; there[name] && !there[other] {
			add(registration.Warning, upgrade, "the companion policy %s is gone, and %s does only a part without it", other, name)
		}
	}
	return problems
}
