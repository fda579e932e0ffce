package history

import (
	"context"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Since says, by its folded ARN, since when the map has had each role and user that its newest state lets in: since the oldest of
// the states without a break that have it. It is nil where there is no history.
func (s *Store) Since(ctx context.Context) (map[string]time.Time, error) {
	var states []state
	err := each(ctx, s.client, s.namespace, func(o *appsv1.ControllerRevision) {
		content, err := decode(o.Name, o.Data.Raw)
		if err != nil {
			return // Not reached: such a one is left out.
		}
		has := map[string]bool{}
		if doc := content.Document(); doc != nil {
			for _, p := range validate.InIAM(doc) {
				has[arn.Fold(p.String())] = true
			}
		}
		states = append(states, state{revisionOf(o), has})
	})
	if err != nil || len(states) == 0 {
		return nil, err
	}
	return since(states), nil
}

// state is a revision, and the principals that it lets in.
type state struct {
	*Revision
	has map[string]bool
}

func since(states []state) map[string]time.Time {
	slices.SortFunc(states, func(a, b state) int { return newerFirst(a.Revision, b.Revision) })
	since := map[string]time.Time{}
	for name := range states[0].has {
		for _, of := range states {
			if !of.has[name] {
				break
			}
			since[name] = of.Time
		}
	}
	return since
}
