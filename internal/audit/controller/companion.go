package controller

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
)

// companion looks at the ValidatingAdmissionPolicy that stands beside the webhooks: installing it is a choice, but a policy
// and its binding do nothing without each other.
func (l *leader) companion(ctx context.Context) *registration.Problem {
	api := l.client.AdmissionregistrationV1()
	_, err := api.ValidatingAdmissionPolicies().Get(ctx, l.Guard, metav1.GetOptions{})
	_, err2 := api.ValidatingAdmissionPolicyBindings().Get(ctx, l.Guard, metav1.GetOptions{})
	gone, unbound := apierrors.IsNotFound(err), apierrors.IsNotFound(err2)
	problem := func(kind registration.Kind, format string, args ...any) *registration.Problem {
		return &registration.Problem{Kind: kind, Message: fmt.Sprintf(format, args...)}
	}
	switch {
	case gone && unbound:
		return nil
	case gone:
		return problem(registration.Warning, "the companion policy %s is gone and its binding is left: it does nothing", l.Guard)
	case unbound:
		return problem(registration.Warning, "the companion policy %s has no binding: it does nothing", l.Guard)
	case err != nil:
		return problem(registration.Unknown, "the companion policy could not be read: %s", live.Why(err))
	case err2 != nil:
		return problem(registration.Unknown, "the binding of the companion policy could not be read: %s", live.Why(err2))
	}
	return nil
}
