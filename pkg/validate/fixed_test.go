package validate_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
)

// breaks are ways to break a text, each at every place where it can be done.
var breaks = map[string]func(text string) []string{
	"a line one blank further right": eachLine(func(l string) []string { return []string{" " + l} }),
	"a line one blank further left":  eachLine(func(l string) []string { return []string{strings.TrimPrefix(l, " ")} }),
	"a tab before a line":            eachLine(func(l string) []string { return []string{"\t" + strings.TrimLeft(l, " ")} }),
	"a no-break space before a line": eachLine(func(l string) []string { return []string{"\u00a0" + l} }),
	"no blank after the dash":        eachLine(func(l string) []string { return []string{strings.Replace(l, "- ", "-", 1)} }),
	"no colon":                       eachLine(func(l string) []string { return []string{strings.Replace(l, ": ", " ", 1)} }),
	"no blank after the colon":       eachLine(func(l string) []string { return []string{strings.Replace(l, ": ", ":", 1)} }),
	"an open double quote":           eachLine(func(l string) []string { return []string{strings.Replace(l, ": ", ": \"", 1)} }),
	"an open single quote":           eachLine(func(l string) []string { return []string{strings.Replace(l, ": ", ": '", 1)} }),
	"a quote not closed":             eachLine(func(l string) []string { return []string{strings.TrimRight(l, `"'`)} }),
	"quotes left out":                eachLine(func(l string) []string { return []string{strings.NewReplacer(`"`, "", `'`, "").Replace(l)} }),
	"a bracket not closed": eachLine(func(l string) []string {
		return []string{strings.Replace(l, "]", "", 1), strings.Replace(l, "}", "", 1)}
	}),
	"a line of its own":        eachLine(func(l string) []string { return []string{l + "\n@"} }),
	"a key after the list":     func(t string) []string { return []string{t + "\nx: y\n"} },
	"a control character":      func(t string) []string { return []string{t + "# \x01\n"} },
	"the key inside the value": func(t string) []string { return []string{"mapRoles:\n" + t, "mapRoles: |\n" + t} },
	"a block inside the block": func(t string) []string { return []string{"|\n" + indented(t)} },
	"in quotes":                func(t string) []string { return []string{quoted(t)} },
	"the first dash left out":  func(t string) []string { return []string{strings.Replace(t, "- ", "  ", 1)} },
}

func eachLine(change func(string) []string) func(string) []string {
	return func(text string) []string {
		lines := strings.Split(text, "\n")
		var out []string
		for i, l := range lines {
			for _, changed := range change(l) {
				if changed != l {
					out = append(out, strings.Join(slices.Concat(lines[:i], []string{changed}, lines[i+1:]), "\n"))
				}
			}
		}
		return out
	}
}

func indented(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }

