package validate

import "github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"

func usernameShared() *Rule {
	return &Rule{
		Name:  "username-shared",
		Title: "several principals with one username",
		Rationale: "Audit logs show the username. If several roles or users share one, and no template distinguishes them, " +
			"nobody can say later who did what. Give each its own, or add {{SessionName}}.",
		Severity: Low,
		Controls: []Control{uniqueUsers()},
		Standard: Warn,
		Bad:      []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: team\n- rolearn: arn:aws:iam::111122223333:role/ops\n  username: team\n")},
		Good:     []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: team:{{SessionName}}\n- rolearn: arn:aws:iam::111122223333:role/ops\n  username: team:{{SessionName}}\n")},
		Check: func(p *Pass) {
			first := map[string]*awsauth.Entry{}
			for _, e := range p.Doc.Mappings() {
				if e.Username == "" || e.ARN == "" || p.Suppressed(e, awsauth.FieldUsername) {
					continue
				}
				name, same := rendered(e, e.Username)
				if !same {
					continue
				}
				before := first[name]
				if before == nil {
					first[name] = e
					continue
				}
				if before.FoldedARN() != e.FoldedARN() {
					p.ReportBeside(e, awsauth.FieldUsername, before, "has the username "+quote(name)+" too: audit logs can't tell the two apart; write a name of its own for each", ref(before))
				}
			}
		},
	}
}
