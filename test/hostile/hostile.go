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
		"twins in two cases":     g.rep(entry + "- rolearn: arn:aws:iam::111122223333:role/B\n  username: Y\n"),
		"a long path":            "- rolearn: arn:aws:iam::111122223333:role/" + g.rep("a/") + "b\n  username: X\n",
		"a long username":        "- rolearn: arn:aws:iam::111122223333:role/b\n  username: " + g.rep("Xa") + "\n",
		"JSON on one line":       "[" + g.rep(`{"rolearn":"arn:aws:iam::111122223333:role/a/b","username":"X"},`) + `{"rolearn":"é"}]`,
		"JSON with escapes":      "[" + g.rep(`{"rolearn":"arn:aws:iam::111122223333:role/t\u002fb","username":"X\u0041"},`) + `{"rolearn":"é"}]`,
		"merge keys in a row":    "- &m0 {rolearn: x}\n" + g.lines("- &n# {<<: *m0, username: X#, rolearn: 'arn:aws:iam::111122223333:role/p/r#'}\n"),
		"a list of merge keys":   "- &m {rolearn: x, username: Y}\n- <<: [" + g.rep("*m,") + "]\n",
		"shared anchors":         g.lines("- rolearn: arn:aws:iam::111122223333:role/r#\n  username: &u# Name#\n- rolearn: arn:aws:iam::111122223333:role/s#\n  username: *u#\n"),
		"an alias bomb":          "- &a [x,x,x,x,x,x,x,x,x]\n- &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n- &c [*b,*b,*b,*b,*b,*b,*b,*b]\n- &d [*c,*c,*c,*c,*c,*c,*c]\n- &e [*d,*d,*d,*d,*d,*d,*d,*d]\n- &f [*e,*e,*e,*e,*e,*e,*e,*e]\n",
		"an indicator":           "- rolearn: |9\n" + g.rep("          a\n"),
		"unclosed braces":        g.rep("- rolearn: {\n"),
		"paths":                  g.lines("- rolearn: arn:aws:iam::111122223333:role/team/r#\n  username: Name#\n"),
		"short entries":          g.lines("- rolearn: r#\n"),
		"short flow entries":     g.lines("- {rolearn: r#}\n"),
		"empty items":            g.rep("-\n"),
		"empty groups":           entry + "  groups: [" + g.rep(",") + "]\n",
		"short groups":           "- rolearn: arn:aws:iam::111122223333:role/b\n  username: x\n  groups: [" + g.rep("a,") + "]\n",
		"quoted templates lost":  "- username: {{x}}\n" + g.lines("- rolearn: arn:aws:iam::111122223333:role/r#\n  username: x{{SessionName}}\n") + " x\n",
		"fixed by quotes":        g.lines("- rolearn: arn:aws:iam::111122223333:role/team/r#\n  username: {{SessionName}}-A#\n"),
		"unknown fields":         "- rolearn: x\n" + g.lines("  k#: v\n"),
		"misspelled fields":      g.lines("- role_arn: arn:aws:iam::111122223333:role/r#\n  user: u#\n  group: [a]\n"),
		"accounts":               g.rep("- 111122223333\n"),
		"numbers":                g.rep("- 1\n"),
		"lost at the end":        g.lines("- rolearn: arn:aws:iam::111122223333:role/r#\n  username: Name#\n") + " x\n",
		"words that are no text": g.rep("- y\n"),
		"almost numbers":         g.rep("- 1a\n"),
		"groups glued in pairs":  entry + "  groups:\n" + g.rep("  - a\n   - b\n"),
		"no groups, a long text": entry + "  groups: [" + (g / 2).rep("'',") + "]\n  userid: |\n" + (g / 2).rep("    aaaaaaaaaaaaaaa\n"),
		"no groups, deep below":  entry + "  groups: [" + (g - 2*depth).rep("'',") + "]\n  userid: " + generator(depth).rep("[") + generator(depth).rep("]") + "\n",
		"paths to one role":      g.rep("- rolearn: arn:aws:iam::111122223333:role/p/dev\n  username: x\n- rolearn: arn:aws:iam::111122223333:role/dev\n  username: x\n"),
		"twins of many groups":   many("a", g/2) + many("b", g/2),
		"twins of a rich one":    (g / 2).rep("- rolearn: arn:aws:iam::111122223333:role/b\n  username: x\n  groups: [a]\n") + many("b", g/2),
		"twins of a rich first":  many("b", g/2) + (g / 2).rep("- rolearn: arn:aws:iam::111122223333:role/b\n  username: x\n"),
		"overruled admins":       g.rep("- rolearn: arn:aws:iam::111122223333:role/b\n  username: x\n  groups: [system:masters]\n") + "- rolearn: arn:aws:iam::111122223333:role/b\n  username: x\n",
		"one name for many":      g.lines("- rolearn: arn:aws:iam::111122223333:role/r#\n  username: X\n"),
		"one name in many cases": g.rep("- rolearn: arn:aws:iam::111122223333:role/b\n  username: Xx\n- rolearn: arn:aws:iam::111122223333:role/b\n  username: xX\n"),
		"templates in names":     g.lines("- rolearn: arn:aws:iam::111122223333:role/r#\n  username: \"{{SessionName}}X#\"\n"),
	}
}

// depth is about as deep as the YAML libraries read.
const depth = 9000

// many is an entry with many groups.
func many(prefix string, g generator) string {
	return "- rolearn: arn:aws:iam::111122223333:role/b\n  username: x\n  groups:\n" + g.lines("  - "+prefix+"#\n")
}

// Edit is a step from one map to another that is dear to compare.
type Edit struct{ Old, New map[string]string }

// Edits are steps between maps of about so many bytes, by what they are made of. The one in the middle of most is
// role/b with the username x.
func Edits(size int) map[string]Edit {
	g := generator(size)
	keys := func(more ...string) map[string]string {
		data := map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/b\n  username: x\n"}
		for i := range size / 8 {
			data[fmt.Sprintf("k%d", i)] = ""
		}
		for _, k := range more {
			data[k] = ""
		}
		return data
	}
	roles := func(text string) map[string]string { return map[string]string{"mapRoles": text} }
	admins := g.rep("- rolearn: arn:aws:iam::111122223333:role/b\n  username: x\n  groups: [system:masters]\n")
	return map[string]Edit{
		"many keys":              {keys(), keys("mapRole")},
		"other groups":           {roles(many("a", g)), roles(many("b", g))},
		"groups reversed":        {roles(many("a", g)), roles(many("a", g/2) + "  - new\n")},
		"paths that were there":  {roles(Texts(size)["paths to one role"]), roles(Texts(size)["paths to one role"] + entry)},
		"admins overruled":       {roles(admins), roles(admins + "- rolearn: arn:aws:iam::111122223333:role/b\n  username: x\n")},
		"lost, then fixed":       {roles(Texts(size)["lost at the end"]), roles(Texts(size)["paths"])},
		"fixed, then lost":       {roles(Texts(size)["paths"]), roles(Texts(size)["lost at the end"])},
		"unquoted, then numbers": {roles(Texts(size)["fixed by quotes"]), roles(Texts(size)["numbers"])},
		"numbers, then brackets": {roles(Texts(size)["numbers"]), roles(Texts(size)["brackets"])},
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
