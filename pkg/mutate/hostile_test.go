package mutate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// hostileSize keeps the texts small enough for a test of seconds and large enough that work which grows with the
// square of the size would run into the time limit of go test.
const hostileSize = 128 << 10

// hostile are texts that are dear to read, to check or to repair.
func hostile() map[string]string {
	rep := func(s string) string { return strings.Repeat(s, hostileSize/len(s)) }
	lines := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, strings.ReplaceAll(format, "#", "%[1]d"), i)
		}
		return b.String()
	}
	const entry = "- rolearn: arn:aws:iam::111122223333:role/b\n  username: X\n"
	return map[string]string{
		"brackets": rep("["), "braces": rep("{"), "dashes": rep("- "), "question marks": rep("? "), "quotes": rep("\""), "NULs": rep("\x00"),
		"templates": rep("{{x}}"), "templates on lines": rep("- username: {{x}}\n"), "templates in flow": "[" + rep("{{x}},") + "]",
		"documents": rep("---\n"), "ends": rep("- a\n...\n"), "comments": rep("#"), "line separators": rep("\u2028"),
		"one field again and again": "- rolearn: x\n" + rep("  username: X\n"), "one entry again and again": rep(entry),
		"entries without end": entry + "  groups:\n" + rep("  - aX\n"), "groups glued together": entry + "  groups:\n  - a\n" + rep("   - aX\n"),
		"twins in two cases":   rep(entry + "- rolearn: arn:aws:iam::111122223333:role/B\n  username: Y\n"),
		"a long path":          "- rolearn: arn:aws:iam::111122223333:role/" + rep("a/") + "b\n  username: X\n",
		"a long username":      "- rolearn: arn:aws:iam::111122223333:role/b\n  username: " + rep("Xa") + "\n",
		"JSON on one line":     "[" + rep(`{"rolearn":"arn:aws:iam::111122223333:role/a/b","username":"X"},`) + `{"rolearn":"é"}]`,
		"JSON with escapes":    "[" + rep(`{"rolearn":"arn:aws:iam::111122223333:role/t\u002fb","username":"X\u0041"},`) + `{"rolearn":"é"}]`,
		"merge keys in a row":  "- &m0 {rolearn: x}\n" + lines(2000, "- &n# {<<: *m0, username: X#, rolearn: 'arn:aws:iam::111122223333:role/p/r#'}\n"),
		"a list of merge keys": "- &m {rolearn: x, username: Y}\n- <<: [" + rep("*m,") + "]\n",
		"shared anchors":       lines(2000, "- rolearn: arn:aws:iam::111122223333:role/r#\n  username: &u# Name#\n- rolearn: arn:aws:iam::111122223333:role/s#\n  username: *u#\n"),
		"an alias bomb":        "- &a [x,x,x,x,x,x,x,x,x]\n- &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n- &c [*b,*b,*b,*b,*b,*b,*b,*b]\n- &d [*c,*c,*c,*c,*c,*c,*c]\n- &e [*d,*d,*d,*d,*d,*d,*d,*d]\n- &f [*e,*e,*e,*e,*e,*e,*e,*e]\n",
		"an indicator":         "- rolearn: |9\n" + rep("          a\n"),
		"unclosed braces":      rep("- rolearn: {\n"),
	}
}

func TestHostileTextsComeToAnEnd(t *testing.T) {
	for name, text := range hostile() {
		t.Run(name, func(t *testing.T) {
			for _, key := range []string{"mapRoles", "mapUsers", "mapAccounts"} {
				doc := awsauth.Read(map[string]string{key: text})
				Vet(doc, check(doc), validate.Options{})
				r := Repair(doc, check, safe, validate.Options{})
				if r.Changed() && r.Doc.Section(awsauth.Key(key)).Lost() {
					t.Errorf("the repaired %s is lost", key)
				}
				validate.CheckEdit(doc, awsauth.Read(map[string]string{key: text + "\n"}), validate.Options{})
				doc.Resolve(awsauth.Caller{ARN: "arn:aws:sts::111122223333:assumed-role/b/x"})
			}
		})
	}
}
