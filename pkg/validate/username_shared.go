package validate

import (
	"fmt"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func usernameShared() *Rule {
	return &Rule{
		Name:  "username-shared",
		Title: "several principals with one username",
		Rationale: "Audit logs show the username. If several roles or users share one, and no template distinguishes them, " +
			"nobody can say later who did what. Give each its own, or add {{SessionName}}. {{AccountID}} does not " +
			"distinguish the callers of a role: it is the account's number for all of them. A username that is the ARN of " +
			"another role or user is shared with that one too: by mapAccounts it comes in with its ARN as username. With " +
			"{{SessionName}} in the place of the name, whoever assumes the role chooses whose ARN it is.",
		Severity: Low,
		Controls: []Control{uniqueUsers()},
		Standard: Warn,
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: team\n- rolearn: arn:aws:iam::111122223333:role/ops\n  username: team\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: team-{{AccountID}}\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: arn:aws:iam::{{AccountID}}:user/alice\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: arn:aws:iam::{{AccountID}}:user/{{SessionName}}\n"),
		},
		Good: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: team:{{SessionName}}\n- rolearn: arn:aws:iam::111122223333:role/ops\n  username: team:{{SessionName}}\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: arn:aws:sts::{{AccountID}}:assumed-role/dev/{{SessionName}}\n"),
		},
		Check: func(p *Pass) {
			first := map[string]*awsauth.Entry{}
			for _, e := range p.Doc.Mappings() {
				if e.Username == "" || e.ARN == "" || p.Suppressed(e, awsauth.FieldUsername) {
					continue
				}
				if what := p.nameOfAnother(e); what != "" {
					p.ReportField(e, awsauth.FieldUsername, what, "write a name of its own", nil)
					continue
				}
				if what := p.sameForAll(e); what != "" {
					f := fieldFinding(e, awsauth.FieldUsername, what, "add {{SessionName}}, or write the number itself")
					f.Advisory = true
					p.Report(f)
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
					p.ReportBeside(e, awsauth.FieldUsername, before, "has the username "+quote(name)+" too: audit logs can't tell the two apart", "write a name of its own for each", ref(before))
				}
			}
		},
	}
}

// nameOfAnother says that the username of an entry is the ARN of another principal; "" where it is not.
func (p *Pass) nameOfAnother(e *awsauth.Entry) string {
	pr := e.Principal()
	if pr == nil || p.filledLater(e.ARN) || p.filledLater(e.Username) {
		return ""
	}
	name, ok := awsauth.Render(e.Username, pr)
	if !ok {
		return ""
	}
	one, two := principalIn(chosenAs(name, "x")), principalIn(chosenAs(name, "xy"))
	switch {
	case one == "" || one == ownARN(pr) && one == two:
		return ""
	case one != two:
		return fmt.Sprintf("the username is the ARN of another principal, and whoever assumes the role chooses which, by %s: with the name "+
			"alice for it, the caller becomes %s, and audit logs and bindings can't tell the two apart", name.Chosen(), quote(chosenAs(name, "alice")))
	}
	return fmt.Sprintf("the username is the ARN of another principal, %s: audit logs and bindings can't tell the two apart", quote(name.String()))
}

// chosenAs is what a caller gets who chooses this for the templates whose text is free.
func chosenAs(name awsauth.Rendering, as string) string {
	return strings.NewReplacer(awsauth.TemplateSessionName, as, awsauth.TemplateSessionNameRaw, as, awsauth.TemplateAccessKeyID, as).Replace(name.String())
}

// sameForAll says that the only template in the username of a role is the account's number; "" where it is not. That harms
// nobody, but who writes a template may expect that it tells callers apart.
func (p *Pass) sameForAll(e *awsauth.Entry) string {
	pr := e.Principal()
	if pr == nil || pr.Kind != arn.Role || p.filledLater(e.ARN) || !strings.Contains(e.Username, awsauth.TemplateAccountID) {
		return ""
	}
	name, same := rendered(e, e.Username)
	if !same {
		return ""
	}
	return fmt.Sprintf("%s is the same for everybody who assumes this role: all of them become %s",
		awsauth.TemplateAccountID, quote(name))
}

// principalIn is the folded ARN of the IAM principal whose ARN a username is, or that of one of its sessions; "" for others.
func principalIn(name string) string {
	canonical, err := arn.Canonicalize(name)
	if err != nil {
		return ""
	}
	of, err := arn.ParsePrincipal(canonical)
	if err != nil || !of.Kind.IsCaller() || of.Check() != nil {
		return ""
	}
	return ownARN(&of)
}

// ownARN is the folded ARN of a principal, a role's without its path.
func ownARN(pr *arn.Principal) string {
	if pr.Kind == arn.Role {
		return arn.Fold(pr.WithoutPath())
	}
	return arn.Fold(pr.String())
}
