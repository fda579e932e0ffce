package validate

import (
	"slices"
	"strings"

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
