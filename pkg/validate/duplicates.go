package validate

import (
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// duplicates are entries that the authenticator takes for the same principal.
type duplicates struct {
	entries []*awsauth.Entry
	// winner is the entry that the authenticator uses; nil where it takes one at random.
	winner *awsauth.Entry
}

// allDuplicates are the entries of a document that share an ARN, in the order in which they first stand there.
func allDuplicates(p *Pass) []duplicates {
	var found []duplicates
	for _, entries := range p.idx().principals {
		if len(entries) > 1 {
			found = append(found, duplicates{entries, p.winner(entries[0])})
		}
	}
	return found
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
func (d duplicates) conflicting() bool {
	if d.winner == nil {
		return true
	}
	won := groupSet(d.winner.Groups)
	for _, e := range d.entries {
		if username, groups := takenAway(e, d.winner, won); username || len(groups) > 0 {
			return true
		}
	}
	return false
}
