package validate

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/unseen"
)

func usernameFormat() *Rule {
	return &Rule{
		Name:  "username-format",
		Title: "a character that no username should have",
		Rationale: "RBAC compares usernames exactly. A control character, a line break, a blank at either end or an invisible character (a zero width space, often pasted from a web page) " +
			"makes a name that no binding names, that looks like another one in audit logs, and that may rewrite the terminal of whoever reads it. A blank inside is legal. Typographic quotes, and one quote alone, are a part of the name.",
		Severity: High,
		Standard: Deny,
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: \"dev\\u200b\"\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: \" dev:{{SessionName}}\"\n"),
			users("- userarn: arn:aws:iam::111122223333:user/bob\n  username: |\n    bob\n"),
			users("- userarn: arn:aws:iam::111122223333:user/bob\n  username: “bob”\n"),
		},
		Good: []Example{users("- userarn: arn:aws:iam::111122223333:user/alice\n  username: alice smith\n")},
		Check: func(p *Pass) {
			for _, e := range p.Doc.Mappings() {
				what, remedy := unseenIn("username", e.Username, "")
				if bare, found := strayQuote(e.Username); what == "" && found {
					what, remedy = quotedName("username", e.Username, bare)
				}
				if what != "" && !p.Suppressed(e, awsauth.FieldUsername) {
					p.Suppress(e, awsauth.FieldUsername)
					p.ReportField(e, awsauth.FieldUsername, what, remedy, nil)
				}
			}
		},
	}
}

// quotedName reports a quotation mark that is a part of a name.
func quotedName(kind, name, bare string) (what, remedy string) {
	return fmt.Sprintf("the %s %s has a quotation mark that is a part of the name, so no binding matches it", kind, name), "write " + bare
}

// unseenIn reports the first character in a username or a group that nobody sees, or returns "". meant is the name to write,
// "" for the same name without such characters.
func unseenIn(kind, name, meant string) (what, remedy string) {
	r, at, found := unseen.Find(name)
	if !found {
		return "", ""
	}
	where := "at its beginning"
	if at > 0 {
		where = "after " + quote(name[:at])
	}
	what = fmt.Sprintf("the %s %s has %s %s, so no binding matches it", kind, quote(name), unseen.Describe(r), where)
	switch seen := unseen.Without(name); {
	case meant != "":
		return what, "write " + quote(meant)
	case seen == "":
		return what, "write a name"
	case strings.ContainsFunc(strings.TrimFunc(name, unseen.IsAround), unicode.IsControl):
		return what, "write it without"
	default:
		return what, "write " + quote(seen)
	}
}
