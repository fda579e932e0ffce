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
				message := unseenIn("username", e.Username, "")
				if bare, found := strayQuote(e.Username); message == "" && found {
					message = quotedName("username", e.Username, bare)
				}
				if message != "" && !p.Suppressed(e, awsauth.FieldUsername) {
					p.Suppress(e, awsauth.FieldUsername)
					p.ReportField(e, awsauth.FieldUsername, message, nil)
				}
			}
		},
	}
}

// quotedName reports a quotation mark that is a part of a name.
func quotedName(what, name, bare string) string {
	return fmt.Sprintf("the %s %s has a quotation mark that is a part of the name, so no binding matches it; write %s", what, name, bare)
}

// unseenIn reports the first character in a username or a group that nobody sees, or returns "". meant is the name to write,
// "" for the same name without such characters.
func unseenIn(what, name, meant string) string {
	r, at, found := unseen.Find(name)
	if !found {
		return ""
	}
	where := "at its beginning"
	if at > 0 {
		where = "after " + quote(name[:at])
	}
	message := fmt.Sprintf("the %s %s has %s %s, so no binding matches it", what, quote(name), unseen.Describe(r), where)
	switch seen := unseen.Without(name); {
	case meant != "":
		return message + "; write " + quote(meant)
	case seen == "":
		return message + "; write a name"
	case strings.ContainsFunc(strings.TrimFunc(name, unseen.IsAround), unicode.IsControl):
		return message + "; write it without"
	default:
		return message + "; write " + quote(seen)
	}
}