func quoted(text string) string {
	return `"` + strings.NewReplacer("\\", `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\x00", `\0`).Replace(text) + `"`
}

// fixable are maps that work: those of the table that lose nothing, and some written in other styles.
func fixable() map[string]string {
	texts := map[string]string{
		"quoted": "- rolearn: \"arn:aws:iam::111122223333:role/a\"\n  username: \"{{SessionName}}\"\n  groups: [\"one\", 'two three']\n" +
			"- rolearn: 'arn:aws:iam::111122223333:role/b'\n  username: 'b'\n  groups:\n    - \"system:masters\"\n    - four # why\n",
		"indented": "  - groups:\n      - one\n      - system:masters\n    rolearn: arn:aws:iam::111122223333:role/a\n    username: a\n" +
			"  - groups: [two]\n    username: b\n    rolearn: arn:aws:iam::111122223333:role/b\n",
		"flow":        "[{rolearn: 'arn:aws:iam::111122223333:role/a', username: \"a:{{SessionName}}\", groups: [one, system:masters]},\n {rolearn: 'arn:aws:iam::111122223333:role/b', username: b}]\n",
		"JSON":        `[{"rolearn":"arn:aws:iam::111122223333:role/a","username":"a","groups":["one","system:masters"]},{"rolearn":"arn:aws:iam::111122223333:role/b","username":"b:{{AccountID}}","groups":[]}]`,
		"overruled":   "- rolearn: arn:aws:iam::111122223333:role/a\n  username: a\n  groups: [system:masters]\n- rolearn: arn:aws:iam::111122223333:role/a\n  username: a\n  groups: [one]\n",
		"a dead path": "- rolearn: arn:aws:iam::111122223333:role/team/a\n  username: a\n  groups:\n  - system:masters\n- rolearn: arn:aws:iam::111122223333:role/b\n  username: b\n",
	}
	found := 0
	for _, c := range cases.All() {
		text := c.Data["mapRoles"]
		doc := awsauth.Read(map[string]string{"mapRoles": text})
		plain := !strings.ContainsAny(text, "&*!\r\u2028\u0085\ufeff<?>|\t") && len(doc.Mappings()) > 0
		for _, f := range validate.Check(doc, validate.Options{}) {
			plain = plain && f.Entry >= 0 && validate.Lookup(f.Rule).Standard != validate.Deny
		}
		if found++; plain && found%4 == 0 { // A sample of them: most differ in what does not matter here.
			texts[c.ID] = text
		}
	}
	return texts
}

// refusals are the rules that refuse an edit of mapRoles under strict for somebody who may grant nothing.
func refusals(before, after string) []string {
	read := func(text string) *awsauth.Document { return awsauth.Read(map[string]string{"mapRoles": text}) }
	c := &validate.Change{Old: read(before), New: read(after), Requester: &validate.Requester{Username: "jane"}}
	c.Facts = validate.Facts{Nodes: &validate.NodeFacts{Ready: 3}, MayImpersonate: map[validate.Grant]bool{}}
	for _, g := range validate.Ask(c, validate.Options{}).Grants {
		c.Facts.MayImpersonate[g] = false
	}
	var refused []string
	for _, f := range validate.CheckChange(c, validate.Options{}) {
		if f.Touched && !f.Inconclusive && validate.Lookup(f.Rule).Action(validate.Strict).Level() == validate.Error {
			refused = append(refused, fmt.Sprintf("%s: %s", f.Rule, f.Sentence().Text))
		}
	}
	return refused
}

const intruder = "- rolearn: arn:aws:iam::111122223333:role/intruder\n  username: intruder\n  groups:\n  - system:masters\n"

// TestAFixOfABrokenMapBringsInNothing breaks maps that work in every way, at every place. Putting the map back is refused by
// nothing, and with an entry more it is.
func TestAFixOfABrokenMapBringsInNothing(t *testing.T) {
	texts := fixable()
	broken := 0
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		good := texts[name]
		for _, way := range slices.Sorted(maps.Keys(breaks)) {
			for _, bad := range breaks[way](good) {
				doc := awsauth.Read(map[string]string{"mapRoles": bad})
				if !doc.Roles.Discarded() {
					continue
				}
				broken++
				if refused := refusals(bad, good); len(refused) > 0 {
					t.Errorf("%s, %s: the fix is refused:\n%s\nfrom\n%s\nto\n%s", name, way, strings.Join(refused, "\n"), bad, good)
				}
				if strings.HasPrefix(good, "- ") && len(refusals(bad, good+"\n"+intruder)) < 2 {
					t.Errorf("%s, %s: another entry comes in with the fix of\n%s", name, way, bad)
				}
			}
		}
	}
	if broken < 500 {
		t.Errorf("only %d texts were broken", broken)
	}
}

