package validate

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

func mapUnread() *Rule {
	return &Rule{
		Name:  "map-unread",
		Title: "nobody reads this map",
		Rationale: "The cluster's authentication mode is API: EKS reads access entries alone, and there is no way back to the " +
			"map. Whatever the map says, it lets nobody in. The guard warns, and refuses nothing in it. Grant access by " +
			"access entries (aws eks create-access-entry), and delete the map.",
		Severity:      Medium,
		Controls:      []Control{accessManager()},
		AboutEdit:     true,
		Live:          true,
		Unread:        true,
		Standard:      Warn,
		Needs:         []Topic{TopicEntries},
		SilentWithout: true,
		Bad: []Example{{
			Data:  map[string]string{"mapRoles": exampleDev},
			Facts: Facts{Entries: exampleEntries(snapshot.API)},
		}},
		Good: []Example{{
			Data:  map[string]string{"mapRoles": exampleDev},
			Facts: Facts{Entries: exampleEntries(snapshot.Both)},
		}},
		Check: func(p *Pass) {
			if p.entries.Mode() != snapshot.API {
				return
			}
			then, remedy := "", "grant access by access entries, and delete the map"
			if p.Change != nil && p.Change.Deleted {
				then, remedy = ": deleting it takes access from nobody", ""
			}
			p.Advise("", fmt.Sprintf("EKS does not read this map, because the authentication mode of the cluster %s is %s%s", p.entries.Cluster.Name, snapshot.API, then), remedy)
		},
	}
}
