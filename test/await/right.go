package await

import (
	"context"
	"fmt"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Rights waits until the API server lets somebody do what rules say, in a namespace or in the whole cluster: it learns of
// roles and bindings a moment after it has stored them. It asks about the first verb and resource of each rule.
func Rights(ctx context.Context, client kubernetes.Interface, user string, groups []string, namespace string, rules ...rbacv1.PolicyRule) error {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	for _, rule := range rules {
		attributes := &authorizationv1.ResourceAttributes{Namespace: namespace, Verb: rule.Verbs[0], Group: rule.APIGroups[0], Resource: rule.Resources[0]}
		if len(rule.ResourceNames) > 0 {
			attributes.Name = rule.ResourceNames[0]
		}
		spec := authorizationv1.SubjectAccessReviewSpec{User: user, Groups: groups, ResourceAttributes: attributes}
		for {
			review, err := client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{Spec: spec}, metav1.CreateOptions{})
			if err != nil {
				return fmt.Errorf("waiting until %s may %s %s: %w", user, attributes.Verb, attributes.Resource, err)
			}
			if review.Status.Allowed {
				break
			}
			time.Sleep(tryInterval)
		}
	}
	return nil
}
