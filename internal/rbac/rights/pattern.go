package rights

import (
	"regexp"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// name is a username or a group that callers of a principal get. Where they differ, text has the templates.
type name struct {
	text   string
	varies bool
	// is reports whether some caller gets this very text, near whether one does but for upper and lower case.
	is, near func(string) bool
}

// newName reads a name of an entry.
func newName(text string, principal *arn.Principal) name {
	rendered, ok := awsauth.Render(text, principal)
	switch {
	case ok && rendered.Same():
		text = rendered.String()
	case ok:
		folded := rendered.Folded()
		return name{
			text: rendered.String(), varies: true, is: rendered.CanBe,
			near: func(s string) bool { return folded.CanBe(strings.ToLower(s)) },
		}
	}
	return name{
		text: text, is: func(s string) bool { return s == text },
		near: func(s string) bool { return strings.EqualFold(s, text) },
	}
}

// anybodyIn is the username of whoever mapAccounts lets in: the ARN.
func anybodyIn(account string) name {
	pattern := "^arn:[^:]+:(?:iam|sts)::" + account + ":.+$"
	return name{
		text: "the ARN of a principal of account " + account, varies: true,
		is: regexp.MustCompile(pattern).MatchString, near: regexp.MustCompile("(?i)" + pattern).MatchString,
	}
}
