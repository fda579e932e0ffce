package accessentry

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

const (
	authenticatedGroup  = "system:authenticated"
	useDefaultUsername  = "create the access entry without a username, or choose another one; RoleBindings and ClusterRoleBindings that name the user need the new name"
	chooseGroup         = "bind a group of another name to the same roles, and give that one here"
	nodeEntriesByItself = "EKS creates this access entry itself for %s: create it by hand only if it does not exist"
)

// isNode reports whether a mapping is that of nodes, by a username that only they have.
func isNode(username string) bool { return strings.HasPrefix(username, awsauth.NodeUsernamePrefix) }

// byInstance reports whether nodes are named after their session, which of an instance is its id.
func byInstance(username string) bool {
	return username == awsauth.NodeUsernamePrefix+awsauth.TemplateSessionName || username == awsauth.NodeUsernamePrefix+awsauth.TemplateSessionNameRaw
}

// node plans the mapping of a node role. EKS sets username and groups of those by their type.
func node(it *Item) {
	given := []string{awsauth.BootstrappersGroup, awsauth.NodesGroup}
	it.Entry.Type = snapshot.EC2Linux
	switch byName := it.Username == awsauth.NodeUsernamePrefix+awsauth.TemplateEC2PrivateDNSName; {
	case byName && slices.Contains(it.Groups, awsauth.WindowsProxyGroup):
		it.Entry.Type = snapshot.EC2Windows
		given = append(given, awsauth.WindowsProxyGroup)
		it.note(nodeEntriesByItself, "managed node groups")
	case byName:
		it.note(nodeEntriesByItself, "managed node groups")
	case byInstance(it.Username) && slices.Contains(it.Groups, awsauth.ProxyGroup):
		it.Entry.Type = snapshot.FargateLinux
		given = append(given, awsauth.ProxyGroup)
		it.note(nodeEntriesByItself, "Fargate profiles")
	case byInstance(it.Username):
		it.attend("find out which nodes use this role (kubectl get nodes): names that begin with i- are instances, with mi- hybrid nodes, with fargate- Fargate. "+
			"For hybrid nodes create the access entry with the type HYBRID_LINUX, for Fargate with FARGATE_LINUX; for EC2 instances with the type EC2 "+
			"where EKS Auto Mode runs them (with the access policy AmazonEKSAutoNodePolicy), else with EC2_LINUX, which names them by their private DNS name",
			"hybrid nodes, Fargate and EC2 instances named by their id all have the username %s, so the map does not tell the type of the access entry", text.Name(it.Username))
		it.Entry = nil
	default:
		it.attend("create the access entry with the type EC2_LINUX if these are EC2 nodes, with HYBRID_LINUX if they are hybrid nodes",
			"the username %s is none that EKS gives to nodes by a type: the nodes get another name", text.Name(it.Username))
		it.Entry = nil
	}
	it.note("EKS sets the username and the groups of nodes by the type")
	for _, g := range []string{awsauth.BootstrappersGroup, awsauth.NodesGroup} {
		if !slices.Contains(it.Groups, g) {
			it.attend("create the access entry if these nodes are meant to join, else remove the mapping", "the group %s is missing, so these nodes can't join today; with the access entry they can", g)
		}
	}
	for _, g := range unique(it.Groups) {
		if !slices.Contains(given, g) && g != authenticatedGroup && g != "" {
			it.attend("grant what the group allows in another way before you create the access entry", "access entries of nodes take no groups and no access policies: the group %s is lost", text.Name(g))
		}
	}
}

// person plans the mapping of anybody but nodes.
func person(it *Item, pr arn.Principal) {
	rendered := func(s string) string {
		s = strings.ReplaceAll(s, awsauth.TemplateAccountID, pr.Account)
		if pr.Kind == arn.User {
			// Users have no session, and the authenticator puts nothing in its place.
			s = strings.NewReplacer(awsauth.TemplateSessionName, "", awsauth.TemplateSessionNameRaw, "").Replace(s)
		}
		return s
	}
	groups(it, pr, rendered)
	username(it, pr, rendered(it.Username))
}

func groups(it *Item, pr arn.Principal, rendered func(string) string) {
	for _, written := range unique(it.Groups) {
		switch g := rendered(written); {
		case g == awsauth.MastersGroup:
			it.Entry.Policy = "arn:" + arn.Fold(pr.Partition) + ":eks::aws:cluster-access-policy/" + snapshot.ClusterAdmin
			it.note("access entries can't have the group %s; the access policy %s on the whole cluster takes its place. The caller is no longer a member of the group: what asks for that by name (webhooks, policies) will not find it", awsauth.MastersGroup, snapshot.ClusterAdmin)
		case g == authenticatedGroup:
			it.note("the group %s is left out: Kubernetes puts everybody in it", authenticatedGroup)
		case strings.TrimSpace(g) == "":
			it.note("a blank group is left out: nothing can be bound to it")
		case snapshot.ReservedPrefix(g) != "":
			it.attend(chooseGroup, "the group %s is left out: EKS refuses groups that begin with %s", text.Name(g), snapshot.ReservedPrefix(g))
		case strings.Contains(g, "{{"):
			it.attend(chooseGroup, "access entries support templates only in usernames: the group %s is left out", text.Name(g))
		default:
			it.Entry.Groups = append(it.Entry.Groups, g)
		}
	}
}

func username(it *Item, pr arn.Principal, name string) {
	if name == "" {
		it.note("the username is empty today; EKS sets the ARN")
		return
	}
	if prefix := snapshot.ReservedPrefix(name); prefix != "" {
		it.attend(useDefaultUsername, "the username %s is left out: EKS refuses those that begin with %s", text.Name(it.Username), prefix)
		return
	}
	if name != it.Username {
		it.note("the username %s is %s for this principal", text.Name(it.Username), text.Name(name))
	}
	if strings.Contains(name, awsauth.TemplateSessionNameRaw) {
		it.attend("create the access entry, after RoleBindings and ClusterRoleBindings that name users with an @ name them with a - too",
			"access entries do not know %s: the username has %s, in which EKS writes - for @", awsauth.TemplateSessionNameRaw, awsauth.TemplateSessionName)
		name = strings.ReplaceAll(name, awsauth.TemplateSessionNameRaw, awsauth.TemplateSessionName)
	}
	if strings.Contains(strings.ReplaceAll(name, awsauth.TemplateSessionName, ""), "{{") {
		it.attend(useDefaultUsername, "access entries support no template but %s: the username %s is left out", awsauth.TemplateSessionName, text.Name(it.Username))
		return
	}
	it.Entry.Username = name
	if at := strings.Index(name, "{{"); at >= 0 && !strings.Contains(name[:at], ":") {
		before := name[:at]
		if before == "" {
			before = pr.Name
		}
		it.Entry.Username = before + ":" + name[at:]
		it.attend(fmt.Sprintf("create the access entry with the username %s if nothing names the old ones; RoleBindings and ClusterRoleBindings that do need the new names", text.Name(it.Entry.Username)),
			"EKS wants a colon before %s, which %s does not have", name[at:], text.Name(it.Username))
	}
}

// unique keeps the first of equal texts.
func unique(all []string) []string {
	var kept []string
	for _, s := range all {
		if !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}
