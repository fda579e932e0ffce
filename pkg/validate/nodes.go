package validate

import (
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func isNodeShape(username string) bool { return nodeShape.MatchString(username) }

// isNodeUsername reports whether a username is that of nodes, rightly written or not.
func isNodeUsername(username string) bool {
	return strings.HasPrefix(username, awsauth.NodeUsernamePrefix)
}

// nodeGroups counts which of the two node groups are there.
func nodeGroups(groups []string) int {
	n := 0
	for _, g := range []string{awsauth.BootstrappersGroup, awsauth.NodesGroup} {
		if slices.Contains(groups, g) {
			n++
		}
	}
	return n
}

// nodeNameMeant is the username that an entry must have to be that of nodes, "" where it is not meant to be, or where it has
// one. Whoever writes {{EC2PrivateDNSName}} beside a group of nodes means nodes, and so does who names nodes by their session.
func nodeNameMeant(e *awsauth.Entry) string {
	pr, groups := e.Principal(), nodeGroups(e.Groups)
	if pr == nil || pr.Kind != arn.Role || isNodeShape(e.Username) || groups == 0 {
		return ""
	}
	lower := strings.ToLower(e.Username)
	switch {
	case strings.Contains(e.Username, awsauth.TemplateEC2PrivateDNSName):
		return awsauth.NodeUsernamePrefix + awsauth.TemplateEC2PrivateDNSName
	case groups == 2 && strings.Contains(lower, "node") && sessionTemplate(e.Username) != "":
		return awsauth.NodeUsernamePrefix + awsauth.TemplateSessionName
	case groups == 2 && (strings.HasPrefix(lower, "system:") || slices.Contains(e.Groups, awsauth.WindowsProxyGroup)):
		return awsauth.NodeUsernamePrefix + awsauth.TemplateEC2PrivateDNSName
	}
	return ""
}
