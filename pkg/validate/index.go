package validate

import (
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// index holds what several rules ask about all entries, worked out once per pass.
type index struct {
	principals map[*awsauth.Entry]*arn.Principal
	byARN      map[string][]*awsauth.Entry
	// byStripped groups roles that have a path by the ARN that is left without it.
	byStripped map[string][]*awsauth.Entry
	// byUsername groups entries by their username in lower case; made when first asked for.
	byUsername map[string][]*awsauth.Entry
}

func (p *Pass) idx() *index {
	if p.index != nil {
		return p.index
	}
	entries := p.Doc.Mappings()
	x := &index{
		principals: make(map[*awsauth.Entry]*arn.Principal, len(entries)),
		byARN:      make(map[string][]*awsauth.Entry, len(entries)),
		byStripped: map[string][]*awsauth.Entry{},
	}
	for _, e := range entries {
		if e.ARN == "" {
			continue
		}
		if pr, err := arn.ParsePrincipal(e.ARN); err == nil {
			x.principals[e] = &pr
			if pr.Kind == arn.Role && pr.Path != "" {
				stripped := arn.Fold(pr.WithoutPath())
				x.byStripped[stripped] = append(x.byStripped[stripped], e)
			}
		}
		key := arn.Fold(e.ARN)
		x.byARN[key] = append(x.byARN[key], e)
	}
	p.index = x
	return x
}

// sameUsername are the entries whose usernames differ from a name in case at most.
func (p *Pass) sameUsername(name string) []*awsauth.Entry {
	x := p.idx()
	if x.byUsername == nil {
		x.byUsername = map[string][]*awsauth.Entry{}
		for _, e := range p.Doc.Mappings() {
			if e.ARN != "" {
				lower := strings.ToLower(e.Username)
				x.byUsername[lower] = append(x.byUsername[lower], e)
			}
		}
	}
	return x.byUsername[strings.ToLower(name)]
}

// Principal is the entry's ARN taken apart, or nil where that can't be done.
func (p *Pass) Principal(e *awsauth.Entry) *arn.Principal { return p.idx().principals[e] }

// Twins are all kept entries, this one included, whose ARN the authenticator takes for the same.
func (p *Pass) Twins(e *awsauth.Entry) []*awsauth.Entry { return p.idx().byARN[arn.Fold(e.ARN)] }

// ref names an entry.
func ref(e *awsauth.Entry) Ref { return Ref{e.Section.Key, e.Index} }
