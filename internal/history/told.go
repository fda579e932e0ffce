package history

import (
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

// Told makes revisions of states that something else has kept, such as an audit log, and judges them as a Recorder does. The
// states come one after the other, the earliest first.
type Told struct {
	policy *policy.Policy
	number int64
	// newest is the state before, and base the last good one, each nil where there is none.
	newest, base *awsauth.Document
	name         string
	// broken is set where the state before is not known.
	broken bool
}

// NewTold makes a Told whose first revision comes after that number.
func NewTold(p *policy.Policy, after int64) *Told {
	return &Told{policy: p, number: after, broken: true}
}

// Forget says that the state before the next one is not known.
func (t *Told) Forget() { t.broken = true }

// Next completes the revision of a state. It reports false for a state that is the one before: then it has no revision.
func (t *Told) Next(r *Revision, content Content) bool {
	if r.Name = content.Name(); !t.broken && r.Name == t.name {
		return false
	}
	doc := content.Document()
	t.number++
	r.Number, r.Deleted = t.number, content.Deleted
	r.compare(t.broken, t.newest, t.base, doc, t.policy, &Observation{})
	t.newest, t.name, t.broken = doc, r.Name, false
	if r.Good {
		t.base = doc
	}
	return true
}

// compare says what a state did to the one before it, and whether it is good. base is the last good state; first is set where
// nothing is known of the one before.
func (r *Revision) compare(first bool, before, base, now *awsauth.Document, p *policy.Policy, o *Observation) {
	// Against nothing all are gained: that says no more than the map itself.
	r.Changes = newChanges(nil)
	if !first {
		r.Changes = newChanges(access.Diff(before, now))
	}
	r.Summary = summarize(first, before, now, r.Changes)
	r.Problems = judge(now, base, p, o)
	r.Good = len(r.Problems) == 0
}
