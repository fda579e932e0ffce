package manifest

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/typo"
	show "github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// language is what a text that is not yet rendered is written in.
type language string

const (
	goTemplate        language = "a Helm or Go template"
	jinja             language = "a Jinja or Mustache template"
	jinjaTemplate     language = "a Jinja template"
	rubyTemplate      language = "an ERB or EJS template"
	variables         language = "a template with variables of a shell"
	terraformTemplate language = "a Terraform template"
	yttTemplate       language = "a ytt template"
	otherTemplate     language = "a template"
)

// advice says how to come by the rendered text.
func (l language) advice() string {
	switch l {
	case goTemplate:
		return "render it first: `helm template CHART | kubectl aws-auth lint -`"
	case terraformTemplate:
		return "render it first: `terraform show -json PLAN | kubectl aws-auth lint -`"
	case variables:
		return "render it first: `envsubst < FILE | kubectl aws-auth lint -`"
	case yttTemplate:
		return "render it first: `ytt -f FOLDER | kubectl aws-auth lint -`"
	}
	return "render it first and check the result"
}

// anyToken is what tools put their own text in the place of: in braces and brackets of all kinds, and names that envsubst, CI
// services and secret stores replace. Names between percent signs have three letters, as %C3% is a part of a web address.
const anyToken = `\$\{(?:[^{}\n]|\{[^{}\n]*\})*\}|\{\{[^{}\n]*\}\}|<%=[^%\n]*%>|%\{[^{}\n]*\}|\$\([A-Za-z0-9_.-]+\)|\[\[[^\[\]\n]*\]\]|#\{[^{}\n]*\}#?|` +
	`\$[A-Za-z_]\w*|\(\([^()\n]*\)\)|\(@[^\n]*?@\)|<path:[^<>\n]+>|\b__[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*__\b|` + unquotable

// unquotable are tokens that no YAML value begins with, but in quotes.
const unquotable = `%[A-Za-z_]\w{2,}%|@@?[A-Z][A-Z0-9_]{2,}@@?`

var (
	token  = regexp.MustCompile(anyToken)
	braces = regexp.MustCompile(`\{\{[^{}]*\}\}`)
	// nestedBraces write a template, or what looks like one.
	nestedBraces = regexp.MustCompile("\\{\\{-?\\s*[\"`]")
	directive    = regexp.MustCompile(`%\{~?\s*(?:if|else|endif|for|endfor)\b`)
	statement    = regexp.MustCompile(`\{%|<%(?:[^=]|$)|\{#`)
	// ytt is a statement of it, or a field of an entry or an item that it computes.
	ytt = regexp.MustCompile(`(?m)^[ \t]*(?:#@[ \t]+(?:for|if|def|end)\b|(?:-[ \t]+)?["']?(?:(?i:(?:role|user)?_?arn|username|groups|account)["']?:[ \t]+)#@[ \t]|-[ \t]+#@[ \t])`)
	// control opens or closes a part, or brings more than one value.
	control = regexp.MustCompile(`^\{\{[-~]?\s*(?:(?:if|else|end|range|with|define|block|template|break|continue)\b|[#/^>!=&])|` +
		`\b(?:toYaml|toJson|n?indent|to_(?:nice_)?(?:yaml|json)|from_(?:yaml|json)(?:_all)?|lookup|query)\b`)
	// jinjaOnly is what Jinja has and Go templates have not, as Ansible's filters.
	jinjaOnly = regexp.MustCompile(`\b(?:to|from)_(?:nice_)?(?:yaml|json)|\b(?:lookup|query)\(|\bhostvars\b|\|\s*\w+\(|\bansible_`)
	// shellVariable is what envsubst, Flux and CI services put the text of a variable in the place of.
	shellVariable = regexp.MustCompile(`^\$(?:\{(?:[A-Z][A-Z0-9_]*(?::?[-=?+][^}]*)?|[A-Za-z_]\w*:[-=?+][^}]*)\}|[A-Z][A-Z0-9_]*$)`)
	// terraformToken is what only Terraform writes. ${x} alone may be anybody's: envsubst's, Flux's, Argo CD's, a shell's.
	terraformToken = regexp.MustCompile(`^\$\{[~\s]*(?:(?:var|local|module|dependency)\.\w|data\.\w+\.\w|each\.(?:key|value)\b|count\.index\b|path\.(?:module|root|cwd)\b|` +
		`[a-z]+_\w+\.\w|[a-z][a-z0-9_]*\()|^%\{~?\s*(?:if|else|endif|for|endfor)\b`)
	interpolation = regexp.MustCompile(`\$\{[^{}]*\}`)
	// aloneOnLine is what stands for whole lines: nobody knows how many entries it brings.
	aloneOnLine = regexp.MustCompile(`(?m)^[ \t]*(?:` + anyToken + `)[ \t]*\r?$`)
	// brokenBy is what keeps a text from being YAML before it is rendered.
	brokenBy = regexp.MustCompile(`(?m)[:-][ \t]+(?:` + unquotable + `)`)
	// yttValue is what ytt computes a value by, after its key: for YAML a comment.
	yttValue = regexp.MustCompile(`^["']?[ \t]*:[ \t]+(#@[ \t][^\r\n]*)`)
	// keyBefore is a key of an entry, or another one, before its value.
	keyBefore = regexp.MustCompile(`([A-Za-z_]+)\\*["']?[ \t]*:(?:\s|\\*["'])`)
	// nameOfARN is a key whose value is an ARN.
	nameOfARN = regexp.MustCompile(`(?i)^(?:role|user)_?arn$`)
)

