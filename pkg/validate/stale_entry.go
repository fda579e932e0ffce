package validate

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

func staleEntry() *Rule {
	return &Rule{
		Name:  "stale-entry",
		Title: "the access entry belongs to a role that is gone",
		Rationale: "EKS ties an access entry to the role or user that had its ARN when the entry was created. Whoever deletes " +
			"that role and creates it again has another role of the same ARN: the entry does not let it in, though " +
			"everything looks as before. As long as the map has the role, EKS takes the mapping. Delete the access entry and " +
			"create it again before the mapping goes, or the cluster's mode becomes API.",
		Severity:      High,
		Controls:      []Control{accessManager()},
		Standard:      Warn,
		Needs:         []Topic{TopicEntries},
		SilentWithout: true,
		Bad: []Example{{
			Data:  map[string]string{"mapRoles": exampleDev},
			Facts: Facts{Entries: exampleEntries(snapshot.Both, exampleStale(exampleEntry("dev")))},
		}},
		Good: []Example{{
			Data:  map[string]string{"mapRoles": exampleDev},
			Facts: Facts{Entries: exampleEntries(snapshot.Both, exampleEntry("dev"))},
		}},
		Check: func(p *Pass) {
			p.eachEntry(func(row *access.Principal, c *access.Comparison) {
				if c.Verdict == access.Stale {
					p.ReportEntry(p.Doc.Section(row.Section).Entries[row.Entry],
						fmt.Sprintf("only this mapping lets %s in: %s", quote(row.ARN), c.Because),
						fmt.Sprintf("delete the entry %s and create it again before you remove the mapping", quote(c.Entry.PrincipalARN)))
				}
			})
		},
	}
}
