package restore

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Break is a way in which the live map is broken. Whatever else is wrong with a map is no break: it is reported, and left
// to people.
type Break string

// The breaks.
const (
	// Whole: it is not broken.
	Whole Break = ""
	// Deleted: there is no map, or it lets nobody in.
	Deleted Break = "deleted"
	// Unreadable: a list does not parse, and all of it is lost.
	Unreadable Break = "unreadable"
	// NodesLost: nodes can't join any more (history.LostNodes).
	NodesLost Break = "nodes lost"
)

// rule is the one that refuses an edit which breaks the map so.
func (b Break) rule() string {
	harm := map[Break]validate.Harm{Deleted: validate.Gone, Unreadable: validate.Unreadable, NodesLost: validate.NodesOut}[b]
	return validate.Guarding(harm).Name
}

// Find says how the live map is broken against the last good one. A live map of nil is one that is not there. Where the
// cluster's nodes are not known (nil), lost node mappings are no break: nobody may need them. A map that EKS does not read is
// never broken; entries are the access entries, nil where they are not known.
func Find(live, good *awsauth.Document, nodes *validate.NodeFacts, entries *snapshot.View) Break {
	switch {
	case entries.Mode() == snapshot.API:
		return Whole
	case live == nil:
		return Deleted
	case slices.ContainsFunc(live.Sections(), (*awsauth.Section).Discarded):
		return Unreadable
	case len(access.Table(live)) == 0:
		return Deleted
	case nodes != nil && len(history.LostNodes(good, live, nodes, entries)) > 0:
		return NodesLost
	}
	return Whole
}

// Action is what auto-restore does.
type Action string

// The actions.
const (
	// Nothing is to be done: the map is not broken, or auto-restore is off.
	Nothing Action = "nothing"
	// Wait until Decision.Until, and decide again.
	Wait Action = "wait"
	// Leave the map broken, for the reason that the decision gives. People have to fix it.
	Leave Action = "leave"
	// Restore the last good revision now.
	Restore Action = "restore"
)

// Decision is what is to be done and why.
type Decision struct {
	Action Action
	Break  Break
	// Reason is for people; empty where there is nothing to do.
	Reason string
	// Until is when the grace period ends, for Wait.
	Until time.Time
	// Revision is the number of the one to restore, for Wait and Restore, and Content the name of its content
	// (history.Content.Name).
	Revision int64
	Content  string
	// Entries are the protected entries that are or will be put back, where the map itself is whole; then Revision is the one
	// that they are taken from, or the newest of these, and Content the state that this makes.
	Entries []Entry
}

// Situation is all that a decision rests on.
type Situation struct {
	Now time.Time
	// Grace is how long the map must have stood broken, unchanged, since it was first seen so; 0 is off.
	Grace  time.Duration
	Break  Break
	Policy *policy.Policy
	// History is the whole history, the newest first; the newest is the live state.
	History []*history.Revision
}

// Decide says what is to be done. A broken map is restored only if nobody can have meant it so: the guard did not let it
// pass, no override allows it, and the policy would have refused it. Each text of a broken map starts the grace
// period again, because somebody may be at work on it. It restores once: after that a good state other than the restored
// one must be seen before it does so again. It is a pure function.
func Decide(s *Situation) Decision {
	d := Decision{Action: Nothing, Break: s.Break}
	if s.Grace <= 0 || s.Break == Whole || len(s.History) == 0 {
		return d
	}
	good := lastGood(s.History)
	if reason := s.leave(good); reason != "" {
		d.Action, d.Reason = Leave, reason
		return d
	}
	d.Revision, d.Content = good.Number, good.Name
	d.Until = s.History[0].Recorded.Add(s.Grace)
	if s.Now.Before(d.Until) {
		d.Action = Wait
		d.Reason = fmt.Sprintf("the map is broken (%s); revision %d is put back at %s if it stays so", s.Break, good.Number, d.Until.UTC().Format(time.RFC3339))
		return d
	}
	d.Action = Restore
	d.Reason = fmt.Sprintf("the map was broken (%s) outside the guard and stayed so for %s", s.Break, s.Grace)
	return d
}

// leave says why a broken map is not restored, or nothing.
func (s *Situation) leave(good *history.Revision) string {
	live := s.History[0]
	rule := s.Break.rule()
	switch {
	case good == nil:
		return "there is no good revision to put back"
	case live.Good:
		return "the state was good when it came to be"
	case live.Admitted:
		return "the guard let this state pass, so somebody meant it"
	case s.Policy.Action(rule).Level() != validate.Error:
		return fmt.Sprintf("the policy does not refuse such edits (rule %s)", rule)
	case overridden(s.History, rule):
		return fmt.Sprintf("the override annotation on the map allows it (%s)", rule)
	case spent(s.History):
		return "it was restored once already, or the restore failed; it is not tried again until somebody else stores a good state"
	}
	return ""
}

func lastGood(all []*history.Revision) *history.Revision {
	if i := slices.IndexFunc(all, func(r *history.Revision) bool { return r.Good }); i >= 0 {
		return all[i]
	}
	return nil
}

// overridden reports that the override annotation is in force for the live state, by the guard's own law: it came or
// changed with this state. A map that was emptied by such an edit may be deleted after it without one.
func overridden(all []*history.Revision, rule string) bool {
	if all[0].Deleted && all[0].Override == "" && len(all) > 1 && all[1].Emptied() {
		all = all[1:]
	}
	live := all[0]
	if live.Override == "" || !live.Deleted && len(all) > 1 && policy.SameOverride(all[1].Override, live.Override) {
		return false
	}
	o, err := policy.ParseOverride(live.Override)
	return err == nil && slices.Contains(o.Rules, rule)
}

// spent reports that a state was restored, and that no other good one was seen since. Times are kept by the second; a good one
// of before that second is older by the grace period.
func spent(all []*history.Revision) bool {
	var restored *history.Revision
	for _, r := range all {
		if !r.Restored.IsZero() && (restored == nil || r.Restored.After(restored.Restored)) {
			restored = r
		}
	}
	return restored != nil && !slices.ContainsFunc(all, func(r *history.Revision) bool {
		return r.Good && r.Name != restored.Name && !r.Recorded.Before(restored.Restored)
	})
}

// overrideOf writes the override annotation that lets rules pass.
func overrideOf(rules []string, reason string) string {
	return strings.Join(rules, ",") + ": " + reason
}
