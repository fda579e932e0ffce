package awsauth

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
)

// Rendering is what a username or a group of an entry becomes for the callers of its principal: one text for all of them,
// or a pattern where they differ.
type Rendering struct {
	// fixed are the parts around the templates that differ from caller to caller, one more than there are of those.
	fixed   []string
	varying []string
}

// hole marks a template that differs from caller to caller. No text that the authenticator reads has this byte: it is never
// part of UTF-8.
const hole = "\xff"

// varies are the templates that differ from caller to caller, in the order in which the authenticator renders them.
var varies = []string{TemplateEC2PrivateDNSName, TemplateSessionName, TemplateSessionNameRaw, TemplateAccessKeyID}

// Render says what a username or a group becomes for the callers of a principal. {{AccountID}} is the same for all of
// them, and the session name is empty for IAM users, the root user and federated users. It reports false where EKS denies
// them all.
func Render(text string, principal *arn.Principal) (Rendering, bool) {
	if !strings.Contains(text, "{{") {
		return Rendering{fixed: []string{text}}, true
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	sessionless := principal.Kind == arn.User || principal.Kind == arn.Root || principal.Kind == arn.FederatedUser
	if sessionless && strings.Contains(text, TemplateEC2PrivateDNSName) {
		return Rendering{}, false
	}
	// In the order of renderTemplate: what is left out can join what is around it to another template.
	text = strings.ReplaceAll(text, TemplateEC2PrivateDNSName, hole+"0")
	text = strings.ReplaceAll(text, TemplateAccountID, principal.Account)
	for i, t := range varies[1:] {
		filled := hole + string(rune('1'+i))
		if sessionless && t != TemplateAccessKeyID {
			filled = ""
		}
		text = strings.ReplaceAll(text, t, filled)
	}
	parts := strings.Split(text, hole)
	r := Rendering{fixed: parts[:1]}
	for _, part := range parts[1:] {
		r.varying = append(r.varying, varies[part[0]-'0'])
		r.fixed = append(r.fixed, part[1:])
	}
	return r, true
}

// Same reports whether all callers get the same text, which String then gives.
func (r Rendering) Same() bool { return len(r.varying) == 0 }

// String is the text with those templates that differ from caller to caller.
func (r Rendering) String() string {
	var b strings.Builder
	for i, part := range r.fixed {
		b.WriteString(part)
		if i < len(r.varying) {
			b.WriteString(r.varying[i])
		}
	}
	return b.String()
}

// Prefix is what is before the first template that differs from caller to caller.
func (r Rendering) Prefix() string { return r.fixed[0] }

// Chosen is the first template whose text the caller chooses, "" for none: a session name is free for whoever may assume
// the role, and {{AccessKeyID}} was forgeable (CVE-2022-2385).
func (r Rendering) Chosen() string {
	if i := slices.IndexFunc(r.varying, func(t string) bool { return t != TemplateEC2PrivateDNSName }); i >= 0 {
		return r.varying[i]
	}
	return ""
}

// filling is a letter of what a template becomes. STS allows these in session names, and {{SessionName}} has no @.
var filling = map[string]*regexp.Regexp{
	TemplateEC2PrivateDNSName: regexp.MustCompile(`^[A-Za-z0-9.-]+$`),
	TemplateSessionName:       regexp.MustCompile(`^[\w+=,.-]+$`),
	TemplateSessionNameRaw:    regexp.MustCompile(`^[\w+=,.@-]+$`),
	TemplateAccessKeyID:       regexp.MustCompile(`^\w+$`),
}

// Folded is the rendering for texts that are compared in lower case.
func (r Rendering) Folded() Rendering {
	folded := Rendering{varying: r.varying}
	for _, part := range r.fixed {
		folded.fixed = append(folded.fixed, strings.ToLower(part))
	}
	return folded
}

// CanBe reports whether some caller gets this text.
func (r Rendering) CanBe(text string) bool { return r.matches(text, false) }

// CanBegin reports whether some caller gets a text that begins so.
func (r Rendering) CanBegin(prefix string) bool { return r.matches(prefix, true) }

// matches reports whether the text, or with prefix the beginning of some text, is what some caller gets.
func (r Rendering) matches(text string, prefix bool) bool {
	if prefix && len(text) <= len(r.fixed[0]) {
		return strings.HasPrefix(r.fixed[0], text)
	}
	rest, ok := strings.CutPrefix(text, r.fixed[0])
	if !ok || len(r.varying) == 0 {
		return ok && rest == "" && !prefix
	}
	after := Rendering{r.fixed[1:], r.varying[1:]}
	for n := 1; n <= len(rest); n++ {
		if !filling[r.varying[0]].MatchString(rest[:n]) {
			return false
		}
		if prefix && n == len(rest) || after.matches(rest[n:], prefix) {
			return true
		}
	}
	return prefix && rest == ""
}
