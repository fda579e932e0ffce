// Package hostile holds texts that are made to be dear: to read, to check, to repair. Tests hold the guard to what
// they may cost, and test/load measures it.
package hostile

import (
	"fmt"
	"strings"
)

// entry is one that is repaired: its username has upper case.
const entry = "- rolearn: arn:aws:iam::111122223333:role/b\n  username: X\n"

// Texts are values of mapRoles, mapUsers or mapAccounts of about so many bytes, by what they are made of.
func Texts(size int) map[string]string {
	g := generator(size)
	return map[string]string{
		"brackets": g.rep("["), "braces": g.rep("{"), "dashes": g.rep("- "), "question marks": g.rep("? "), "quotes": g.rep("\""), "NULs": g.rep("\x00"),
		"templates": g.rep("{{x}}"), "templates on lines": g.rep("- username: {{x}}\n"), "templates in flow": "[" + g.rep("{{x}},") + "]",
		"documents": g.rep("---\n"), "ends": g.rep("- a\n...\n"), "comments": g.rep("#"), "line separators": g.rep("\u2028"),
		"one field again and again": "- rolearn: x\n" + g.rep("  username: X\n"), "one entry again and again": g.rep(entry),
		"entries without end": entry + "  groups:\n" + g.rep("  - aX\n"), "groups glued together": entry + "  groups:\n  - a\n" + g.rep("   - aX\n"),
		"twins in two cases":    g.rep(entry + "- rolearn: arn:aws:iam::111122223333:role/B\n  username: Y\n"),
		"a long path":           "- rolearn: arn:aws:iam::111122223333:role/" + g.rep("a/") + "b\n  username: X\n",
		"a long username":       "- rolearn: arn:aws:iam::111122223333:role/b\n  username: " + g.rep("Xa") + "\n",
		"JSON on one line":      "[" + g.rep(`{"rolearn":"arn:aws:iam::111122223333:role/a/b","username":"X"},`) + `{"rolearn":"é"}]`,
		"JSON with escapes":     "[" + g.rep(`{"rolearn":"arn:aws:iam::111122223333:role/t\u002fb","username":"X\u0041"},`) + `{"rolearn":"é"}]`,
		"merge keys in a row":   "- &m0 {rolearn: x}\n" + g.lines("- &n# {<<: *m0, username: X#, rolearn: 'arn:aws:iam::111122223333:role/p/r#'}\n"),
		"a list of merge keys":  "- &m {rolearn: x, username: Y}\n- <<: [" + g.rep("*m,") + "]\n",
		"shared anchors":        g.lines("- rolearn: arn:aws:iam::111122223333:role/r#\n  username: &u# Name#\n- rolearn: arn:aws:iam::111122223333:role/s#\n  username: *u#\n"),
		"an alias bomb":         "- &a [x,x,x,x,x,x,x,x,x]\n- &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n- &c [*b,*b,*b,*b,*b,*b,*b,*b]\n- &d [*c,*c,*c,*c,*c,*c,*c]\n- &e [*d,*d,*d,*d,*d,*d,*d,*d]\n- &f [*e,*e,*e,*e,*e,*e,*e,*e]\n",
		"an indicator":          "- rolearn: |9\n" + g.rep("          a\n"),
		"unclosed braces":       g.rep("- rolearn: {\n"),
		"paths":                 g.lines("- rolearn: arn:aws:iam::111122223333:role/team/r#\n  username: Name#\n"),
		"short entries":         g.lines("- rolearn: r#\n"),
		"short flow entries":    g.lines("- {rolearn: r#}\n"),
		"empty items":           g.rep("-\n"),
		"empty groups":          entry + "  groups: [" + g.rep(",") + "]\n",
		"short groups":          "- rolearn: arn:aws:iam::111122223333:role/b\n  username: x\n  groups: [" + g.rep("a,") + "]\n",
		"quoted templates lost": "- username: {{x}}\n" + g.lines("- rolearn: arn:aws:iam::111122223333:role/r#\n  username: x{{SessionName}}\n") + " x\n",
		"mended by quotes":      g.lines("- rolearn: arn:aws:iam::111122223333:role/team/r#\n  username: {{SessionName}}-A#\n"),
		"unknown fields":        "- rolearn: x\n" + g.lines("  k#: v\n"),
		"misspelt fields":       g.lines("- role_arn: arn:aws:iam::111122223333:role/r#\n  user: u#\n  group: [a]\n"),
		"accounts":              g.rep("- 111122223333\n"),
		"numbers":               g.rep("- 1\n"),
		"lost at the end":       g.lines("- rolearn: arn:aws:iam::111122223333:role/r#\n  username: Name#\n") + " x\n",
	}
}

// generator makes texts of about so many bytes.
type generator int

// rep repeats a text.
func (g generator) rep(s string) string { return strings.Repeat(s, int(g)/len(s)) }

// lines repeats a text with a number from 0 in place of each #.
func (g generator) lines(format string) string {
	format = strings.ReplaceAll(format, "#", "%[1]d")
	var b strings.Builder
	for i := 0; b.Len() < int(g)-len(format); i++ {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}
