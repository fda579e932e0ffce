package validate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

func nodeAccessLost() *Rule {
	return &Rule{
		Name:  "node-access-lost",
		Title: "a node role loses its mapping",
		Rationale: "An edit shuts out every node of a role if it removes the role's mapping, drops one of its two groups, " +
			"changes its username, or overrules it with a later entry. The nodes turn NotReady within minutes and " +
			"their pods move away. {{EC2PrivateDNSName}} and {{SessionName}} are not interchangeable: the first is " +
			"for EC2 instances, the second for Fargate and hybrid nodes. Without the group eks:kube-proxy-windows " +
			"(Windows) or system:node-proxier (Fargate and hybrid nodes) kube-proxy stops working on the nodes. The " +
			"rule refuses this while the cluster has nodes, Ready or not, and while a node class names the role: an " +
			"EC2NodeClass of Karpenter or a NodeClass of EKS Auto Mode, which starts nodes again after it has scaled to " +
			"zero. If it can't count the nodes, or a class names an instance profile whose role it does not know, it " +
			"warns; under strict it refuses. If an access entry of the right type lets the nodes in, it warns.",
		Severity:    Critical,
		AboutEdit:   true,
		NeedsAnswer: true,
		Needs:       []Topic{TopicNodes},
		Ask: func(c *Change) Questions {
			return Questions{Nodes: slices.ContainsFunc(c.Access(), func(a access.Change) bool { return a.LosesNodes })}
		},
		Guards:   NodesOut,
		Losses:   []string{"a node role removed, or one of its groups"},
		Standard: Deny,
		Bad: []Example{{
			Old:   map[string]string{"mapRoles": exampleNodes + exampleDev},
			Data:  map[string]string{"mapRoles": exampleDev},
			Facts: Facts{Nodes: &NodeFacts{Total: 3, Ready: 3}},
		}, {
			Old:   map[string]string{"mapRoles": exampleNodes + exampleDev},
			Data:  map[string]string{"mapRoles": exampleDev},
			Facts: Facts{Nodes: &NodeFacts{}, Classes: NodeClasses{{EC2NodeClass, "default", "nodes"}}},
		}},
		Good: []Example{{
			Old:   map[string]string{"mapRoles": exampleNodes + exampleDev},
			Data:  map[string]string{"mapRoles": exampleDev},
			Facts: Facts{Nodes: &NodeFacts{}},
		}},
		Check: func(p *Pass) {
			if p.Change == nil || p.gone || p.Change.New.Roles.Discarded() {
				return // said already, and nearer the cause
			}
			nodes := p.Change.Facts.Nodes
			none := nodes != nil && nodes.None()
			for i := range p.Change.Access() {
				c := &p.Change.Access()[i]
				if !c.LosesNodes {
					continue
				}
				classes := p.Change.Facts.Classes.naming(c.ARN)
				doubt := ""
				if none && len(classes) == 0 {
					if doubt = p.Change.Facts.classesInDoubt(); doubt == "" {
						continue
					}
				}
				what, then, remedy := nodesLose(c)
				kept := p.compare(c)
				if kept.Nodes {
					p.Advise("", fmt.Sprintf("%s: its nodes still join by its access entry of type %s%s", what, kept.Entry.Type, p.asOf()), "")
					continue
				}
				switch {
				case doubt != "":
					what += ": the cluster has no nodes, but " + doubt
				case none:
					what += fmt.Sprintf(": the cluster has no nodes now, but %s starts nodes with it, and they can't join", classes)
				case nodes != nil:
					what += fmt.Sprintf(": the cluster has %s, and %s%s", nodes, then, nodesOf(nodes.ByRole[arn.Fold(c.ARN)]))
					if len(classes) > 0 {
						what += "; " + classes.String() + " starts more with it"
					}
				case len(classes) > 0:
					what += fmt.Sprintf(": %s starts nodes with it, and they can't join", classes)
				default:
					what += ": how many nodes use it could not be checked" + because(p.Change.Facts.Unavailable.Nodes)
				}
				if nodes != nil || p.entries != nil { // else it says enough of what is not known
					what += p.notKept(&kept)
				}
				inconclusive := doubt != "" || nodes == nil && len(classes) == 0
				if inconclusive {
					remedy = ""
				}
				p.ReportEdit("", what, remedy, inconclusive)
			}
		},
	}
}

// classesInDoubt says why a node class may use a role that none of them names, "" where none does.
func (f *Facts) classesInDoubt() string {
	if why := f.Unavailable.Classes; why != "" {
		return "whether a node class uses it could not be checked" + because(why)
	}
	if unnamed := f.Classes.unnamed(); len(unnamed) > 0 {
		return fmt.Sprintf("%s may use it: which role its instance profile has is not known", unnamed)
	}
	return ""
}

// nodesLose says what an edit takes from the nodes of a role, what becomes of them, and what to do instead.
func nodesLose(c *access.Change) (what, then, remedy string) {
	lost := c.LostProxyGroups()
	switch {
	case c.New == nil || !c.New.IsNode():
		return fmt.Sprintf("this edit removes the mapping of the node role %s", quote(c.ARN)), "those that use it turn NotReady",
			"keep it until they use another role or an access entry"
	case c.Narrows() && c.Old.Username == c.New.Username:
		return fmt.Sprintf("this edit writes %s into a group of the node role %s, whose nodes are named by their session: EKS denies them",
			awsauth.TemplateEC2PrivateDNSName, quote(c.ARN)), "those that use it turn NotReady", "write the group without it"
	case len(lost) > 0 && c.Old.Username == c.New.Username:
		return fmt.Sprintf("this edit removes the group %s from the node role %s", strings.Join(lost, " and "), quote(c.ARN)), "kube-proxy stops working on those that need it",
			"keep " + text.Choose(len(lost), "the group", "the groups")
	}
	return fmt.Sprintf("this edit changes the username of the node role %s from %s to %s", quote(c.ARN), quote(c.Old.Username), quote(c.New.Username)),
		"nodes with the old one turn NotReady", "give nodes of another kind a role of their own"
}

// maxNodesNamed bounds the nodes that a message names.
const maxNodesNamed = 3

func nodesOf(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s joined with it)", text.Some(slices.Sorted(slices.Values(names)), maxNodesNamed))
}
