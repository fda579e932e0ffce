package validate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
)

const nodeAccessLostName = "node-access-lost"

func nodeAccessLost() *Rule {
	return &Rule{
		Name:  nodeAccessLostName,
		Title: "nodes lose their way in",
		Rationale: "An edit that removes the mapping of a node role, drops one of its two groups, or overrules it by a later entry shuts out every node that uses the role: they turn NotReady within minutes " +
			"and their pods are moved away. The rule refuses this while the cluster has nodes; where it can't count them, it warns.",
		Severity:  Critical,
		AboutEdit: true,
		Standard:  Deny,
		Bad: []Example{{
			Old:   map[string]string{"mapRoles": exampleNodes + exampleDev},
			Data:  map[string]string{"mapRoles": exampleDev},
			Facts: Facts{Nodes: &NodeFacts{Ready: 3}},
		}},
		Good: []Example{{
			Old:   map[string]string{"mapRoles": exampleNodes + exampleDev},
			Data:  map[string]string{"mapRoles": exampleDev},
			Facts: Facts{Nodes: &NodeFacts{}},
		}},
		Check: func(p *Pass) {
			if p.Change == nil || p.gone || p.Change.New.Roles.Lost() {
				return // said already, and nearer the cause
			}
			nodes := p.Change.Facts.Nodes
			if nodes != nil && nodes.Ready == 0 && !nodes.More {
				return
			}
			for i := range p.Change.Access() {
				c := &p.Change.Access()[i]
				if !c.LosesNodes {
					continue
				}
				message := fmt.Sprintf("this edit takes the mapping of the node role %s away: %s", quote(c.ARN), nodeCount(nodes, p.Change.Facts.Blind.Nodes))
				if nodes != nil {
					message += nodesOf(nodes.ByRole[arn.Fold(c.ARN)])
				}
				p.ReportEdit("", message, nodes == nil)
			}
		},
	}
}

const (
	exampleNodes = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	exampleDev   = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"
)

func nodeCount(nodes *NodeFacts, blind string) string {
	switch {
	case nodes == nil:
		return "how many nodes use it could not be checked" + because(blind)
	case nodes.More:
		return fmt.Sprintf("the cluster has more than %d Ready nodes, and those that use it turn NotReady", nodes.Ready)
	case nodes.Ready == 1:
		return "the cluster has 1 Ready node, and if it uses the role it turns NotReady"
	}
	return fmt.Sprintf("the cluster has %d Ready nodes, and those that use it turn NotReady", nodes.Ready)
}

func because(blind string) string {
	if blind == "" {
		return ""
	}
	return " (" + blind + ")"
}

// maxNodesNamed bounds the nodes that a message names.
const maxNodesNamed = 3

func nodesOf(names []string) string {
	if len(names) == 0 {
		return ""
	}
	names = slices.Sorted(slices.Values(names))
	more := ""
	if len(names) > maxNodesNamed {
		more = fmt.Sprintf(" and %d more", len(names)-maxNodesNamed)
		names = names[:maxNodesNamed]
	}
	return fmt.Sprintf(" (%s%s came in by it)", strings.Join(names, ", "), more)
}
