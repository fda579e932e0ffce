package validate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func groupUnbound() *Rule {
	return &Rule{
		Name:  "group-unbound",
		Title: "a group that no binding names",
		Rationale: "A group in aws-auth has an effect only if a RoleBinding or ClusterRoleBinding names it exactly. Without " +
			"one, the caller gets in but may do nothing (\"forbidden\"). The rule skips the groups to which Kubernetes or EKS " +
			"itself gives a meaning, as system:nodes. Where the bindings are not known, it speaks only of groups that are named like a " +
			"ClusterRole of Kubernetes (cluster-admin, admin, edit, view) or like a built-in group without its prefix " +
			"(masters): these have no effect by themselves either.",
		Severity:      Medium,
		Standard:      Warn,
		Needs:         []Topic{TopicBindings},
		Ask:           func(c *Change) Questions { return Questions{Bindings: len(newGroups(c)) > 0} },
		SilentWithout: true,
		Losses:        []string{"groups that no binding names"},
		Bad: []Example{{
			Old:   map[string]string{"mapRoles": exampleDev},
			Data:  map[string]string{"mapRoles": exampleDev + "- rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n  groups:\n  - operators\n"},
			Facts: Facts{Bindings: &BindingFacts{Groups: map[string]string{"Operators": "ClusterRoleBinding ops"}}},
		}, {
			Old:   map[string]string{"mapRoles": exampleDev},
			Data:  map[string]string{"mapRoles": exampleDev + "- rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n  groups:\n  - system:observers\n"},
			Facts: Facts{Bindings: &BindingFacts{Groups: map[string]string{"operators": "ClusterRoleBinding ops"}}},
		}, roles("- rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n  groups:\n  - cluster-admin\n")},
		Good: []Example{{
			Old:   map[string]string{"mapRoles": exampleDev},
			Data:  map[string]string{"mapRoles": exampleDev + "- rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n  groups:\n  - operators\n"},
			Facts: Facts{Bindings: &BindingFacts{Groups: map[string]string{"operators": "RoleBinding prod/ops"}}},
		}, {
			Old:   map[string]string{"mapRoles": exampleDev},
			Data:  map[string]string{"mapRoles": exampleDev + "- rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n  groups:\n  - system:monitoring\n"},
			Facts: Facts{Bindings: &BindingFacts{Groups: map[string]string{"operators": "RoleBinding prod/ops"}}},
		}},
		Check: func(p *Pass) {
			if p.Change == nil || p.Change.Facts.Bindings == nil && p.Change.Facts.Unavailable.Bindings == "" {
				p.adviseOnGroups() // Nobody has asked for the bindings.
				return
			}
			bindings := p.Change.Facts.Bindings
			groups := newGroups(p.Change)
			if len(groups) == 0 {
				return
			}
			if bindings == nil {
				p.ReportEdit("", fmt.Sprintf("whether a binding names the group %s could not be checked%s", quote(groups[0].name), because(p.Change.Facts.Unavailable.Bindings)), "", true)
				return
			}
			near := foldedGroups(bindings)
			for _, g := range groups {
				if bindings.Groups[g.name] != "" {
					continue
				}
				but, remedy := "", cmp.Or(meantFor(g.name), "bind it, or remove it")
				if meant, ok := near[strings.ToLower(g.name)]; ok {
					but, remedy = fmt.Sprintf(" (%s names %s)", bindings.Groups[meant], quote(meant)), "write "+quote(meant)+", or bind it"
				}
				reportGroup(p, g.entry, g.index,
					fmt.Sprintf("no RoleBinding or ClusterRoleBinding names the group %s%s: its members get in but may do nothing", quote(g.name), but), remedy)
			}
		},
	}
}

// foldedGroups tells by the lower-case name of a group in which case a binding names it: of several the first in the order
// of names.
func foldedGroups(b *BindingFacts) map[string]string {
	near := make(map[string]string, len(b.Groups))
	for _, name := range slices.Sorted(maps.Keys(b.Groups)) {
		if folded := strings.ToLower(name); near[folded] == "" {
			near[folded] = name
		}
	}
	return near
}

// ofKubernetes reports a name as only Kubernetes and EKS should give it.
func ofKubernetes(group string) bool {
	return strings.HasPrefix(strings.ToLower(group), "system:") || strings.HasPrefix(group, "eks:")
}

type groupAt struct {
	name  string
	entry *awsauth.Entry
	index int
}

// newGroups are the groups of entries that the edit touched, without those that differ from caller to caller, those of Kubernetes,
// and those that group-name reports.
func newGroups(c *Change) []groupAt {
	var groups []groupAt
	for _, entry := range c.New.Mappings() {
		if len(entry.Groups) == 0 || !c.touch().entryTouched(entry) {
			continue
		}
		for i, g := range entry.Groups {
			g, same := rendered(entry, g)
			if same && g != "" && !isBuiltIn(g) && !(ofKubernetes(g) && nearBuiltIn(g) != "") {
				groups = append(groups, groupAt{g, entry, i})
			}
		}
	}
	return groups
}
