package validate

import (
	"fmt"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// clockSkew is how far the clocks of AWS and of the cluster may differ.
const clockSkew = time.Minute

func iamRecreated() *Rule {
	return &Rule{
		Name:  "iam-recreated",
		Title: "the role or user was created after it was mapped",
		Rationale: "EKS compares names alone. A role that is deleted and created again under the same name gets in with the groups of the " +
			"old one, whoever made it and whoever may assume it. The rule holds the time when IAM created the role or user against " +
			"the time since when the map has had its entry, as far back as the guard's history goes, and against its access entry: " +
			"there is none without a role or user of that name. Make sure that the one that is there now is meant.",
		Severity:      High,
		Controls:      []Control{leastPrivilege(), cloudAccounts()},
		Standard:      Warn,
		Standing:      true,
		Needs:         []Topic{TopicIAM, TopicHistory},
		SilentWithout: true,
		Bad:           []Example{{Data: map[string]string{"mapRoles": exampleDev}, IAM: exampleIAM("dev"), Since: exampleCreated.AddDate(0, -1, 0)}},
		Good:          []Example{{Data: map[string]string{"mapRoles": exampleDev}, IAM: exampleIAM("dev"), Since: exampleCreated.AddDate(0, 1, 0)}},
		Check: func(p *Pass) {
			const remedy = "make sure that it is the one that is meant"
			p.eachInIAM(func(m *mappedInIAM) {
				if m.found == nil || m.found.Created.IsZero() {
					return
				}
				created := m.found.Created.UTC().Format(time.RFC3339)
				since, known := p.options.Since[arn.Fold(m.principal.String())]
				if known && m.found.Created.After(since.Add(clockSkew)) {
					p.ReportEntry(m.entry, fmt.Sprintf("this %s was created at %s, and the map had its entry at %s already: if there was one before, this is another, "+
						"and somebody else may be in it; it gets in %s",
						m.principal.Kind, created, since.UTC().Format(time.RFC3339), getsIn(m.entry)), remedy)
					return
				}
				if had := p.hadAccessEntry(m); m.found.Created.After(had.Add(clockSkew)) && !had.IsZero() {
					p.ReportEntry(m.entry, fmt.Sprintf("this %s was created at %s, and EKS had an access entry for one of its name at %s already: it was deleted and created again, "+
						"so somebody else may be in it; it gets in %s",
						m.principal.Kind, created, had.UTC().Format(time.RFC3339), getsIn(m.entry)), remedy)
				}
			})
		},
	}
}

// hadAccessEntry is when the access entry of a principal was created; zero where none is known, or where stale-entry speaks of it.
func (p *Pass) hadAccessEntry(m *mappedInIAM) time.Time {
	if p.entries == nil || p.entries.Foreign() {
		return time.Time{}
	}
	e := p.entries.Find(*m.principal)
	if e == nil || p.entries.Trouble == "" && e.Binding() == snapshot.Stale {
		return time.Time{}
	}
	return e.CreatedAt
}
