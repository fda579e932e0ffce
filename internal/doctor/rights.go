package doctor

import (
	"context"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

func listOne() metav1.ListOptions { return metav1.ListOptions{Limit: 1} }

// everybodys are the groups of APIs in which everybody who is in may ask about oneself.
func everybodys() []string { return []string{"authorization.k8s.io", "authentication.k8s.io"} }

// mayDo asks the cluster what the caller may do in its namespace; what everybody may who is in is left out. Access policies of EKS
// are not in the answer.
func (e *Examination) mayDo(ctx context.Context) ([]string, error) {
	review, err := e.subject.reader.Client.AuthorizationV1().SelfSubjectRulesReviews().Create(ctx,
		&authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: e.namespace()}}, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	var may []string
	for _, r := range review.Status.ResourceRules {
		if slices.ContainsFunc(r.APIGroups, func(g string) bool { return slices.Contains(everybodys(), g) }) && len(r.APIGroups) == 1 {
			continue
		}
		may = append(may, text.Visible(strings.Join(r.Verbs, "/")+" "+strings.Join(r.Resources, ", ")))
	}
	return may, nil
}
