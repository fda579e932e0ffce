package admission

import (
	"maps"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Replay decides about a write that is past as both webhooks would have, one after the other. There is no cluster to ask any
// more: unasked says why, and findings that rest on its answers are inconclusive. Of a writer without a name nothing is known.
func Replay(p *policy.Policy, r *Request, entries *snapshot.View, unasked string) (repairs, verdict *Decision) {
	change := func(r *Request) *validate.Change {
		c := r.change()
		c.Requester.Outside = p.Exempt(r.User.Username)
		if r.User.Username == "" {
			c.Requester = nil
		}
		c.Facts = validate.Facts{Entries: entries, Unavailable: validate.Unavailable{Nodes: unasked, Bindings: unasked, Grants: unasked}}
		return c
	}
	c := change(r)
	repairs = Mutate(p, r, c)
	if len(repairs.Data) > 0 {
		repaired := *r
		repaired.New = r.New.DeepCopy()
		maps.Copy(repaired.New.Data, repairs.Data)
		r = &repaired
		c = change(r)
	}
	return repairs, Validate(p, r, c)
}
