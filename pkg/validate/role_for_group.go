package validate

import (
	"fmt"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// userFacingRoles are the ClusterRoles of Kubernetes that are for people.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles.
var userFacingRoles = []string{"cluster-admin", "admin", "edit", "view"}

// unprefixed are built-in groups without system:.
var unprefixed = map[string]string{
	"masters": awsauth.MastersGroup, "nodes": awsauth.NodesGroup, "bootstrappers": awsauth.BootstrappersGroup, "node-proxier": awsauth.ProxyGroup,
}

// wrongKindOfName says what is wrong with a group that is named like a role, or like a built-in group without its prefix; "" for
// others.
func wrongKindOfName(group string) string {
	switch role := roleMeant(group); {
	case role != "":
		return fmt.Sprintf("%s is the name of a ClusterRole, and roles are not groups", quote(role))
	case unprefixed[group] != "":
		return fmt.Sprintf("Kubernetes has no group %s, only %s", quote(group), unprefixed[group])
	}
	return ""
}

// meantFor says what to do about such a group, "" for others.
func meantFor(group string) string {
	role := roleMeant(group)
	switch {
	case role == "cluster-admin":
		return fmt.Sprintf("write %s for an administrator, or bind it: kubectl create clusterrolebinding NAME --clusterrole=%s --group=%s", awsauth.MastersGroup, role, group)
	case role != "":
		return fmt.Sprintf("bind it: kubectl create clusterrolebinding NAME --clusterrole=%s --group=%s", role, group)
	case unprefixed[group] != "":
		return "write " + unprefixed[group] + " if that is meant"
	}
	return ""
}

// roleMeant is the ClusterRole whose name a group has; of cluster-admin, in other spellings too.
func roleMeant(group string) string {
	if lettersOf(group) == "clusteradmin" {
		return "cluster-admin"
	}
	if slices.Contains(userFacingRoles, group) {
		return group
	}
	return ""
}

// adviseOnGroups reports such groups where the bindings of the cluster are not known, but for those that a binding at hand names.
func (p *Pass) adviseOnGroups() {
	for _, e := range p.Doc.Mappings() {
		for i, g := range e.Groups {
			what := wrongKindOfName(g)
			if what == "" || p.bindings != nil && p.bindings.Groups[g] != "" || p.Suppressed(e, awsauth.FieldGroups) {
				continue
			}
			p.Report(Finding{
				Section: e.Section.Key, Entry: e.Index, Field: fmt.Sprintf("groups[%d]", i), Span: groupSpan(e, i), Advisory: true,
				What: what + ": unless a binding names the group, its members get in but may do nothing", Remedy: meantFor(g),
			})
		}
	}
}
