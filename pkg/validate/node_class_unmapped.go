package validate

import (
	"fmt"
	"maps"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

func nodeClassUnmapped() *Rule {
	return &Rule{
		Name:  "node-class-unmapped",
		Title: "the nodes of a node class can't join",
		Rationale: "An EC2NodeClass of Karpenter and a NodeClass of EKS Auto Mode name the role of the nodes that they start. " +
			"Where neither a mapping for nodes nor an access entry of the right type lets that role in, the instances start, " +
			"cost money and never become nodes. Add a mapping (kubectl aws-auth add role ARN --node linux) or an access entry " +
			"of type EC2_LINUX; for Auto Mode, an access entry of type EC2. Of a class that names an instance profile the " +
			"role is not known, so the rule says nothing of it; and where access entries are not known, nothing of a " +
			"NodeClass, for which EKS makes them.",
		Severity:      High,
		Standard:      Warn,
		Unread:        true,
		Standing:      true,
		Needs:         []Topic{TopicClasses},
		SilentWithout: true,
		Bad: []Example{{
			Data:  map[string]string{"mapRoles": exampleDev},
			Facts: Facts{Classes: NodeClasses{{EC2NodeClass, "default", "nodes"}}},
		}},
		Good: []Example{{
			Data:  map[string]string{"mapRoles": exampleNodes},
			Facts: Facts{Classes: NodeClasses{{EC2NodeClass, "default", "nodes"}}},
		}},
		Check: func(p *Pass) {
			if len(p.classes) == 0 || p.Doc.Roles.Discarded() {
				return // the lost list is said already
			}
			known, mode := p.entries != nil && p.entries.Trouble == "", p.entries.Mode()
			rows := access.Entrants(p.Doc, p.entries)
			byRole := map[string]NodeClasses{}
			for _, c := range p.classes {
				doubtful := !known && (c.Kind == AutoNodeClass || mode == snapshot.API)
				if c.Role != "" && !doubtful && !slices.ContainsFunc(rows, c.joinsBy) {
					byRole[c.Role] = append(byRole[c.Role], c)
				}
			}
			who, unseen := "which neither a mapping nor an access entry lets in", ""
			switch {
			case mode == snapshot.API:
				who = "which no access entry lets in"
			case !known || mode == snapshot.ConfigMap:
				who, unseen = "which no mapping lets in", p.notSeen("")
			}
			for _, role := range slices.Sorted(maps.Keys(byRole)) {
				of := byRole[role]
				kind := of[0].Kind
				instead := "create an access entry of type " + string(kind.types()[0])
				if kind == EC2NodeClass && mode != snapshot.API {
					instead = "map it with kubectl aws-auth add role ARN --node linux, or " + instead
				}
				p.ReportEdit("", fmt.Sprintf("%s starts nodes with the role %s, %s as nodes, so they can't join%s", of, quote(role), who, unseen), instead, false)
			}
		},
	}
}

// joinsBy reports whether the nodes of a class may come in by a row.
func (c *NodeClass) joinsBy(row access.Entrant) bool {
	p, err := arn.ParsePrincipal(row.ARN)
	if err != nil || p.Kind != arn.Role || roleName(p.Name) != roleName(c.Role) {
		return false
	}
	if row.ByAccessEntry() {
		return slices.Contains(c.Kind.types(), row.Type)
	}
	return row.IsNode()
}
