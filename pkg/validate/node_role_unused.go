package validate

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

func nodeRoleUnused() *Rule {
	return &Rule{
		Name:  "node-role-unused",
		Title: "no node and no node class uses a node mapping",
		Rationale: "A mapping for nodes that nobody needs lets in whoever may take its role, as a node. The rule holds the " +
			"mappings for nodes against the roles by which the cluster's nodes joined, as their certificate requests tell, " +
			"and against those that node classes name. It is silent while the role of any node or class is not known. It " +
			"can't see node groups and Fargate profiles that have no nodes now: look for them (aws eks list-nodegroups, " +
			"list-fargate-profiles) before you remove the mapping.",
		Severity:      Low,
		Standard:      Warn,
		Standing:      true,
		Needs:         []Topic{TopicNodeRoles},
		SilentWithout: true,
		Bad: []Example{{
			Data:  map[string]string{"mapRoles": exampleNodes},
			Facts: Facts{Nodes: &NodeFacts{}, Classes: NodeClasses{{AutoNodeClass, "default", "auto-nodes"}}},
		}},
		Good: []Example{{
			Data:  map[string]string{"mapRoles": exampleNodes},
			Facts: Facts{Nodes: &NodeFacts{}, Classes: NodeClasses{{AutoNodeClass, "default", "auto-nodes"}, {EC2NodeClass, "default", "nodes"}}},
		}},
		Check: func(p *Pass) {
			if !NodeRolesKnown(p.nodes, p.classes) {
				return
			}
			for _, row := range access.Table(p.Doc) {
				if !row.IsNode() || row.Kind != arn.Role || len(p.nodes.ByRole[arn.Fold(row.ARN)]) > 0 || len(p.classes.naming(row.ARN)) > 0 {
					continue
				}
				p.ReportEntry(p.Doc.Section(row.Section).Entries[row.Entry],
					fmt.Sprintf("no node and no node class uses the node role %s: the guard looked at %s and %s, and can't see node groups and Fargate profiles without nodes",
						quote(row.ARN), text.Count(p.nodes.Total, "node"), text.Count(len(p.classes), "node class")), "look for those before you remove the mapping")
			}
		},
	}
}

// NodeRolesKnown reports whether it is known of every node by which role it joined, and of every node class which role it
// names. Of a cluster that shows neither nodes nor classes nothing is known.
func NodeRolesKnown(n *NodeFacts, classes NodeClasses) bool {
	if n == nil || n.More || classes == nil || len(classes.unnamed()) > 0 || n.Total+len(classes) == 0 {
		return false
	}
	known := map[string]bool{}
	for _, names := range n.ByRole {
		for _, name := range names {
			known[name] = true
		}
	}
	return len(known) >= n.Total
}
