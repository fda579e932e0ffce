package validate

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func usernameUppercase() *Rule {
	return &Rule{
		Name:  "username-uppercase",
		Title: "upper case in a username",
		Rationale: "AWS's guidance is to write usernames in aws-auth in lower case. The authenticator passes them on as they are, and RBAC compares them letter by letter: " +
			"a binding to User alice does not fit Alice. Templates such as {{SessionName}} and usernames in the form of an ARN are left alone.",
		Severity: Medium,
		Standard: Fix,
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: Admin:{{SessionName}}\n"),
			users("- userarn: arn:aws:iam::111122223333:user/Bob\n  username: Bob\n"),
		},
		Good: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/Dev\n  username: dev:{{SessionName}}\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/Dev\n  username: arn:aws:iam::111122223333:role/Dev\n"),
		},
		Check: func(p *Pass) {
			for _, e := range p.Doc.Mappings() {
				if !hasUpper(e.Username) || p.Claimed(e, awsauth.FieldUsername) || looksLikeARN(e.Username) || !hasUpper(static(e.Username)) {
					continue
				}
				lower := lowerStatic(e.Username)
				fix, why := lowerUsername(p, e, lower)
				message := fmt.Sprintf("the username %s has upper-case letters, which AWS advises against; write %s", quote(e.Username), quote(lower))
				if why != "" {
					message += "; not repaired: " + why
				}
				p.ReportField(e, awsauth.FieldUsername, message, fix)
			}
		},
	}
}

func hasUpper(s string) bool { return strings.IndexFunc(s, unicode.IsUpper) >= 0 }

// lowerStatic lower-cases a username outside its templates.
func lowerStatic(s string) string {
	var b strings.Builder
	at := 0
	for _, t := range anyTemplate.FindAllStringIndex(s, -1) {
		b.WriteString(strings.ToLower(s[at:t[0]]))
		b.WriteString(s[t[0]:t[1]])
		at = t[1]
	}
	b.WriteString(strings.ToLower(s[at:]))
	return b.String()
}

// lowerUsername lower-cases the letters in the text, or says why it can't.
func lowerUsername(p *Pass, e *awsauth.Entry, lower string) (*Repair, string) {
	if prefix := reservedPrefix(lower); prefix != "" && !isNodeShape(lower) {
		return nil, fmt.Sprintf("in lower case it would have the prefix %s, which is reserved", quote(prefix))
	}
	for _, other := range p.sameUsername(e.Username) {
		if other.Username != e.Username && arn.Fold(other.ARN) != arn.Fold(e.ARN) {
			return nil, fmt.Sprintf("%s has the username %s", ref(other), quote(other.Username))
		}
	}
	r := &Repair{
		Applicability: Safe, Summary: fmt.Sprintf("changed the username %s to %s", quote(e.Username), quote(lower)),
		Want: []Change{{Entry: e.Index, Field: ChangeUsername, Value: lower}},
	}
	for _, run := range upperRuns(e.Username) {
		span, why := sourceRange(e, awsauth.FieldUsername, e.Username, run[0], run[1])
		if why != "" {
			return nil, why
		}
		r.Edits = append(r.Edits, Edit{span.Start, span.End, strings.ToLower(e.Username[run[0]:run[1]])})
	}
	return r, ""
}

// upperRuns are the ranges of upper-case letters outside templates.
func upperRuns(s string) [][2]int {
	var runs [][2]int
	templates := anyTemplate.FindAllStringIndex(s, -1)
	for i, c := range s {
		if len(templates) > 0 && i >= templates[0][1] {
			templates = templates[1:]
		}
		if len(templates) > 0 && i >= templates[0][0] || !unicode.IsUpper(c) {
			continue
		}
		end := i + len(string(c))
		if n := len(runs); n > 0 && runs[n-1][1] == i {
			runs[n-1][1] = end
		} else {
			runs = append(runs, [2]int{i, end})
		}
	}
	return runs
}
