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

// Name is that of the main policy and of its binding; that for a delete has "-delete" after it.
const Name = "aws-auth-guard"

// Labels are those of both, as far as commands go by them.
func labels() map[string]string {
	return map[string]string{"app.kubernetes.io/part-of": "aws-auth-guard"}
}

// installLimit bounds the wait for the API server to take the policy up.
const installLimit = time.Minute

// Access is the ConfigMap that says the authentication mode, in the namespace of the guard.
const (
	Access    = "aws-auth-guard-access"
	Namespace = "aws-auth-guard"
)

// Policies are the two: one for a delete by name, the other for all other writes.
type Policies struct {
	Main, Delete admissionregistrationv1.ValidatingAdmissionPolicySpec
}

// Specs reads the policies as the chart renders them with default values. The working directory must be that of a package
// two folders below the module's root, as it is for the tests of such a package.
func Specs() (*Policies, error) {
	p := &Policies{}
	for name, spec := range map[string]*admissionregistrationv1.ValidatingAdmissionPolicySpec{"companion.yaml": &p.Main, "companion-delete.yaml": &p.Delete} {
		text, err := os.ReadFile(filepath.Join("..", "..", "charts", "aws-auth-guard", "files", name))
		if err != nil {
			return nil, err
		}
		if err := yaml.UnmarshalStrict(text, spec); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	p.Delete.Variables = p.Main.Variables
	p.AddConditions(
		admissionregistrationv1.MatchCondition{Name: "aws-auth", Expression: registration.NameCondition},
		admissionregistrationv1.MatchCondition{Name: "exempt-user-0", Expression: `!has(request.userInfo.username) || !request.userInfo.username.startsWith("eks:")`})
	return p, nil
}

// AddConditions adds conditions under which both policies ask.
func (p *Policies) AddConditions(conditions ...admissionregistrationv1.MatchCondition) {
	for _, spec := range []*admissionregistrationv1.ValidatingAdmissionPolicySpec{&p.Main, &p.Delete} {
		spec.MatchConditions = append(spec.MatchConditions, conditions...)
	}
}

// Install makes the policies, their bindings and the ConfigMap with the authentication mode, which is not known yet, and returns
// once the API server refuses by the policies. There must be no ConfigMap aws-auth yet, or one that they guard.
func Install(ctx context.Context, client kubernetes.Interface, p *Policies) error {
	_, err := client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: Namespace}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	_, err = client.CoreV1().ConfigMaps(Namespace).Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: Access}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	deny := admissionregistrationv1.DenyAction
	mode := &admissionregistrationv1.ParamRef{Name: Access, Namespace: Namespace, ParameterNotFoundAction: &deny}
	// The API server takes them up in this order.
	if err := errors.Join(install(ctx, client, Name+"-delete", &p.Delete, mode), install(ctx, client, Name, &p.Main, nil)); err != nil {
		return err
	}
	var last error
	err = wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, installLimit, true, func(ctx context.Context) (bool, error) {
		last = try(ctx, client)
		return apierrors.IsInvalid(last), nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the companion policy: %w (last answer: %w)", err, last)
	}
	return nil
}

func install(ctx context.Context, client kubernetes.Interface, name string, spec *admissionregistrationv1.ValidatingAdmissionPolicySpec, param *admissionregistrationv1.ParamRef) error {
	api := client.AdmissionregistrationV1()
	meta := metav1.ObjectMeta{Name: name, Labels: labels()}
	_, policyErr := api.ValidatingAdmissionPolicies().Create(ctx, &admissionregistrationv1.ValidatingAdmissionPolicy{ObjectMeta: meta, Spec: *spec}, metav1.CreateOptions{})
	_, bindingErr := api.ValidatingAdmissionPolicyBindings().Create(ctx, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: meta,
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: name, ParamRef: param, ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
		},
	}, metav1.CreateOptions{})
	return errors.Join(policyErr, bindingErr)
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
