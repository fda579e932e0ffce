package validate

import (
	"fmt"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

func adminAccessLost() *Rule {
	return &Rule{
		Name:  "admin-access-lost",
		Title: "no administrator left in the map",
		Rationale: "After the edit no mapping that people can use grants system:masters any more. One in another partition than " +
			"the cluster's, or one that lets in only EC2 instances, does not count. Only the cluster's creator, holders of access " +
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
			was, is := mainPartition(p.Change.Old, hasARNTrouble), mainPartition(p.Doc, hasARNTrouble)
			for i := range p.Change.Access() {
				if c := &p.Change.Access()[i]; c.LosesAdmin && people(c.ARN, c.Old, was) && lost == "" {
					lost = c.ARN
				}
			}
			if lost == "" {
				return
			}
			for _, e := range p.Doc.Mappings() {
				if isLiveAdmin(p, e) && people(e.ARN, &access.Identity{Username: e.Username, Groups: e.Groups}, was, is) {
					return
				}
			}
			what := "after this edit no mapping makes a person an administrator (system:masters) any more; the last was " + quote(lost)
			if admin := access.Admin(p.entries); admin != nil {
				p.Advise("", fmt.Sprintf("%s. The access entry %s may still do everything%s", what, quote(admin.PrincipalARN), p.asOf()), "")
				return
			}
			p.ReportEdit("", what+p.notSeen("no access entry certainly has the policy "+snapshot.ClusterAdmin),
				"keep one, or make sure that an administrator gets in another way", false)
		},
	}
}

// people reports whether people can come in by an entry in a cluster of one of the partitions: not where only EC2 instances do.
func people(principal string, is *access.Identity, partitions ...string) bool {
	pr, err := arn.ParsePrincipal(principal)
	return err == nil && slices.Contains(partitions, arn.Fold(pr.Partition)) && !is.OnlyInstances()
}
