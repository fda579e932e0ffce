package validate

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/unseen"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

func yamlSyntax() *Rule {
	return &Rule{
		Name:  "yaml-syntax",
		Title: "the value is not YAML",
		Rationale: "The authenticator reads mapRoles, mapUsers and mapAccounts each as one YAML text. If one does not parse, " +
			"it keeps nothing of it, not even the entries above the mistake: with mapRoles every node and every role " +
			"is locked out at once. Fix the place shown: indent all entries alike, and put values that begin with a " +
			"special character in quotes. The rule also rejects a text that EKS reads differently from how it looks, " +
			"such as one with line breaks that editors don't show.",
		Severity: Critical,
		Standard: Deny,
		Guards:   Unreadable,
		Losses:   []string{"one bad indent: the text does not parse"},
		Bad: []Example{
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n username: dev\n"),
			roles("- rolearn: arn:aws:iam::111122223333:role/dev\n\tusername: dev\n"),
			users("- userarn: arn:aws:iam::111122223333:user/bob\n  username: @bob\n"),
		},
		Good: []Example{roles("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n")},
		Check: func(p *Pass) {
			for _, s := range p.Doc.Sections() {
				checkSyntax(p, s)
			}
		},
	}
}

func checkSyntax(p *Pass, s *awsauth.Section) {
	if err := s.Unplaced(); err != nil {
		p.ReportSection(s, troubleSpan(s, err), fmt.Sprintf("%s can be read in more than one way (%s): EKS would take %s from it, "+
			"and the guard can't tell what else is there", s.Key, err.Message, text.Count(len(s.Entries)+len(s.Accounts), "item")),
			"write it as a plain list, each field once and on a line of its own", nil)
	}
	if r, at, found := unseen.Break(s.Text); found && !s.Blank {
		p.ReportSection(s, awsauth.Span{Start: at, End: at + utf8.RuneLen(r)}, fmt.Sprintf("%s has %s on this line, which EKS takes as a line break and most editors don't show: "+
			"what follows it looks like a part of this line, even of a comment, and is a line of its own", s.Key, unseen.Describe(r)),
			"write a plain line break", nil)
		return
	}
	if s.Err == nil || quotesThatFix(s) != nil {
		return
	}
	span, where := troubleSpan(s, s.Err), "from here"
	var saw, remedy string
	if at, found, instead, ok := misplaced(s); ok {
		span, saw, remedy = lineSpan(s.Text, at), found, instead
	} else if fault, ok := s.Fault(); ok {
		span = fault.Span
		saw, remedy = fault.Words()
	}
	if remedy == "" {
		where = "(" + s.Err.Message + ")"
		saw, remedy = syntaxHint(s, span.Start)
	}
	if saw != "" {
		where += ": " + saw
	}
	p.ReportSection(s, span, fmt.Sprintf("%s does not parse %s; EKS would lose %s", s.Key, where, lostText(s)), remedy, nil)
}

// troubleSpan goes from where a text no longer parses to the end of that line.
func troubleSpan(s *awsauth.Section, err *awsauth.SyntaxError) awsauth.Span {
	return lineSpan(s.Text, min(err.Offset, len(s.Text)))
}

// lineSpan goes from an offset to the end of its line.
func lineSpan(text string, at int) awsauth.Span {
	return awsauth.Span{Start: at, End: at + len(withoutComment(firstLine(text[at:])))}
}

// lostText counts what a text that does not parse takes with it.
func lostText(s *awsauth.Section) string {
	switch n := len(s.Mentions()); n {
	case 0:
		return "the whole list"
	case 1:
		return "its only mapping"
	default:
		return "all of its " + text.Count(n, "mapping")
	}
}

var (
	specialStart = regexp.MustCompile("^[ \\t]*(?:-[ \\t]+)*[\\w.-]+[ \\t]*:[ \\t]+([@`%*|>&!])")
	dashNoSpace  = regexp.MustCompile(`^[ \t]*-[^\s-]`)
	colonNoSpace = regexp.MustCompile(`(?i)^[ \t]*(?:-[ \t]+)?(rolearn|userarn|username|groups):[^\s]`)
	bracketStart = regexp.MustCompile(`^[ \t]*(?:-[ \t]+)*[\w.-]+[ \t]*:[ \t]+([\[{])[^\]}]*[\]}][ \t]*[^ \t#,\]}]`)
	colonInside  = regexp.MustCompile(`^[ \t]*(?:-[ \t]+)*[\w.-]+[ \t]*:[ \t]+[^"'\[{|>#].*:(?:[ \t]|$)`)
)

// syntaxHint guesses the usual causes from the line at which the text no longer parses, and what to write there.
func syntaxHint(s *awsauth.Section, at int) (saw, remedy string) {
	begin := strings.LastIndexAny(s.Text[:at], "\n\r") + 1
	l := firstLine(s.Text[begin:])
	switch indent := l[:len(l)-len(strings.TrimLeft(l, " \t\u00a0"))]; {
	case strings.Contains(indent, "\t"):
		return "this line is indented with a tab", "use spaces"
	case strings.Contains(indent, "\u00a0"):
		return "this line is indented with a no-break space", "use plain spaces"
	}
	switch {
	case s.Err.Message == "control characters are not allowed":
		return "", fmt.Sprintf("remove %U", []rune(s.Text[at:])[0])
	case s.Err.Message == "found invalid Unicode character escape code":
		return `YAML takes no pair of \u escapes for one character, as JSON does`, "write the character itself"
	case s.Err.Message == "found unknown escape character":
		return `YAML has no escape \/`, "write a plain slash"
	case strings.Contains(l, `\n`) && !strings.ContainsAny(strings.TrimSpace(s.Text), "\n\r"):
		return `the text holds \n where line breaks belong`, "write line breaks"
	case bracketStart.MatchString(l):
		return "a value begins with " + bracketStart.FindStringSubmatch(l)[1], "put it in quotes"
	case specialStart.MatchString(l):
		return "a value begins with " + specialStart.FindStringSubmatch(l)[1], "put it in quotes"
	case colonNoSpace.MatchString(l):
		return "", "put a space after the colon of " + colonNoSpace.FindStringSubmatch(l)[1]
	case dashNoSpace.MatchString(l):
		return "", "put a space after the dash"
	case colonInside.MatchString(l):
		return "a value has a colon and a blank inside", "put it in quotes"
	case strings.Contains(s.Err.Message, "end of stream"), strings.Contains(s.Err.Message, "expected ',' or"):
		return "a quote or bracket is not closed", "close it"
	case strings.Contains(s.Err.Message, "'-' indicator"), strings.Contains(s.Err.Message, "mapping values"), strings.Contains(s.Err.Message, "expected key"):
		return "the indentation does not match the lines before", "indent it as they are"
	case strings.Contains(s.Err.Message, "alias"), strings.Contains(s.Err.Message, "anchor"):
		return "", "write the values out, without aliases"
	}
	return "", "correct this line"
}
