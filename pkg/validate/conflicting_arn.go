package validate

import (
	"fmt"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func conflictingARN() *Rule {
	return &Rule{
		Name:  "conflicting-arn",
		Title: "one ARN in two entries that disagree",
		Rationale: "The authenticator uses one entry per ARN and does not merge entries. Here the entry that it uses has " +
			"another username, or lacks a group that the other entry gives. If two entries of mapUsers have ARNs that " +
			"differ only in case, it keeps both, and each request gets one of them at random.",
		Severity: High,
		Standard: Deny,
		Compares: true,
		Losses:   []string{"a later entry of the same ARN that gives less"},
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [a]\n- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [b]\n"),
			users("- userarn: arn:aws:iam::111122223333:user/Bob\n  username: bob\n  groups: [a]\n- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob\n  groups: [b]\n"),
		},
		Good: []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [a, b]\n")},
		Check: func(p *Pass) {
			for _, d := range allDuplicates(p) {
				if d.conflicting() {
					reportConflict(p, d)
				}
			}
		},
	}
}

// reportConflict reports at the entry that stands last in the text: the one that somebody added.
func reportConflict(p *Pass, d duplicates) {
	last := d.entries[len(d.entries)-1]
	if d.winner == nil {
		other := d.entries[0]
		p.ReportBeside(last, last.ARNField(), other, "has the same ARN in different case and another effect: EKS takes one of the two at random", "keep one", refs(d.entries, last)...)
		return
	}
	won := groupSet(d.winner.Groups)
	for _, e := range d.entries {
		username, groups := takenAway(e, d.winner, won)
		if !username && len(groups) == 0 {
			continue
		}
		var lost []string
		if username {
			lost = append(lost, "the username "+quote(e.Username))
		}
		if len(groups) > 0 {
			lost = append(lost, groupsNamed(groups))
		}
		is := "is"
		if username && len(groups) > 0 || len(groups) > 1 {
			is = "are"
		}
		at, other := last, e
		if e == last {
			other = d.winner
		}
		p.ReportBeside(at, at.ARNField(), other, fmt.Sprintf("has the same ARN; EKS uses %s alone, so %s of %s %s lost",
			ref(d.winner), strings.Join(lost, " and "), ref(e), is), "merge them into one entry", refs(d.entries, at)...)
		return
	}
}

// groupsNamed names groups for people.
func groupsNamed(groups []string) string {
	if len(groups) == 1 {
		return "the group " + quote(groups[0])
	}
	return "the groups " + quoteAll(groups)
}

// refs names entries except one.
func refs(entries []*awsauth.Entry, except *awsauth.Entry) []Ref {
	var out []Ref
	for _, e := range entries {
		if e != except {
			out = append(out, ref(e))
		}
	}
	return out
}
