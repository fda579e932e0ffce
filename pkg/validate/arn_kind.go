package validate

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
)

// ARNKind is the name of the rule.
const ARNKind = "arn-kind"

func arnKind() *Rule {
	return &Rule{
		Name:  ARNKind,
		Title: "an ARN of the wrong kind",
		Rationale: "Only roles, users, the root user and federated users present tokens. The ARN of an assumed-role session, " +
			"an instance profile, an IAM group or policy, an EKS or any other resource never matches. The guard does " +
			"not rewrite it: the role of an instance profile may have another name, and mapping a role instead of one " +
			"session would let more people in.",
		Literal:  true,
		Severity: High,
		Standard: Deny,
		Losses:   []string{"the session, the instance profile or the IAM group instead of the role"},
		Bad: []Example{
			roles("- rolearn: arn:aws:sts::111122223333:assumed-role/dev/alice\n  username: dev\n"),
			roles("- rolearn: arn:aws:iam::111122223333:instance-profile/nodes\n  username: dev\n"),
			users("- userarn: arn:aws:iam::111122223333:group/devs\n  username: devs\n"),
			users("- userarn: arn:aws:eks:eu-west-1:111122223333:cluster/prod\n  username: bob\n"),
		},
		Good: []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n")},
		Check: func(p *Pass) {
			for _, e := range p.Doc.Mappings() {
				pr := e.Principal()
				if pr == nil || pr.Kind.IsCaller() || pr.Kind == arn.Unknown || p.Suppressed(e, "arn") ||
					placeholderIn(e.ARN, true) != "" && !p.filledLater(e.ARN) {
					continue
				}
				p.Suppress(e, "arn")
				p.ReportField(e, e.ARNField(), "EKS would never match this ARN: it names "+article(pr.Kind), mapInstead(pr), nil)
			}
		},
	}
}

func article(k arn.Kind) string {
	switch k {
	case arn.AssumedRole, arn.InstanceProfile, arn.Group, arn.Policy, arn.OtherIAM:
		name := k.String()
		if name[0] == 'a' || name[0] == 'i' || name[0] == 'I' {
			return "an " + name
		}
		return "a " + name
	}
	return "a " + k.String()
}

// mapInstead says what to map in the place of what is no caller.
func mapInstead(pr *arn.Principal) string {
	switch pr.Kind {
	case arn.AssumedRole:
		return fmt.Sprintf("map the role: arn:%s:iam::%s:role/NAME lets all of its sessions in", pr.Partition, pr.Account)
	case arn.InstanceProfile:
		return "map the role in the profile (aws iam get-instance-profile shows it)"
	case arn.Group:
		return "map a role that its members may assume"
	}
	return "map an IAM role or user"
}
