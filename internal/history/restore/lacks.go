package restore

import (
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Lacks are the protected principals that a state does not let in because it, or a state before it, lost them in an edit that
// neither the guard nor an override let pass. The history begins with the state, whose content is given.
func Lacks(all []*history.Revision, content history.Content) []string {
	rule := validate.Guarding(validate.ProtectedOut).Name
	judged := map[string]bool{}
	if doc := content.Document(); doc != nil {
		for _, row := range access.Table(doc) {
			judged[arn.Fold(row.ARN)] = true
		}
	}
	var lacks []string
	for i, r := range all {
		meant := r.Admitted || overridden(all[i:], rule)
		for _, lost := range r.ProtectedLost {
			key := arn.Fold(lost)
			if !judged[key] && !meant {
				lacks = append(lacks, lost)
			}
			judged[key] = true // The latest loss counts.
		}
	}
	return lacks
}
