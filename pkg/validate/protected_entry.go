package validate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
)

func protectedEntry() *Rule {
	return &Rule{
		Name:  "protected-entry",
		Title: "a protected entry is removed or shrunk",
		Rationale: "The policy's list `protected` names entries that must stay, such as the role for emergencies. No edit may " +
			"remove such an entry, stop it from matching or take one of its protected groups from it. A pattern protects each entry " +
			"that matches it before the edit. An entry that is missing already refuses nothing; the audit reports it. To give " +
			"up an entry, take it out of the list first.",
		Severity:   Critical,
		Controls:   []Control{accessRemoval()},
		AboutEdit:  true,
		Firm:       true,
		Live:       true,
		Standard:   Deny,
		Guards:     ProtectedOut,
		Configured: func(o *Options) bool { return len(o.Protected) > 0 },
		Losses:     []string{"an entry that the policy protects: removed, broken or without its groups"},
		Bad: []Example{{
			Old:       map[string]string{"mapRoles": exampleNodes + exampleDev},
			Data:      map[string]string{"mapRoles": exampleNodes},
			Protected: []Protected{{ARN: "arn:aws:iam::111122223333:role/dev"}},
		}},
		Good: []Example{{
			Old:       map[string]string{"mapRoles": exampleNodes + exampleDev},
			Data:      map[string]string{"mapRoles": exampleDev + exampleNodes},
			Protected: []Protected{{ARN: "arn:aws:iam::111122223333:role/*"}},
		}},
		Check: func(p *Pass) {
			if p.Change == nil || p.Change.Old == nil {
				p.missingProtected()
				return
			}
			for i := range p.Change.Access() {
				c := &p.Change.Access()[i]
				if c.Old == nil || c.Account {
					continue
				}
				for j := range p.options.Protected {
					if what := p.options.Protected[j].loses(c); what != "" {
						p.ReportEdit("", fmt.Sprintf("the policy protects the entry for %s, and this edit %s", quote(c.ARN), what),
							"leave the entry as it was, or take it out of the policy's list protected first", false)
						break
					}
				}
			}
		},
	}
}

// loses says what of a protected entry a change takes away, or "".
func (p *Protected) loses(c *access.Change) string {
	if !p.Matches(c.ARN, c.Old.Username) {
		return ""
	}
	if c.New == nil {
		return "takes it away"
	}
	if p.Username != "" && c.Old.Username != c.New.Username {
		return fmt.Sprintf("changes its username from %s to %s", quote(c.Old.Username), quote(c.New.Username))
	}
	if c.Narrows() {
		return "lets nobody but EC2 instances in by it"
	}
	lost := slices.DeleteFunc(c.RemovedGroups(), func(g string) bool { return !slices.Contains(p.Groups, g) })
	if len(lost) > 0 {
		return "takes the group " + shorten(lost) + " from it"
	}
	return ""
}

const addProtected = "add it, or take it out of the policy's list protected"

// missingProtected reports protected entries that a map does not have: those that are named in full.
func (p *Pass) missingProtected() {
	table := access.Table(p.Doc)
	for i := range p.options.Protected {
		e := &p.options.Protected[i]
		if strings.Contains(e.ARN, "*") || strings.Contains(e.Username, "*") {
			continue
		}
		at := slices.IndexFunc(table, func(row access.Principal) bool { return !row.Account && e.Matches(row.ARN, row.Username) })
		if at < 0 {
			p.Advise("", fmt.Sprintf("the policy protects the entry for %s, and the map has none that lets it in", quote(e.ARN)), addProtected)
			continue
		}
		if lacks := without(e.Groups, table[at].Groups); len(lacks) > 0 {
			p.Advise("", fmt.Sprintf("the policy protects the group %s of the entry for %s, and the entry does not have it", shorten(lacks), quote(e.ARN)), addProtected)
		}
	}
}