// unrendered finds what keeps a text from being read before some tool has rendered it: what decides whether a part is there, or
// stands for lines. What stands for a part of a value does so only in a text that is broken.
func (f *File) unrendered(text string, broken bool) (Span, language, bool) {
	if !strings.ContainsAny(text, "{%<[$(@_") {
		return Span{}, "", false
	}
	for _, candidate := range []struct {
		pattern *regexp.Regexp
		is      language
	}{{nestedBraces, goTemplate}, {directive, terraformTemplate}, {statement, jinja}, {ytt, yttTemplate}} {
		if m := candidate.pattern.FindStringIndex(text); m != nil && !inComment(text, m[0]) {
			if strings.HasSuffix(text[:m[0]], "{{=") { // Mustache sets its delimiters
				return Span{Start: m[0], End: m[1]}, candidate.is, true
			}
			return Span{Start: m[0], End: m[1]}, f.language(text[m[0]:m[1]], candidate.is), true
		}
	}
	for _, m := range braces.FindAllStringIndex(text, -1) {
		found := text[m[0]:m[1]]
		if (broken && !isOwn(found) || control.MatchString(found)) && !inComment(text, m[0]) {
			return Span{Start: m[0], End: m[1]}, f.language(found, languageOf(found)), true
		}
	}
	if m := brokenBy.FindStringIndex(text); broken && m != nil && !inComment(text, m[0]) {
		return Span{Start: m[0], End: m[1]}, otherTemplate, true
	}
	for _, m := range aloneOnLine.FindAllStringIndex(text, -1) {
		if found := strings.TrimSpace(text[m[0]:m[1]]); !isOwn(found) && !strings.HasPrefix(found, "#") {
			return Span{Start: m[1] - len(strings.TrimLeft(text[m[0]:m[1]], " \t")), End: m[1]}, f.language(found, languageOf(found)), true
		}
	}
	return Span{}, "", false
}

// isOwn reports whether {{…}} is what the authenticator renders, or meant to be.
func isOwn(template string) bool {
	inner, ok := strings.CutPrefix(template, "{{")
	if !ok {
		return false
	}
	name := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(strings.TrimSuffix(inner, "}}")), "."))
	var own []string
	for _, t := range awsauth.Templates() {
		own = append(own, strings.ToLower(strings.Trim(t, "{}")))
	}
	return name == "" || slices.Contains(own, name) || !strings.ContainsAny(name, "_-. ") && typo.Nearest(name, own) != ""
}

// language is that of the file by the end of its name; otherwise what the token shows.
func (f *File) language(token string, shown language) language {
	switch ext := strings.ToLower(filepath.Ext(f.Name)); {
	case slices.Contains([]string{".j2", ".jinja", ".jinja2"}, ext):
		return jinjaTemplate
	case ext == ".erb" || ext == ".ejs" || strings.HasPrefix(token, "<%"):
		return rubyTemplate
	case ext == ".mustache" || ext == ".hbs":
		return jinja
	case ext == ".tftpl":
		return terraformTemplate
	}
	return shown
}

