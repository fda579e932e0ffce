package validate

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// compare holds what a principal loses in the map against the access entries.
func (p *Pass) compare(c *access.Change) access.Comparison {
	return access.Compare(&access.Principal{ARN: c.ARN, Account: c.Account, Identity: *c.Old}, p.entries)
}

// asOf says how old the knowledge of the access entries is.
func (p *Pass) asOf() string { return fmt.Sprintf(" (as of %s ago)", p.entries.Age()) }

// notKept says what the access entries have to do with a loss, for the end of a message.
func (p *Pass) notKept(c *access.Comparison) string { return p.notSeen(c.Because) }

// notSeen says why the access entries don't prevent a loss, or that they were not looked at.
func (p *Pass) notSeen(because string) string {
	switch {
	case p.entries == nil:
		return " (access entries were not checked)"
	case p.entries.Trouble != "":
		return fmt.Sprintf(" (access entries were not checked: %s)", p.entries.Trouble)
	case p.entries.Mode() == snapshot.ConfigMap:
		return ""
	}
	return fmt.Sprintf(" (%s)", because)
}

// keepMap is what to do instead of taking all of the map away.
const keepMap = "keep the map, and remove only the entries that nobody needs"

// noMap says what the access entries have to do with the end of the map, and what has to come before it.
func (p *Pass) noMap() (because, remedy string) {
	if p.entries == nil || p.entries.Trouble != "" || p.entries.Mode() != snapshot.Both {
		return p.notSeen(""), keepMap
	}
	rows := access.Table(p.Change.Old)
	for i := range rows {
		if c := access.Compare(&rows[i], p.entries); !c.Covered() {
			return fmt.Sprintf(" (%s: %s)", quote(rows[i].ARN), c.Because), keepMap
		}
	}
	return " (every mapping has an access entry that gives as much)",
		fmt.Sprintf("switch the cluster %s to the authentication mode %s first, then delete the map", p.entries.Cluster.Name, snapshot.API)
}
