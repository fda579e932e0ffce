package validate

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func arnPartition() *Rule {
	return &Rule{
		Name:  "arn-partition",
		Title: "ARNs from several partitions",
		Rationale: "A cluster in China or GovCloud sees only callers from its own partition (aws-cn, aws-us-gov). An ARN " +
			"copied from another partition never matches. The rule takes the cluster's partition from its node roles, " +
			"or else from most of the entries.",
		Severity: Medium,
		Standard: Warn,
		Bad: []Example{{Data: map[string]string{
			"mapRoles": "- rolearn: arn:aws-cn:iam::111122223333:role/dev\n  username: dev\n",
			"mapUsers": "- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob\n",
		}}},
		Good: []Example{roles("- rolearn: arn:aws-cn:iam::111122223333:role/dev\n  username: dev\n- rolearn: arn:aws-cn:iam::111122223333:role/ops\n  username: ops\n")},
		Check: func(p *Pass) {
			main := mainPartition(p.Doc, func(e *awsauth.Entry) bool { return p.Suppressed(e, "arn") })
			for _, e := range p.Doc.Mappings() {
				pr := e.Principal()
				if pr == nil || p.Suppressed(e, "arn") {
					continue
				}
				if partition := arn.Fold(pr.Partition); partition != main {
					p.ReportField(e, e.ARNField(), fmt.Sprintf("this ARN is in the partition %s, the rest of the map is in %s: a cluster matches only one partition", partition, main),
						"remove what is not in that of this cluster", nil)
				}
			}
		},
	}
}

// mainPartition is the partition of the first node role, else the most frequent, of equals the first. Entries without a path
// that wrong reports do not count.
func mainPartition(doc *awsauth.Document, wrong func(*awsauth.Entry) bool) string {
	count := map[string]int{}
	best := ""
	for _, e := range doc.Mappings() {
		pr := e.Principal()
		if pr == nil || wrong(e) && pr.Path == "" {
			continue
		}
		partition := arn.Fold(pr.Partition)
		if isNode(e) {
			return partition
		}
		count[partition]++
		if best == "" {
			best = partition
		}
	}
	for _, candidate := range arn.Partitions() {
		if count[candidate] > count[best] {
			best = candidate
		}
	}
	return best
}

// isNode reports whether an entry lets nodes in.
func isNode(e *awsauth.Entry) bool { return isNodeUsername(e.Username) && nodeGroups(e.Groups) == 2 }