// languageOf tells the language that a token is written in.
func languageOf(token string) language {
	inner := strings.TrimLeft(token, "{-~ \t")
	_, arguments, _ := strings.Cut(strings.TrimRight(inner, "}-~ \t"), " ")
	switch {
	case strings.HasPrefix(token, "${{"): // of GitHub
		return otherTemplate
	case shellVariable.MatchString(token):
		return variables
	case terraformToken.MatchString(token):
		return terraformTemplate
	case strings.HasPrefix(token, "{{") && jinjaOnly.MatchString(token):
		return jinjaTemplate
	case !strings.HasPrefix(token, "{{"):
		return otherTemplate
	case strings.HasPrefix(inner, "=") || strings.HasPrefix(inner, "#") || strings.HasPrefix(inner, "^"):
		return jinja
	case strings.HasPrefix(token, "{{-"), strings.HasSuffix(token, "-}}"), strings.HasPrefix(inner, "."), strings.HasPrefix(inner, "$"),
		strings.HasPrefix(inner, "/"), arguments != "" && !strings.HasPrefix(arguments, "|"), control.MatchString(token):
		return goTemplate
	}
	return jinja
}

// noteTemplate says once for an object that it is a template.
func (r *reader) noteTemplate(at Span, l language) {
	r.file.note(at, Template, string(l)+", not checked: "+l.advice())
}

// isTemplate notes an object that is not yet rendered.
func (r *reader) isTemplate(object Span) bool { return r.isTemplateOf(object, false) }

func (r *reader) isTemplateOf(object Span, broken bool) bool {
	if r.origin != written {
		return false
	}
	// What is null ends before the comment that computes it.
	text := r.file.Text
	at, l, found := r.file.unrendered(text[object.Start:lineInk(text, object.End)], broken)
	if found {
		r.templates = append(r.templates, object)
		r.noteTemplate(Span{Start: object.Start + at.Start, End: object.Start + at.End}, l)
	}
	return found
}

// foreignToken reports whether a token is for another tool to fill in: before is the text before it, in which those are masked. EKS
// renders nothing in an ARN, and its own templates in names, also where these look like an ARN.
func foreignToken(token, before string) bool {
	const near = 500 // bytes before a token in which its key stands
	inARN := false
	if keys := keyBefore.FindAllStringSubmatch(before[max(0, len(before)-near):], -1); len(keys) > 0 {
		inARN = nameOfARN.MatchString(keys[len(keys)-1][1])
	}
	switch token[:2] {
	case "{{":
		return inARN || !isOwn(token)
	case "[[":
		return inARN || strings.HasPrefix(strings.TrimLeft(token, "[ "), ".")
	}
	return true
}

// Unrendered reports whether a text holds something that another tool fills in later, so that nothing can be said of it.
func (d *Document) Unrendered(text string) bool { return d.filledWith(text, "\x00") != text }

// FillsBraces reports whether a tool that fills in {{…}} reads the file of a document, as far as the file shows it.
func (f *File) FillsBraces(d *Document) bool {
	return slices.Contains(braceNames, strings.ToLower(filepath.Ext(f.Name))) ||
		slices.ContainsFunc(d.tokens, func(t filled) bool { return strings.HasPrefix(t.token, "{{") })
}

// braceNames are the ends of names of templates with {{…}}.
var braceNames = []string{".j2", ".jinja", ".jinja2", ".tpl", ".tmpl", ".gotmpl", ".mustache", ".hbs"}

// Fixed is what a text holds beside what other tools fill in.
func (d *Document) Fixed(text string) string { return d.filledWith(text, "") }

func (d *Document) filledWith(text, filling string) string {
	if len(d.tokens) == 0 {
		return text
	}
	return d.masks().filledWith(text, filling)
}

// MayBecome reports whether a text can be this value once other tools have filled in their parts, whatever the case of its letters;
// it is false for a text that holds nothing of theirs.
func (d *Document) MayBecome(text, value string) bool {
	const hole = "\x00"
	parts := strings.Split(strings.ToLower(d.filledWith(text, hole)), hole)
	rest, found := strings.CutPrefix(strings.ToLower(value), parts[0])
	for i, part := range parts[1:] {
		if !found {
			break
		}
		if i == len(parts)-2 {
			return strings.HasSuffix(rest, part)
		}
		_, rest, found = strings.Cut(rest, part)
	}
	return false
}

// IsToken reports whether a text is, but for quotes, nothing but something that another tool fills in.
func (d *Document) IsToken(text string) bool {
	text = strings.Trim(text, " \t\r\n\"'")
	return len(d.tokens) > 0 && d.masks().token[text] != ""
}

