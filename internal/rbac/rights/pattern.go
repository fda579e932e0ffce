package rights

import (
	"regexp"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// name is a username or a group of the map: a text, or a pattern where templates are in it.
type name struct {
	text string
	// match is nil where there is no template.
	match, fold *regexp.Regexp
}

// fillings are what templates become. STS allows these letters in session names, and {{SessionName}} has no @.
var fillings = map[string]string{
	awsauth.TemplateEC2PrivateDNSName: `[A-Za-z0-9.-]+`,
	awsauth.TemplateSessionName:       `[\w+=,.-]+`,
	awsauth.TemplateSessionNameRaw:    `[\w+=,.@-]+`,
	awsauth.TemplateAccessKeyID:       `\w+`,
}

// newName reads a name of an entry whose principal is in an account.
func newName(text, account string) name {
	text = strings.ReplaceAll(text, awsauth.TemplateAccountID, account)
	pattern, templated := regexp.QuoteMeta(text), false
	for template, filling := range fillings {
		if strings.Contains(text, template) {
			pattern, templated = strings.ReplaceAll(pattern, regexp.QuoteMeta(template), filling), true
		}
	}
	if !templated {
		return name{text: text}
	}
	return patternName(text, pattern)
}

func patternName(text, pattern string) name {
	return name{text: text, match: regexp.MustCompile("^" + pattern + "$"), fold: regexp.MustCompile("(?i)^" + pattern + "$")}
}

// anybodyIn is the username of whoever mapAccounts lets in: the ARN.
func anybodyIn(account string) name {
	return patternName("the ARN of a principal of account "+account, "arn:[^:]+:(?:iam|sts)::"+account+":.+")
}

// is reports whether the name can become this one.
func (n *name) is(s string) bool {
	if n.match != nil {
		return n.match.MatchString(s)
	}
	return n.text == s
}

// near reports whether it could but for upper and lower case.
func (n *name) near(s string) bool {
	if n.fold != nil {
		return n.fold.MatchString(s)
	}
	return strings.EqualFold(n.text, s)
}

func accountOf(text string) string {
	p, err := arn.ParsePrincipal(text)
	if err != nil {
		return ""
	}
	return p.Account
}
