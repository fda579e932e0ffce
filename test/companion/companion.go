package companion

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/internal/registration"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// Name is that of the policy and of its binding.
const Name = "aws-auth-guard"

// Labels are those of both, as far as commands go by them.
func labels() map[string]string {
	return map[string]string{"app.kubernetes.io/part-of": "aws-auth-guard"}
}

// installLimit bounds the wait for the API server to take the policy up.
const installLimit = time.Minute

// Spec reads the policy as the chart renders it with default values. The working directory must be that of a package
// two folders below the module's root, as it is for the tests of such a package.
func Spec() (*admissionregistrationv1.ValidatingAdmissionPolicySpec, error) {
	text, err := os.ReadFile(filepath.Join("..", "..", "charts", "aws-auth-guard", "files", "companion.yaml"))
	if err != nil {
		return nil, err
	}
	spec := &admissionregistrationv1.ValidatingAdmissionPolicySpec{}
	if err := yaml.UnmarshalStrict(text, spec); err != nil {
		return nil, fmt.Errorf("the companion policy: %w", err)
	}
	spec.MatchConditions = []admissionregistrationv1.MatchCondition{
		{Name: "aws-auth", Expression: registration.NameCondition},
		{Name: "exempt-user-0", Expression: `!has(request.userInfo.username) || !request.userInfo.username.startsWith("eks:")`},
	}
	return spec, nil
}

// Install makes the policy and its binding, and returns once the API server refuses by it. There must be no ConfigMap
// aws-auth yet, or one that the policy guards.
func Install(ctx context.Context, client kubernetes.Interface, spec *admissionregistrationv1.ValidatingAdmissionPolicySpec) error {
	api := client.AdmissionregistrationV1()
	meta := metav1.ObjectMeta{Name: Name, Labels: labels()}
	_, policyErr := api.ValidatingAdmissionPolicies().Create(ctx, &admissionregistrationv1.ValidatingAdmissionPolicy{ObjectMeta: meta, Spec: *spec}, metav1.CreateOptions{})
	_, bindingErr := api.ValidatingAdmissionPolicyBindings().Create(ctx, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: meta,
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: Name, ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
		},
	}, metav1.CreateOptions{})
	if err := errors.Join(policyErr, bindingErr); err != nil {
		return err
	}
	var last error
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, installLimit, true, func(ctx context.Context) (bool, error) {
		last = try(ctx, client)
		return apierrors.IsInvalid(last), nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the companion policy: %w (last answer: %w)", err, last)
	}
	return nil
}

// try writes, without storing anything, what the policy refuses.
func try(ctx context.Context, client kubernetes.Interface) error {
	maps := client.CoreV1().ConfigMaps(awsauth.Namespace)
	stored, err := maps.Get(ctx, awsauth.Name, metav1.GetOptions{})
	dry := []string{metav1.DryRunAll}
	if apierrors.IsNotFound(err) {
		wrong := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: awsauth.Name}, Data: map[string]string{"mapRoles": "{}"}}
		_, err = maps.Create(ctx, wrong, metav1.CreateOptions{DryRun: dry})
		return err
	}
	if err != nil {
		return err
	}
	stored.Data = map[string]string{"maproles": "[]"}
	_, err = maps.Update(ctx, stored, metav1.UpdateOptions{DryRun: dry})
	return err
}