// TestWhatAFixBringsIn holds the rules that refuse an edit under strict, for somebody who may grant nothing, against what the
// old text named and would have given.
func TestWhatAFixBringsIn(t *testing.T) {
	const (
		b      = "- rolearn: arn:aws:iam::111122223333:role/b\n  username: b\n"
		live   = "- rolearn: arn:aws:iam::111122223333:role/a\n  username: a\n  groups:\n  - system:masters\n"
		pathed = "- rolearn: arn:aws:iam::111122223333:role/team/a\n  username: a\n  groups:\n  - system:masters\n"
		broken = "- rolearn: arn:aws:iam::111122223333:role/c\n  username: @c\n"
		c      = "- rolearn: arn:aws:iam::111122223333:role/c\n  username: \"@c\"\n"
		low    = "- rolearn: arn:aws:iam::111122223333:role/a\n  username: a\n"
		nodes  = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	)
	const grant = "privilege-escalation system-masters"
	for name, tt := range map[string]struct{ old, new, want string }{
		"what the broken text names":                   {live + broken, live + c, ""},
		"what the broken text names, in another order": {broken + live, live + c, ""},
		"one entry of it dropped":                      {live + b + broken, b + c, ""},
		"an entry more":                                {b + broken, b + c + live, grant},
		"a group more":                                 {low + broken, live + c, grant},
		"another username":                             {live + broken, strings.Replace(live, "username: a", "username: x", 1) + c, "privilege-escalation system-masters"},
		"a path taken away":                            {pathed + broken, live + c, grant},
		"a path left as it is":                         {pathed + broken, pathed + c, ""},
		"after a marker":                               {b + broken + "---\n" + live, b + c + live, grant},
		"after dots":                                   {b + broken + "...\n" + live, b + c + live, grant},
		"after a marker, with carriage returns":        {strings.ReplaceAll(b+broken+"---\n"+live, "\n", "\r"), b + c + live, grant},
		"after a marker, the text not broken":          {b + "---\n" + live, b + live, grant},
		"further left":                                 {"  " + strings.ReplaceAll(strings.TrimSpace(b+broken), "\n", "\n  ") + "\n" + live, b + c + live, grant},
		"further left, the text not broken":            {"  " + strings.ReplaceAll(strings.TrimSpace(b), "\n", "\n  ") + "\n" + live, b + live, grant},
		"in a comment":                                 {b + broken + "# " + strings.ReplaceAll(live, "\n", "\n# "), b + c + live, grant},
		"without its ARN":                              {broken + "- username: a\n  groups: [system:masters]\n", c + live, grant},
		"overruled in the broken text":                 {live + low + broken, live + c, grant},
		"overruled, and still so":                      {low + live + broken, live + c, ""},
		"not read as it has the user's field":          {strings.Replace(live, "rolearn", "userarn", 1) + broken, live + c, grant},
		"glued groups":                                 {strings.Replace(nodes, "  - system:nodes", "   - system:nodes", 1), nodes, ""},
		"glued groups, and one more":                   {strings.Replace(nodes, "  - system:nodes", "   - system:nodes", 1), nodes + "  - system:masters\n", grant},
		"groups that are text":                         {strings.Replace(live, "\n  - system", " system", 1), live, ""},
		"a group that is a mapping":                    {strings.Replace(live, "system:masters", "system: masters", 1), live, ""},
		"a username that is a number":                  {strings.Replace(b, "username: b", "username: 12", 1), strings.Replace(b, "username: b", "username: \"12\"", 1), ""},
		"a comma missing":                              {nodes[:len(nodes)-len("\n  - system:bootstrappers\n  - system:nodes\n")] + " [\"system:bootstrappers\" \"system:nodes\"]\n", nodes, ""},
		"a semicolon for a comma":                      {nodes[:len(nodes)-len("\n  - system:bootstrappers\n  - system:nodes\n")] + " ['system:bootstrappers'; 'system:nodes']\n", nodes, ""},
		"a dash missing":                               {b + strings.Replace(nodes, "  - system:nodes", "    system:nodes", 1), b + nodes, ""},
		"a dash missing, and one group more":           {b + strings.Replace(nodes, "  - system:nodes", "    system:nodes", 1), b + nodes + "  - system:masters\n", grant},
		"a colon after the ARN":                        {strings.Replace(nodes, "role/nodes", "role/nodes:", 1), nodes, ""},
		"a colon after the username":                   {strings.Replace(live, "username: a", "username: a:", 1), live, ""},
		"two colons":                                   {strings.Replace(live, "rolearn:", "\"rolearn\"::", 1), live, ""},
		"one slip between two other changes":           {b + strings.Replace(nodes, "  - system:nodes", "    system:nodes", 1) + low, nodes, ""},
		"groups further left":                          {b + "  groups:\n- devs\n", b + "  groups:\n  - devs\n", ""},
		"an entry inside the groups of another":        {b + "  groups:\n  - devs\n  - rolearn: arn:aws:iam::111122223333:role/a\n    username: a\n", b + "  groups:\n  - devs\n" + low, ""},
		"still broken, with an entry more":             {b + broken, b + broken + live, "privilege-escalation yaml-syntax"},
		"still broken, with an entry less":             {b + live + broken, b + broken, "yaml-syntax"},
		"a group of another entry that is broken":      {low + "- rolearn: arn:aws:iam::111122223333:role/x\n  username: x\n  groups: [system:masters]\n" + broken, live + c, grant},
	} {
		t.Run(name, func(t *testing.T) {
			var rules []string
			for _, r := range refusals(tt.old, tt.new) {
				rule, _, _ := strings.Cut(r, ":")
				rules = append(rules, rule)
			}
			slices.Sort(rules)
			if got := strings.Join(slices.Compact(rules), " "); got != tt.want {
				t.Errorf("refused by %q, want %q\nfrom\n%s\nto\n%s", got, tt.want, tt.old, tt.new)
			}
		})
	}
}

// TestAFixOfLostAccounts is the same for mapAccounts, where an account that was there is no reason to refuse another edit either.
func TestAFixOfLostAccounts(t *testing.T) {
	for name, tt := range map[string]struct {
		old, new string
		touched  bool
	}{
		"put back":         {"- \"111122223333\n", "- \"111122223333\"\n", false},
		"a scalar":         {"111122223333", "- \"111122223333\"\n", false},
		"another one":      {"- \"111122223333\n", "- \"444455556666\"\n", true},
		"after a marker":   {"- \"444455556666\n---\n- '111122223333'\n", "- '111122223333'\n", true},
		"one of two goes":  {"- \"111122223333\"\n- \"444455556666\"\n", "- \"111122223333\"\n", false},
		"one more of them": {"- \"111122223333\"\n", "- \"111122223333\"\n- \"444455556666\"\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			old, doc := awsauth.Read(map[string]string{"mapAccounts": tt.old}), awsauth.Read(map[string]string{"mapAccounts": tt.new})
			touched := false
			for _, f := range validate.CheckEdit(old, doc, validate.Options{}) {
				touched = touched || f.Touched && f.Rule == "map-accounts"
			}
			if touched != tt.touched {
				t.Errorf("the edit brings in an account: %v, want %v", touched, tt.touched)
			}
		})
	}
}
