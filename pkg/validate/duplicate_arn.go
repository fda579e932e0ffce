package validate

func duplicateARN() *Rule {
	return &Rule{
		Name:  "duplicate-arn",
		Title: "one ARN in two entries",
		Rationale: "The authenticator uses one entry per ARN, ignoring case: the last one within mapRoles and within " +
			"mapUsers, and mapRoles before mapUsers. The other entries do nothing. Terraform writes a role for both " +
			"Linux and Windows nodes twice, the second time with one more group: that works.",
		Severity: Low,
		Standard: Warn,
		Compares: true,
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [a]\n- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [a, b]\n"),
		},
		Good: []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [a, b]\n")},
		Check: func(p *Pass) {
			for _, d := range allDuplicates(p) {
				if d.conflicting() {
					continue
				}
				for _, e := range d.entries {
					if e != d.winner {
						p.ReportBeside(e, e.ARNField(), d.winner, "has this ARN too and is the one EKS uses, so this entry does nothing", "remove it", ref(d.winner))
					}
				}
			}
		},
	}
}
