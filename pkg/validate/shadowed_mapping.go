package validate

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

func shadowedMapping() *Rule {
	return &Rule{
		Name:  "shadowed-mapping",
		Title: "an access entry overrules the mapping",
		Rationale: "In the authentication mode API_AND_CONFIG_MAP EKS takes the access entry of a principal that has one, and " +
			"never looks at its mapping: username and groups are those of the entry. Change the access entry instead " +
			"(aws eks update-access-entry), and remove the mapping.",
		Severity:      Medium,
		Controls:      []Control{accessManager()},
		Standard:      Warn,
		Needs:         []Topic{TopicEntries},
		SilentWithout: true,
		Bad: []Example{{
			Data:  map[string]string{"mapRoles": exampleDev},
			Facts: Facts{Entries: exampleEntries(snapshot.Both, exampleEntry("dev", "viewers"))},
		}},
		Good: []Example{{
			Data:  map[string]string{"mapRoles": exampleDev},
			Facts: Facts{Entries: exampleEntries(snapshot.Both, exampleEntry("dev"))},
		}},
		Check: func(p *Pass) {
			p.eachEntry(func(row *access.Principal, c *access.Comparison) {
				if c.Verdict != access.Weaker && c.Verdict != access.Stronger {
					return
				}
				p.ReportEntry(p.Doc.Section(row.Section).Entries[row.Entry],
					fmt.Sprintf("EKS does not use this mapping: the access entry %s overrules it%s, and gives %s",
						quote(c.Entry.PrincipalARN), p.asOf(), given(c.Entry)), "change the entry, and remove the mapping")
			})
		},
	}
}

// given says what an access entry gives.
func given(e *snapshot.Entry) string {
	what := "the username " + quote(e.Username)
	if len(e.Groups) > 0 {
		what += ", the groups " + shorten(e.Groups)
	}
	var policies []string
	for _, policy := range e.Policies {
		policies = append(policies, policy.Name())
	}
	if len(policies) > 0 {
		what += ", the access policies " + shorten(policies)
	}
	return what
}

// eachEntry holds every principal that the map lets in against its access entry, where there is one.
func (p *Pass) eachEntry(do func(*access.Principal, *access.Comparison)) {
	if p.entries == nil || p.entries.Trouble != "" || len(p.entries.Entries) == 0 {
		return
	}
	rows := access.Table(p.Doc)
	for i := range rows {
		if c := access.Compare(&rows[i], p.entries); c.Entry != nil {
			do(&rows[i], &c)
		}
	}
}
