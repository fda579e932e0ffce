package validate

import (
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// maxQuoted bounds what a message repeats of the map, in bytes: fifty at each end, and an ellipsis between them.
const maxQuoted = 103

// quote puts text of the map into a message: what is hidden escaped, too long a text cut in the middle.
func quote(s string) string { return text.Quote(text.Middle(s, maxQuoted)) }

// accounts builds an Example from the text of mapAccounts.
func accounts(value string) Example { return Example{Data: map[string]string{"mapAccounts": value}} }

// templates are the ranges of the texts in double braces, whether the authenticator knows them or not.
func templates(s string) [][2]int {
	var found [][2]int
	for at := 0; ; {
		i := strings.Index(s[at:], "{{")
		if i < 0 {
			return found
		}
		start := at + i
		inner := strings.IndexAny(s[start+2:], "{}")
		if inner < 0 {
			return found
		}
		end := start + 2 + inner
		if !strings.HasPrefix(s[end:], "}}") {
			at = start + 1
			continue
		}
		at = end + 2
		found = append(found, [2]int{start, at})
	}
}

// firstTemplate is the first text in double braces, or "".
func firstTemplate(s string) string {
	for _, t := range templates(s) {
		return s[t[0]:t[1]]
	}
	return ""
}

// fixed are the parts of a text between its templates, one more than there are templates.
func fixed(s string) []string {
	var parts []string
	at := 0
	for _, t := range templates(s) {
		parts = append(parts, s[at:t[0]])
		at = t[1]
	}
	return append(parts, s[at:])
}

// isTemplated reports whether the authenticator renders something in the text.
func isTemplated(s string) bool {
	for _, t := range awsauth.Templates() {
		if strings.Contains(s, t) {
			return true
		}
	}
	return false
}

// rendered is what a username or a group of an entry becomes where that is the same for all its callers.
func rendered(e *awsauth.Entry, text string) (string, bool) {
	if !strings.Contains(text, "{{") {
		return text, true
	}
	pr := e.Principal()
	if pr == nil {
		return "", false
	}
	r, ok := awsauth.Render(text, pr)
	return r.String(), ok && r.Same()
}

// callerChosen are the templates whose text the caller can choose: a session name is free for whoever may assume
// the role, and {{AccessKeyID}} was forgeable (CVE-2022-2385).
func callerChosen(s string) string {
	for _, t := range []string{awsauth.TemplateSessionName, awsauth.TemplateSessionNameRaw, awsauth.TemplateAccessKeyID} {
		if strings.Contains(s, t) {
			return t
		}
	}
	return ""
}

// looksLikeARN reports whether a username has the shape of an ARN, as CDK and access entries write them.
func looksLikeARN(s string) bool { return arn.HasPrefix(s) }

// quoteMarks are the characters that people write around a text and that YAML takes as a part of it.
const quoteMarks = "\"'`“”„‟‘’‚‛«»"

// strayQuote is the text without a quotation mark that stands at one of its ends, or at both; false where none does.
func strayQuote(s string) (bare string, found bool) {
	bare = strings.Trim(s, quoteMarks)
	return bare, bare != s && bare != ""
}

func shorten(names []string) string { return text.Some(names, maxGrantsNamed) }

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

func firstLine(s string) string {
	if i := strings.IndexAny(s, "\n\r"); i >= 0 {
		return s[:i]
	}
	return s
}
