package validate

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

func adminAccessLost() *Rule {
	return &Rule{
		Name:  "admin-access-lost",
		Title: "no administrator left in the map",
		Rationale: "After the edit no mapping grants system:masters any more. Only the cluster's creator, holders of access " +
			"entries and users whom RBAC lets edit the map can still fix it. Make sure that you can reach one of " +
			"them.",
		Severity:  High,
		Controls:  []Control{accessRemoval()},
		AboutEdit: true,
		Standard:  Warn,
		Losses:    []string{"the last administrator removed"},
		Bad: []Example{{
			Old:  map[string]string{"mapRoles": exampleDev + "- rolearn: arn:aws:iam::111122223333:role/admin\n  username: admin\n  groups:\n  - system:masters\n"},
			Data: map[string]string{"mapRoles": exampleDev},
		}},
		Good: []Example{{
			Old:  map[string]string{"mapRoles": exampleDev + "- rolearn: arn:aws:iam::111122223333:role/viewer\n  username: viewer\n"},
			Data: map[string]string{"mapRoles": exampleDev},
		}},
		Check: func(p *Pass) {
			if p.Change == nil || p.Change.Old == nil || p.gone {
				return
			}
			lost := ""
			for i := range p.Change.Access() {
				if c := &p.Change.Access()[i]; c.LosesAdmin && lost == "" {
					lost = c.ARN
				}
			}
			if lost == "" {
				return
			}
			for _, e := range p.Doc.Mappings() {
				if isLiveAdmin(p, e) {
					return
				}
			}
			what := "after this edit no mapping grants system:masters any more; the last was " + quote(lost)
			if admin := access.Admin(p.entries); admin != nil {
				p.Advise("", fmt.Sprintf("%s. The access entry %s may still do everything%s", what, quote(admin.PrincipalARN), p.asOf()), "")
				return
			}
			p.ReportEdit("", what+p.notSeen("no access entry certainly has the policy "+snapshot.ClusterAdmin),
				"keep one, or make sure that an administrator gets in another way", false)
		},
	}
}
