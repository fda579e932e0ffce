package validate

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func entryNotAMapping() *Rule {
	return &Rule{
		Name:  "entry-not-a-mapping",
		Title: "an item that is not an entry",
		Rationale: "Each item of mapRoles and mapUsers must be a mapping with an ARN, a username and groups. The " +
			"authenticator drops any other item. Usually it is a group that is indented like the entries; the entry " +
			"above it then has no groups.",
		Severity: High,
		Standard: Deny,
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n- arn:aws:iam::111122223333:role/ops\n"),
			roles("-\n- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"),
		},
		Good: []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n")},
		Check: func(p *Pass) {
			for _, s := range p.Doc.Sections() {
				for _, e := range s.Entries {
					if e.Valid {
						continue
					}
					if shape := e.Shape(); shape != awsauth.Mapping && shape != awsauth.NoValue {
						p.Suppress(e, "arn")
						p.ReportEntry(e, fmt.Sprintf("this item is %s, not an entry: EKS would drop it", shape),
							fmt.Sprintf("write %s:, username: and groups: under one dash", e.ARNField()))
					}
				}
			}
		},
	}
}
