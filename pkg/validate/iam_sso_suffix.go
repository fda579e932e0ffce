package validate

import (
	"fmt"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/iam"
)

func iamSSOSuffix() *Rule {
	return &Rule{
		Name:  "iam-sso-suffix",
		Title: "the permission set has a role with another suffix now",
		Rationale: "IAM Identity Center deletes the role of a permission set with its last assignment in an account, and makes another " +
			"one, with another suffix, for the next assignment. The map still has the old name, which nobody comes with any more. " +
			"Write the new role's ARN, without its path.",
		Severity:      High,
		Standard:      Warn,
		Standing:      true,
		Needs:         []Topic{TopicIAM},
		SilentWithout: true,
		Repairs:       true,
		Bad: []Example{{
			Data: map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_0123456789abcdef\n  username: dev\n"},
			IAM:  exampleIAM("aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Dev_fedcba9876543210"),
		}},
		Good: []Example{{
			Data: map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_fedcba9876543210\n  username: dev\n"},
			IAM:  exampleIAM("aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Dev_fedcba9876543210"),
		}},
		Check: func(p *Pass) {
			p.eachInIAM(func(m *mappedInIAM) {
				set := iam.PermissionSet(m.principal)
				if m.found != nil || set == "" {
					return
				}
				now := m.account.Provisioned(set)
				why := "the permission set was provisioned again, and nobody comes with this role any more"
				switch len(now) {
				case 0:
					return
				case 1:
					p.reportRenamed(m, now[0].WithoutPath(), why)
				default:
					var names []string
					for _, role := range now {
						names = append(names, role.WithoutPath())
					}
					p.ReportField(m.entry, m.entry.ARNField(), why, "write one of "+strings.Join(names[:2], ", "), nil)
				}
				p.Suppress(m.entry, "arn")
			})
		},
	}
}

// reportRenamed reports an entry whose ARN is another one by now, and suggests that.
func (p *Pass) reportRenamed(m *mappedInIAM, now, why string) {
	remedy := "write " + now
	others := p.refsTo(now)
	if len(others) > 0 {
		p.ReportField(m.entry, m.entry.ARNField(), fmt.Sprintf("%s; %s has %s already", why, others[0], now), "remove this entry", nil, others...)
		return
	}
	from := strings.Index(m.entry.ARN, "/") + 1
	name := now[strings.Index(now, "/")+1:]
	want := m.entry.ARN[:from] + name
	span, not := sourceRange(m.entry, m.entry.ARNField(), m.entry.ARN, from, len(m.entry.ARN))
	if not != "" || arn.Fold(want) != arn.Fold(now) {
		p.ReportField(m.entry, m.entry.ARNField(), why, remedy, nil)
		return
	}
	p.ReportField(m.entry, m.entry.ARNField(), why, remedy, &Repair{
		Applicability: Suggested, Summary: fmt.Sprintf("wrote the ARN that IAM has now, %s", quote(want)),
		Edits: []Edit{{Start: span.Start, End: span.End, New: name}}, Want: []Reading{{Entry: m.entry.Index, Field: ReadARN, Value: want}},
	})
}
