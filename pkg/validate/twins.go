package validate

import (
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// twinSet are entries that the authenticator takes for the same principal.
type twinSet struct {
	entries []*awsauth.Entry
	// winner is the entry that the authenticator uses; nil where it takes one at random.
	winner *awsauth.Entry
}

// twinSets groups the entries of a document that share an ARN, in the order in which they first stand there.
func twinSets(p *Pass) []twinSet {
	var sets []twinSet
	seen := map[*awsauth.Entry]bool{}
	for _, e := range p.Doc.Mappings() {
		if e.ARN == "" || seen[e] {
			continue
		}
		twins := p.Twins(e)
		if len(twins) < 2 {
			continue
		}
		for _, t := range twins {
			seen[t] = true
		}
		sets = append(sets, twinSet{twins, p.winner(e)})
	}
	return sets
}

// winner is the entry that is used: of mapRoles before mapUsers, of those with one key the last. Users are filed
// by their ARN as written, so two that differ in case are both there and a lookup meets either one first
// (aws-iam-authenticator v0.7.18, pkg/mapper/configmap/configmap.go, UserMapping ranges over a map).
func winner(twins []*awsauth.Entry) *awsauth.Entry {
	first := twins[0].Section.Key
	var last *awsauth.Entry
	keys := map[string]bool{}
	for _, t := range twins {
		if t.Section.Key != first {
			break
		}
		last = t
		if first == awsauth.MapRoles {
			keys[strings.ToLower(t.ARN)] = true
		} else {
			keys[t.ARN] = true
		}
	}
	if len(keys) > 1 && !sameEffect(twins) {
		return nil
	}
	return last
}

func sameEffect(twins []*awsauth.Entry) bool {
	first := joinGroups(twins[0].Groups)
	for _, t := range twins[1:] {
		if t.Username != twins[0].Username || joinGroups(t.Groups) != first {
			return false
		}
	}
	return true
}

// takenAway says what an entry gives that the winner, who is in the groups won, does not: nothing where the winner
// has the same username and all of its groups.
func takenAway(e, winner *awsauth.Entry, won map[string]bool) (username bool, groups []string) {
	told := map[string]bool{}
	for _, g := range e.Groups {
		if !won[g] && !told[g] {
			told[g] = true
			groups = append(groups, g)
		}
	}
	return e.Username != winner.Username, groups
}

// groupSet is for many questions about a list that may be long.
func groupSet(groups []string) map[string]bool {
	set := make(map[string]bool, len(groups))
	for _, g := range groups {
		set[g] = true
	}
	return set
}

// conflicting reports whether the winner differs from one of the others in more than added groups.
func (t twinSet) conflicting() bool {
	if t.winner == nil {
		return true
	}
	won := groupSet(t.winner.Groups)
	for _, e := range t.entries {
		if username, groups := takenAway(e, t.winner, won); username || len(groups) > 0 {
			return true
		}
	}
	return false
}
