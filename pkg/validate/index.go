package validate

import (
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// index holds what several rules ask about all entries, worked out once per pass.
type index struct {
	// principals are the entries of each principal, byARN the same by folded ARN.
	principals [][]*awsauth.Entry
	byARN      map[string][]*awsauth.Entry
	// byStripped groups roles that have a path by the ARN that is left without it.
	byStripped map[string][]*awsauth.Entry
	// related are the entries with an ARN, winners those that are used of them; by folded ARN, when first asked for.
	related map[string][]Ref
	winners map[string]*awsauth.Entry
	// byUsername groups entries by their username in lower case; made when first asked for.
	byUsername map[string]*caseCollisions
}

func (p *Pass) idx() *index {
	if p.index != nil {
		return p.index
	}
	principals := awsauth.ByPrincipal(p.Doc.Mappings())
	x := &index{
		principals: principals,
		byARN:      make(map[string][]*awsauth.Entry, len(principals)),
		byStripped: map[string][]*awsauth.Entry{},
		related:    map[string][]Ref{},
		winners:    map[string]*awsauth.Entry{},
	}
	for _, entries := range principals {
		x.byARN[entries[0].FoldedARN()] = entries
		if pr := entries[0].Principal(); pr != nil && pr.Kind == arn.Role && pr.Path != "" {
			stripped := arn.Fold(pr.WithoutPath())
			x.byStripped[stripped] = append(x.byStripped[stripped], entries...)
		}
	}
	p.index = x
	return x
}

// caseCollisions are entries whose usernames differ in case at most. Of however many there are, these few are enough to
// find for any of them the first one with both another username and another ARN.
type caseCollisions struct {
	first *awsauth.Entry
	// otherName is the first whose username differs from that of first; otherNameToo has another ARN besides.
	otherName, otherNameToo *awsauth.Entry
	// otherARN is the first whose ARN differs from that of first; otherARNToo has another username besides.
	otherARN, otherARNToo *awsauth.Entry
}

func (n *caseCollisions) add(e *awsauth.Entry) {
	if n.first == nil {
		n.first = e
		return
	}
	if e.Username != n.first.Username {
		if n.otherName == nil {
			n.otherName = e
		} else if n.otherNameToo == nil && !sameARN(e, n.otherName) {
			n.otherNameToo = e
		}
	}
	if !sameARN(e, n.first) {
		if n.otherARN == nil {
			n.otherARN = e
		} else if n.otherARNToo == nil && e.Username != n.otherARN.Username {
			n.otherARNToo = e
		}
	}
}

func (n *caseCollisions) another(e *awsauth.Entry) *awsauth.Entry {
	var found *awsauth.Entry
	for _, other := range []*awsauth.Entry{n.first, n.otherName, n.otherARN, n.otherNameToo, n.otherARNToo} {
		if other != nil && other.Username != e.Username && !sameARN(other, e) && (found == nil || standsBefore(other, found)) {
			found = other
		}
	}
	return found
}

// standsBefore compares places in the order of Mappings.
func standsBefore(a, b *awsauth.Entry) bool {
	if a.Section.Key != b.Section.Key {
		return a.Section.Key == awsauth.MapRoles
	}
	return a.Index < b.Index
}

func sameARN(a, b *awsauth.Entry) bool { return a.FoldedARN() == b.FoldedARN() }

// caseCollision is an entry of another principal whose username differs from this one's in case alone, or nil.
func (p *Pass) caseCollision(e *awsauth.Entry) *awsauth.Entry {
	x := p.idx()
	if x.byUsername == nil {
		x.byUsername = map[string]*caseCollisions{}
		for _, e := range p.Doc.Mappings() {
			if e.ARN == "" {
				continue
			}
			lower := strings.ToLower(e.Username)
			if x.byUsername[lower] == nil {
				x.byUsername[lower] = &caseCollisions{}
			}
			x.byUsername[lower].add(e)
		}
	}
	if n := x.byUsername[strings.ToLower(e.Username)]; n != nil {
		return n.another(e)
	}
	return nil
}

// winner is the one of the entries with this one's ARN that is used; nil where that is a matter of chance.
func (p *Pass) winner(e *awsauth.Entry) *awsauth.Entry {
	x, key := p.idx(), e.FoldedARN()
	w, ok := x.winners[key]
	if !ok {
		winner, random := awsauth.Winner(x.byARN[key])
		if !random {
			w = winner
		}
		x.winners[key] = w
	}
	return w
}

// refsTo are the entries with an ARN. The list is shared: it must not be changed.
func (p *Pass) refsTo(a string) []Ref {
	x, key := p.idx(), arn.Fold(a)
	refs, ok := x.related[key]
	if !ok {
		for _, t := range x.byARN[key] {
			refs = append(refs, ref(t))
		}
		x.related[key] = refs
	}
	return refs
}

// ref names an entry.
func ref(e *awsauth.Entry) Ref { return Ref{e.Section.Key, e.Index} }
