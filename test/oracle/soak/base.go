package main

import (
	"fmt"
	"strings"

	"sigs.k8s.io/aws-iam-authenticator/pkg/config"
)

type roleMapping = config.RoleMapping

const (
	account = "arn:aws:iam::111122223333:"
	nodes   = account + "role/nodes"
	// admins is how many administrators the map has; writers come in by them.
	admins = 4
	// teams is how many groups there are, each with a binding.
	teams = 8
)

func adminARN(i int) string { return fmt.Sprintf("%srole/admin-%d", account, i) }

// needed are the roles that no edit may take away, with their groups.
var needed = func() map[string][]string {
	all := map[string][]string{nodes: {"system:bootstrappers", "system:nodes"}}
	for i := range admins {
		all[adminARN(i)] = []string{"system:masters"}
	}
	return all
}()

// base is the map that a run begins with.
func base() map[string]string {
	var b strings.Builder
	b.WriteString("# The nodes, and who may do everything.\n")
	b.WriteString(item(nodes, "system:node:{{EC2PrivateDNSName}}", "system:bootstrappers", "system:nodes"))
	for i := range admins {
		b.WriteString(item(adminARN(i), fmt.Sprintf("admin-%d:{{SessionName}}", i), "system:masters"))
	}
	return map[string]string{"mapRoles": b.String()}
}

// item is an entry of mapRoles as people write it.
func item(arn, username string, groups ...string) string {
	return "- rolearn: " + arn + "\n  username: " + username + "\n  groups:\n  - " + strings.Join(groups, "\n  - ") + "\n"
}

// split takes a list apart: what is before the first item, and the items with what follows them.
func split(text string) (head string, list []string) {
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "- "):
			list = append(list, line)
		case len(list) == 0:
			head += line
		default:
			list[len(list)-1] += line
		}
	}
	return head, list
}

func join(head string, list []string) string { return head + strings.Join(list, "") }
