package validate

import (
	"fmt"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func nodeEntry() *Rule {
	return &Rule{
		Name:  "node-entry",
		Title: "an incomplete node entry",
		Rationale: "Nodes need the username system:node:{{EC2PrivateDNSName}} (Fargate and hybrid nodes: " +
			"system:node:{{SessionName}}) and both groups system:bootstrappers and system:nodes. Without one of the " +
			"groups they can't join. A person's role with a node group gets the rights of nodes, and the node " +
			"authorizer refuses it what it needs.",
		Severity: High,
		Standard: Deny,
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:nodes\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: mynode:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"),
		},
		Good: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n  - eks:kube-proxy-windows\n"),
		},
		Check: func(p *Pass) {
			for _, e := range p.Doc.Mappings() {
				if p.Suppressed(e, awsauth.FieldGroups) || p.Suppressed(e, awsauth.FieldUsername) || e.Username == "" {
					continue
				}
				missing, add := missingNodeGroups(e.Groups)
				switch has := nodeGroups(e.Groups); {
				case isNodeUsername(e.Username) && has < 2 && p.allGroupsKnown(e):
					p.ReportField(e, awsauth.FieldUsername, "this is the username of nodes, but "+missing+": nodes could not join", add, nil)
				case nodeNameMeant(e) != "" && !isNodeUsername(e.Username):
					p.ReportField(e, awsauth.FieldUsername, fmt.Sprintf("with the username %s nodes could not join: EKS knows them by one that begins with %s",
						quote(e.Username), awsauth.NodeUsernamePrefix), "write "+nodeNameMeant(e), nil)
				case !isNodeUsername(e.Username) && has > 0 && !p.filledLater(e.Username):
					i := slices.IndexFunc(e.Groups, func(g string) bool { return g == awsauth.NodesGroup || g == awsauth.BootstrappersGroup })
					reportGroup(p, e, i, fmt.Sprintf("%s is for nodes, but the username %s is not that of a node", e.Groups[i], quote(e.Username)), "remove the group")
				}
			}
		},
	}
}

// missingNodeGroups says which of the node groups are missing, and to add them.
func missingNodeGroups(groups []string) (missing, add string) {
	switch {
	case slices.Contains(groups, awsauth.NodesGroup):
		return "the group " + awsauth.BootstrappersGroup + " is missing", "add it"
	case slices.Contains(groups, awsauth.BootstrappersGroup):
		return "the group " + awsauth.NodesGroup + " is missing", "add it"
	}
	return "the groups " + awsauth.BootstrappersGroup + " and " + awsauth.NodesGroup + " are missing", "add both"
}