// Readable are the texts of the data keys in which letters stand in the place of all that another tool fills in later, byte by
// byte: so they read as the rendered text will.
func (d *Document) Readable() map[string]string {
	if d.masked == nil {
		return d.Data
	}
	return d.masked
}

// Unmasked is a text about what is Readable, as it is in the file.
func (d *Document) Unmasked(text string) string {
	if len(d.tokens) == 0 {
		return text
	}
	return d.masks().unmasked(text)
}

// languageOfTokens is that of the first token that shows one.
func (r *reader) languageOfTokens(d *Document) language {
	for _, t := range d.tokens {
		if l := r.file.language(t.token, languageOf(t.token)); l != otherTemplate {
			return l
		}
	}
	return otherTemplate
}

// filled is what another tool fills in, and the letters that stand for it.
type filled struct {
	token, mask string
	// from is what kustomize takes it from, "" where the token itself tells. Then the same text elsewhere is no token.
	from string
	// key is the one whose whole value kustomize replaces, "" where it does not.
	key string
}

// maskLetters are those that stand for what is filled in.
const maskLetters = "bcdfghjkmpqrtvwx"

// newMask makes letters, as many as the token has bytes, the same for the same token.
func newMask(token string) string {
	sum := sha256.Sum256([]byte(token))
	mask := make([]byte, len(token))
	for i := range mask {
		mask[i] = maskLetters[sum[i/2%len(sum)]>>(4*(i%2))&15]
	}
	return string(mask)
}

// noteTokens finds in a document what is filled in later, and says so once.
func (r *reader) noteTokens(d *Document) {
	if !slices.Contains([]origin{written, stack, source, synthesized}, r.origin) {
		return
	}
	r.noteUnsure(d)
	var first Span
	kustomized, rest := false, false
	seen := map[filled]bool{}
	for _, k := range awsauth.Keys() {
		key := string(k)
		value := d.Data[key]
		masked, end, all := strings.Builder{}, 0, false
		comments := comments{text: value}
		for _, p := range d.filledIn(key, value) {
			masked.WriteString(value[end:p.Start])
			end = p.Start
			t := filled{token: value[p.Start:p.End], from: p.from}
			if t.from == "" && (comments.holds(p.Start) || r.isLiteral(d, key, p.Span) || !foreignToken(t.token, masked.String())) {
				continue
			}
			if len(d.tokens) == 0 {
				first = d.Span(key, p.Span)
			}
			if kustomized = kustomized || t.from != ""; t.from != "" && t.token == value {
				t.key, all = key, true
			}
			t.mask = newMask(t.token)
			masked.WriteString(t.mask)
			if end = p.End; !seen[t] {
				seen[t] = true
				d.tokens = append(d.tokens, t)
			}
		}
		if end == 0 && masked.Len() == 0 || len(d.tokens) == 0 {
			rest = rest || strings.TrimSpace(value) != ""
			continue
		}
		masked.WriteString(value[end:])
		readable := masked.String()
		if token.FindString(value) == strings.TrimSpace(value) || all {
			// It brings the whole list.
			readable = strings.Repeat(" ", len(value))
		} else {
			rest = true
		}
		if d.masked == nil {
			d.masked = maps.Clone(d.Data)
		}
		d.masked[key] = readable
	}
	d.index = nil
	if len(d.tokens) == 0 {
		return
	}
	advice := "render it and check again"
	switch l := r.languageOfTokens(d); {
	case kustomized:
		advice = kustomizeAdvice
	case r.origin == source || r.origin == synthesized:
		advice = "see what it comes to: " + planCommand
	case r.origin == stack:
		advice = "see `kubectl aws-auth audit` after the deployment"
	case l == goTemplate:
		advice += " (Helm: `helm template CHART | kubectl aws-auth lint -`)"
	case l == variables:
		advice += " (`envsubst < FILE | kubectl aws-auth lint -`)"
	case l == terraformTemplate:
		advice += " (Terraform: `terraform show -json PLAN | kubectl aws-auth lint -`)"
	}
	var names []string
	for _, t := range d.tokens {
		if t.from == "" {
			names = append(names, show.Short(t.token, maxShown))
			continue
		}
		names = append(names, fmt.Sprintf("%s (kustomize replaces it by %s)", cmp.Or(t.key, show.Short(show.OneLine(t.token), maxShown)), show.Short(t.from, maxShown)))
	}
	if rest {
		advice = "the rest was; " + advice
	}
	r.file.note(first, Part, "filled in by another tool, so not checked: "+enumerate(names)+"; "+advice)
}
