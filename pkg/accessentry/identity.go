package accessentry

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

const (
	systemPrefix        = "system:"
	authenticatedGroup  = "system:authenticated"
	clusterAdminPolicy  = "AmazonEKSClusterAdminPolicy"
	useDefaultUsername  = "create the access entry without a username, or choose another one; RoleBindings and ClusterRoleBindings that name the user need the new name"
	chooseGroup         = "bind a group of another name to the same roles, and give that one here"
	nodeEntriesByItself = "EKS creates this access entry itself for %s: create it by hand only if it does not exist"
)

// reservedPrefixes are those that EKS refuses in usernames: EKS User Guide, "Set a custom username for EKS access entries".
var reservedPrefixes = []string{systemPrefix, "eks:", "aws:", "amazon:", "iam:"}

// nodeType is the family of nodes that a username is for, or empty.
func nodeType(username string) Type {
	switch username {
	case awsauth.NodeUsernamePrefix + awsauth.TemplateEC2PrivateDNSName:
		return EC2Linux
	case awsauth.NodeUsernamePrefix + awsauth.TemplateSessionName, awsauth.NodeUsernamePrefix + awsauth.TemplateSessionNameRaw:
		return HybridLinux
	}
	return ""
}

// node plans the mapping of a node role. EKS sets username and groups of those by their type.
func node(it *Item) {
	it.Entry.Type = nodeType(it.Username)
	given := []string{awsauth.BootstrappersGroup, awsauth.NodesGroup}
	switch {
	case it.Entry.Type == EC2Linux && slices.Contains(it.Groups, awsauth.WindowsProxyGroup):
		it.Entry.Type = EC2Windows
		given = append(given, awsauth.WindowsProxyGroup)
		it.note(nodeEntriesByItself, "managed node groups")
	case it.Entry.Type == EC2Linux:
		it.note(nodeEntriesByItself, "managed node groups")
	case slices.Contains(it.Groups, awsauth.ProxyGroup):
		it.Entry.Type = FargateLinux
		given = append(given, awsauth.ProxyGroup)
		it.note(nodeEntriesByItself, "Fargate profiles")
	default:
		it.note("nodes that are named after their session and lack Fargate's group %s count as hybrid nodes", awsauth.ProxyGroup)
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
			it.Entry.Policy = "arn:" + arn.Fold(pr.Partition) + ":eks::aws:cluster-access-policy/" + clusterAdminPolicy
			it.note("access entries can't have the group %s; the access policy %s on the whole cluster takes its place. The caller is no longer a member of the group: what asks for that by name (webhooks, policies) will not find it", awsauth.MastersGroup, clusterAdminPolicy)
		case g == authenticatedGroup:
			it.note("the group %s is left out: Kubernetes puts everybody in it", authenticatedGroup)
		case strings.TrimSpace(g) == "":
			it.note("a blank group is left out: nothing can be bound to it")
		case strings.HasPrefix(g, systemPrefix):
			it.attend(chooseGroup, "the group %s is left out: EKS refuses groups that begin with %s", text.Name(g), systemPrefix)
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
	for _, prefix := range reservedPrefixes {
		if strings.HasPrefix(name, prefix) {
			it.attend(useDefaultUsername, "the username %s is left out: EKS refuses those that begin with %s", text.Name(it.Username), prefix)
			return
		}
	}
	static := name
	for _, t := range []string{awsauth.TemplateSessionNameRaw, awsauth.TemplateSessionName} {
		static = strings.ReplaceAll(static, t, "")
	}
	if strings.Contains(static, "{{") {
		it.attend(useDefaultUsername, "access entries support no templates but %s and %s: the username %s is left out", awsauth.TemplateSessionName, awsauth.TemplateSessionNameRaw, text.Name(it.Username))
		return
	}
	it.Entry.Username = name
	if name != it.Username {
		it.note("the username %s is %s for this principal", text.Name(it.Username), text.Name(name))
	}
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
