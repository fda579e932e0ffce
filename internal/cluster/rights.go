package cluster

import (
	"context"
	"fmt"
	"slices"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Right is what the guard has to be allowed to do in the whole cluster, to ask for the answers that rules need.
type Right struct {
	Verb, Group, Resource string
	// Rules are those that are blind without it.
	Rules []string
}

// String is the right in words: "list nodes".
func (r Right) String() string {
	if r.Group == "" {
		return r.Verb + " " + r.Resource
	}
	return r.Verb + " " + r.Resource + "." + r.Group
}

// Rights are all that Ask makes use of.
func Rights() []Right {
	nodes, bindings := validate.Needing(validate.TopicNodes), validate.Needing(validate.TopicBindings)
	rights := []Right{
		{"list", "", "nodes", nodes},
		{"list", "certificates.k8s.io", "certificatesigningrequests", nodes},
	}
	for _, kind := range NodeClassKinds() {
		rights = append(rights, Right{"list", kind.Resource.Group, kind.Resource.Resource, nodes})
	}
	return append(rights,
		Right{"list", "rbac.authorization.k8s.io", "rolebindings", bindings},
		Right{"list", "rbac.authorization.k8s.io", "clusterrolebindings", bindings},
		Right{"create", "authorization.k8s.io", "subjectaccessreviews", validate.Needing(validate.TopicGrants)})
}

// Missing are the rights that the guard lacks, of those that rules need which are not off. Everybody may ask that of
// himself.
func (c *Cluster) Missing(ctx context.Context, off map[string]bool) ([]Right, error) {
	var missing []Right
	for _, right := range Rights() {
		if !slices.ContainsFunc(right.Rules, func(rule string) bool { return !off[rule] }) {
			continue
		}
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: right.Verb, Group: right.Group, Resource: right.Resource},
		}}
		answer, err := c.client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
		if err != nil {
			return nil, fmt.Errorf("asking whether the guard may %s: %w", right, err)
		}
		if !answer.Status.Allowed {
			missing = append(missing, right)
		}
	}
	return missing, nil
}
