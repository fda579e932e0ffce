package validate

import (
	"fmt"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// RolePath is the name of the rule.
const RolePath = "role-path"

func rolePath() *Rule {
	return &Rule{
		Name:  RolePath,
		Title: "a role ARN with a path",
		Rationale: "STS names the caller by its role without the path: a session of role/team/dev arrives as role/dev. The " +
			"authenticator compares that with the map as written, so an entry with a path never matches. Leave the " +
			"path out. IAM users are different: they keep their path. Where the last part is the name of a session, as in " +
			"role/dev/bob@example.com, the role is the part before it, and the guard leaves the choice to you.",
		Literal:  true,
		Severity: High,
		Standard: Fix,
		Losses:   []string{"a role ARN with a path"},
		Repairs:  true,
		Bad:      []Example{roles("- rolearn: arn:aws:iam::111122223333:role/team/eng/dev\n  username: dev\n")},
		Good: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"),
			users("- userarn: arn:aws:iam::111122223333:user/team/eng/bob\n  username: bob\n"),
		},
		Check: func(p *Pass) {
			checkPath(p, false, func(pr *arn.Principal) string {
				return fmt.Sprintf("this role ARN has the path %s/: callers arrive without it, so EKS would never match it", quoteless(pr.Path))
			})
		},
	}
}

// quoteless shortens and escapes like quote, without the marks.
func quoteless(s string) string { return strings.Trim(quote(s), `"`) }

// checkPath reports role ARNs with a path, those of IAM Identity Center or the others.
func checkPath(p *Pass, sso bool, what func(*arn.Principal) string) {
	for _, e := range p.Doc.Mappings() {
		pr := e.Principal()
		if pr == nil || pr.Kind != arn.Role || pr.Path == "" || pr.IsSSO() != sso || p.Suppressed(e, "arn") ||
			hasARNTrouble(e) && !p.filledLater(e.ARN) {
			continue
		}
		p.Suppress(e, "arn")
		role, sure := pr.SessionOf()
		if sure {
			p.ReportField(e, e.ARNField(), quote(pr.Name)+" is the name of a session, and EKS matches roles without it",
				"write "+role+", which lets all sessions of the role in", nil, p.refsTo(role)...)
			continue
		}
		fix, why := stripPath(p, e, pr)
		remedy := "write " + pr.WithoutPath()
		if role != "" {
			remedy += fmt.Sprintf("; if %s is the name of a session, write %s", quote(pr.Name), role)
		}
		if fix != nil && role != "" {
			fix.Applicability = Suggested
		}
		f := fieldFinding(e, e.ARNField(), what(pr), remedy)
		f.Fix, f.Unrepaired, f.Related = fix, awsauth.Say(why), p.refsTo(pr.WithoutPath())
		p.Report(f)
	}
}

// stripPath removes the path from the text, or says why it can't.
func stripPath(p *Pass, e *awsauth.Entry, pr *arn.Principal) (*Repair, string) {
	stripped := pr.WithoutPath()
	if t := p.refsTo(stripped); len(t) > 0 {
		return nil, fmt.Sprintf("%s already maps that role, and the one that comes last would win", t[0])
	}
	for _, other := range p.idx().byStripped[arn.Fold(stripped)] {
		if other != e {
			return nil, fmt.Sprintf("%s would become the same role; keep one of them", ref(other))
		}
	}
	from := strings.Index(e.ARN, "/") + 1
	to := strings.LastIndex(e.ARN, "/") + 1
	span, why := sourceRange(e, e.ARNField(), e.ARN, from, to)
	if why != "" {
		return nil, why
	}
	return &Repair{
		Applicability: Safe, Summary: fmt.Sprintf("removed the path %s from the role ARN", quote(pr.Path+"/")),
		Edits: []Edit{{Start: span.Start, End: span.End, New: ""}}, Want: []Reading{{Entry: e.Index, Field: ReadARN, Value: e.ARN[:from] + e.ARN[to:]}},
	}, ""
}

// maxEdited bounds the values that are edited, in bytes. No ARN and no username that means anything is longer.
const maxEdited = 4096

const notVerbatim = "the value is written with escapes or over several lines"
