package manifest

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// Note says that a part of a file was not checked, and what to do to have it checked.
type Note struct {
	Span Span
	// What was not checked.
	What    Unchecked
	Message string
}

// Unchecked is what a note is about, as a noun.
type Unchecked string

// What notes are about.
const (
	// Part of a map, or of a file that may hold one.
	Part Unchecked = "part"
	// Template is a map that another tool has yet to render.
	Template Unchecked = "template"
	// Unread is a file that can't be read.
	Unread Unchecked = "file"
)

// language is what a text that is not yet rendered is written in.
type language string

const (
	goTemplate        language = "a Helm or Go template"
	jinja             language = "a Jinja or Mustache template"
	terraformTemplate language = "a Terraform template"
)

// advice says how to come by the rendered text.
func (l language) advice() string {
	switch l {
	case goTemplate:
		return "render it first: `helm template CHART | kubectl aws-auth lint -`"
	case terraformTemplate:
		return "render it first: `terraform show -json PLAN | kubectl aws-auth lint -`"
	}
	return "render it first and check the result"
}

var (
	braces    = regexp.MustCompile("\\{\\{-?\\s*[\"`]|\\{\\{[^{}]*\\}\\}")
	directive = regexp.MustCompile(`%\{~?\s*(?:if|else|endif|for|endfor)\b`)
	statement = regexp.MustCompile(`\{%|<%`)
	// aloneOnLine is an interpolation that stands for whole lines: nobody knows how many entries it brings.
	aloneOnLine   = regexp.MustCompile(`(?m)^[ \t]*\$\{[^\n]*\}[ \t]*\r?$`)
	interpolation = regexp.MustCompile(`\$\{[^{}]*\}`)
	// shellVariable is what documentation leaves for people to fill in, and what the rule placeholder is about.
	shellVariable = regexp.MustCompile(`^\$\{[A-Z0-9_]+\}$`)
)

// unrendered finds what keeps a text from being read before some tool has rendered it. The templates that the
// authenticator renders, and near misses of them, are none of that.
func unrendered(text string) (Span, language, bool) {
	if !strings.ContainsAny(text, "{%") {
		return Span{}, "", false
	}
	for _, m := range braces.FindAllStringIndex(text, -1) {
		if l := braceLanguage(text[m[0]:m[1]]); l != "" && !inComment(text, m[0]) {
			return Span{Start: m[0], End: m[1]}, l, true
		}
	}
	for _, candidate := range []struct {
		pattern *regexp.Regexp
		is      language
	}{{directive, terraformTemplate}, {statement, jinja}, {aloneOnLine, terraformTemplate}} {
		if m := candidate.pattern.FindStringIndex(text); m != nil && !inComment(text, m[0]) {
			return Span{Start: m[0], End: m[1]}, candidate.is, true
		}
	}
	return Span{}, "", false
}

// inComment reports whether the line of an offset is a comment of its own: that keeps nothing from being read.
func inComment(text string, at int) bool {
	start := strings.LastIndexAny(text[:at], "\r\n") + 1
	return strings.HasPrefix(strings.TrimLeft(text[start:at], " \t"), "#")
}

// braceLanguage tells the template language of {{…}}, "" for what the authenticator reads.
func braceLanguage(template string) language {
	inner, closed := strings.CutSuffix(strings.TrimPrefix(template, "{{"), "}}")
	if !closed || strings.HasPrefix(inner, "-") || strings.HasSuffix(inner, "-") {
		return goTemplate
	}
	inner = strings.TrimSpace(inner)
	word, rest, _ := strings.Cut(inner, " ")
	switch {
	case inner == "":
		return ""
	case strings.HasPrefix(inner, ".") && isTemplateName(inner[1:]):
		return ""
	case strings.ContainsRune(".$(/", rune(inner[0])), slices.Contains([]string{"end", "else"}, inner):
		return goTemplate
	case strings.ContainsRune("=#^>&!", rune(inner[0])), strings.HasPrefix(rest, "|"), strings.Contains(word, "_"):
		return jinja
	case rest != "" && word[0] >= 'a' && word[0] <= 'z':
		return goTemplate
	}
	return ""
}

func isTemplateName(name string) bool {
	return slices.ContainsFunc(awsauth.Templates(), func(t string) bool { return strings.EqualFold(t, "{{"+name+"}}") })
}

// note says once for an object that it is a template.
func (r *reader) note(at Span, l language) {
	r.file.Notes = append(r.file.Notes, Note{Span: at, What: Template, Message: string(l) + ", not checked: " + l.advice()})
}

// isTemplate notes an object that is not yet rendered.
func (r *reader) isTemplate(object Span) bool {
	if r.origin != written {
		return false
	}
	at, l, found := unrendered(r.file.Text[object.Start:object.End])
	if found {
		r.templates = append(r.templates, object)
		r.note(Span{Start: object.Start + at.Start, End: object.Start + at.End}, l)
	}
	return found
}

// filledInLater reports whether ${…} is for another tool. In a template for a deployment every one is.
func filledInLater(token string, from origin) bool {
	return from == stack || from == source || from == synthesized || from == written && !shellVariable.MatchString(token)
}

// Unrendered reports whether a text holds something that another tool fills in later, so that nothing can be said of it.
func (d *Document) Unrendered(text string) bool {
	return slices.ContainsFunc(d.tokens, func(token string) bool { return strings.Contains(text, token) })
}

// noteTokens finds in a document what is filled in later, and says so once.
func (r *reader) noteTokens(d *Document) {
	var first Span
	for _, k := range awsauth.Keys() {
		key := string(k)
		for _, m := range interpolation.FindAllStringIndex(d.Data[key], -1) {
			token := d.Data[key][m[0]:m[1]]
			if !filledInLater(token, r.origin) || slices.Contains(d.tokens, token) {
				continue
			}
			if len(d.tokens) == 0 {
				first = d.Span(key, Span{Start: m[0], End: m[1]})
			}
			d.tokens = append(d.tokens, token)
		}
	}
	if len(d.tokens) == 0 {
		return
	}
	advice := "render it and check again (Terraform: `terraform show -json PLAN | kubectl aws-auth lint -`)"
	switch r.origin {
	case source, synthesized:
		advice = "see what it comes to: " + planCommand
	case stack:
		advice = "see `kubectl aws-auth audit` after the deployment"
	}
	r.file.Notes = append(r.file.Notes, Note{
		Span: first, What: Part, Message: "filled in by another tool, so not checked: " + enumerate(d.tokens) + "; the rest was; " + advice,
	})
}

// maxNames bounds the names in a message.
const maxNames = 3

func enumerate(names []string) string {
	if len(names) > maxNames {
		return strings.Join(names[:maxNames], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
