package mutate

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/cases"
)

const (
	a = "arn:aws:iam::111122223333:role/"
	u = "arn:aws:iam::111122223333:user/"
)

func safe(f *validate.Finding) bool { return f.Fix.Applicability == validate.Safe }
func anyFix(*validate.Finding) bool { return true }

func check(d *awsauth.Document) []validate.Finding {
	return validate.Check(d, validate.Options{Bindings: &validate.BindingFacts{}})
}

func repair(key, text string, pick func(*validate.Finding) bool) (string, *Result) {
	r := Repair(awsauth.Read(map[string]string{key: text}), check, pick, validate.Options{})
	if t, ok := r.Data[key]; ok {
		return t, r
	}
	return text, r
}

// TestRepairRoles: each text with its repair; an empty want means that nothing is changed.
func TestRepairRoles(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"block":            {"- rolearn: " + a + "team/dev # why\n  username: dev\n", "- rolearn: " + a + "dev # why\n  username: dev\n"},
		"double quotes":    {"- rolearn: \"" + a + "team/dev\"\n  username: Dev\n", "- rolearn: \"" + a + "dev\"\n  username: dev\n"},
		"single quotes":    {"- rolearn: '" + a + "team/dev'\n  username: 'It''s-Me'\n", "- rolearn: '" + a + "dev'\n  username: 'it''s-me'\n"},
		"folded":           {"- rolearn: >-\n    " + a + "team/dev\n  username: dev\n", "- rolearn: >-\n    " + a + "dev\n  username: dev\n"},
		"literal":          {"- rolearn: |-\n    " + a + "team/dev\n  username: dev\n", "- rolearn: |-\n    " + a + "dev\n  username: dev\n"},
		"next line":        {"- rolearn:\n    " + a + "team/dev\n  username: dev\n", "- rolearn:\n    " + a + "dev\n  username: dev\n"},
		"flow":             {"[{rolearn: " + a + "t/dev, username: Dev}, {rolearn: " + a + "ops, username: ops}]\n", "[{rolearn: " + a + "dev, username: dev}, {rolearn: " + a + "ops, username: ops}]\n"},
		"json":             {`[{"rolearn":"` + a + `t/dev","username":"Dev","groups":["g"]}]`, `[{"rolearn":"` + a + `dev","username":"dev","groups":["g"]}]`},
		"crlf":             {"- rolearn: " + a + "t/dev\r\n  username: dev\r\n", "- rolearn: " + a + "dev\r\n  username: dev\r\n"},
		"bom":              {"\ufeff- rolearn: " + a + "t/dev\n  username: dev\n", "\ufeff- rolearn: " + a + "dev\n  username: dev\n"},
		"no final newline": {"- rolearn: " + a + "t/dev\n  username: dev", "- rolearn: " + a + "dev\n  username: dev"},
		"upper-case kind":  {"- rolearn: ARN:AWS:IAM::111122223333:ROLE/Team/Dev\n  username: dev\n", "- rolearn: ARN:AWS:IAM::111122223333:ROLE/Dev\n  username: dev\n"},
		"sso":              {"- rolearn: " + a + "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_X_0123456789abcdef\n  username: x\n", "- rolearn: " + a + "AWSReservedSSO_X_0123456789abcdef\n  username: x\n"},
		"templates stay":   {"- rolearn: " + a + "dev\n  username: Dev:{{SessionName}}:X\n", "- rolearn: " + a + "dev\n  username: dev:{{SessionName}}:x\n"},
		"keys in any case": {"- roleARN: " + a + "t/dev\n  Username: Dev\n", "- roleARN: " + a + "dev\n  Username: dev\n"},
		"unquoted template": {
			"- rolearn: " + a + "t/dev\n  username: {{SessionName}}\n  groups: [\"x\"]\n",
			"- rolearn: " + a + "dev\n  username: \"{{SessionName}}\"\n  groups: [\"x\"]\n",
		},
		"unquoted, comment":  {"- rolearn: " + a + "dev\n  username: {{AccountID}}-x   # c\n", "- rolearn: " + a + "dev\n  username: \"{{AccountID}}-x\"   # c\n"},
		"unquoted in groups": {"- rolearn: " + a + "dev\n  username: dev\n  groups:\n  - {{AccountID}}-x\n", "- rolearn: " + a + "dev\n  username: dev\n  groups:\n  - \"{{AccountID}}-x\"\n"},
		"unquoted in flow":   {"- {rolearn: " + a + "dev, username: dev:{{SessionName}}}\n", "- {rolearn: " + a + "dev, username: \"dev:{{SessionName}}\"}\n"},

		"live duplicate before":       {"- rolearn: " + a + "dev\n  username: dev\n- rolearn: " + a + "t/dev\n  username: x\n", ""},
		"live duplicate after":        {"- rolearn: " + a + "t/dev\n  username: x\n- rolearn: " + a + "dev\n  username: dev\n", ""},
		"two paths of one name":       {"- rolearn: " + a + "a/dev\n  username: x\n- rolearn: " + a + "b/dev\n  username: x2\n", ""},
		"name of another":             {"- rolearn: " + a + "dev\n  username: Dev\n- rolearn: " + a + "ops\n  username: dev\n", ""},
		"two names fall into one":     {"- rolearn: " + a + "dev\n  username: Dev\n- rolearn: " + a + "ops\n  username: DEV\n", ""},
		"reserved in lower case":      {"- rolearn: " + a + "dev\n  username: System:admin\n", ""},
		"escapes":                     {"- rolearn: \"" + a + "t\\u002fdev\"\n  username: dev\n", ""},
		"alias":                       {"- rolearn: " + a + "ops\n  username: ops\n  userid: &x " + a + "t/dev\n- rolearn: *x\n  username: dev\n", ""},
		"merge key":                   {"- &m\n  rolearn: " + a + "ops\n  username: ops\n  userid: x\n- <<: {rolearn: " + a + "t/dev}\n  username: dev\n", ""},
		"folded over two lines":       {"- rolearn: >-\n    " + a + "t/\n    dev\n  username: dev\n", ""},
		"trailing slash":              {"- rolearn: " + a + "t/dev/\n  username: dev\n", ""},
		"assumed role":                {"- rolearn: arn:aws:sts::111122223333:assumed-role/dev/Alice\n  username: dev\n", ""},
		"arn as username":             {"- rolearn: " + a + "dev\n  username: " + a + "Dev\n", ""},
		"template on a second line":   {"- rolearn: " + a + "dev\n  username: >-\n    {{SessionName}}\n  groups: [{{AccountID}}]\n", ""},
		"template after a line break": {"- rolearn: " + a + "dev\n  username: dev\n    {{SessionName}}\n  groups: [{{AccountID}}]\n", ""},
		"broken beyond quotes":        {"- rolearn: " + a + "dev\n  username: {{SessionName}}\n bad: x\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			want := tt.want
			if want == "" {
				want = tt.text
			}
			got, r := repair("mapRoles", tt.text, safe)
			if got != want {
				t.Fatalf("repaired to\n%s\nwant\n%s", got, want)
			}
			if again, _ := repair("mapRoles", got, safe); again != got {
				t.Errorf("a second repair changes it again:\n%s", again)
			}
			if tt.want == "" && len(r.Applied) > 0 {
				t.Errorf("nothing changed, but %d repairs are reported", len(r.Applied))
			}
		})
	}
}

func TestRepairSuggestions(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"merged items": {
			"- rolearn: " + a + "n\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n   - system:nodes\n",
			"- rolearn: " + a + "n\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n",
		},
		"number":            {"- rolearn: " + a + "n\n  username: 123\n", "- rolearn: " + a + "n\n  username: \"123\"\n"},
		"scalar groups":     {"- rolearn: " + a + "n\n  username: nn\n  groups: devs\n", "- rolearn: " + a + "n\n  username: nn\n  groups: [devs]\n"},
		"scalar yes":        {"- rolearn: " + a + "n\n  username: nn\n  groups: yes\n", "- rolearn: " + a + "n\n  username: nn\n  groups: [\"yes\"]\n"},
		"near miss":         {"- role_arn: " + a + "n\n  user: nn\n  group: [devs]\n", "- rolearn: " + a + "n\n  username: nn\n  groups: [devs]\n"},
		"template case":     {"- rolearn: " + a + "n\n  username: n:{{sessionname}}\n", "- rolearn: " + a + "n\n  username: n:{{SessionName}}\n"},
		"wakes a path":      {"- role_arn: " + a + "t/n\n  username: nn\n", "- rolearn: " + a + "n\n  username: nn\n"},
		"meets a duplicate": {"- rolearn: " + a + "n\n  username: nn\n- role_arn: " + a + "n\n  username: x\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			want := tt.want
			if want == "" {
				want = tt.text
			}
			if got, _ := repair("mapRoles", tt.text, anyFix); got != want {
				t.Errorf("repaired to\n%s\nwant\n%s", got, want)
			}
			if got, _ := repair("mapRoles", tt.text, safe); got == tt.want {
				t.Error("a suggested repair is made without being asked for")
			}
		})
	}
}

func TestVetSaysWhy(t *testing.T) {
	for text, want := range map[string]string{
		"- rolearn: " + a + "dev\n  username: dev\n- rolearn: " + a + "t/dev\n  username: x\n":                    "mapRoles[0] already maps that role",
		"- rolearn: " + a + "a/dev\n  username: x\n- rolearn: " + a + "b/dev\n  username: x2\n":                   "would become the same role",
		"- rolearn: " + a + "dev\n  username: Dev\n- rolearn: " + a + "ops\n  username: dev\n":                    `mapRoles[1] has the username "dev"`,
		"- rolearn: \"" + a + "t\\u002fdev\"\n  username: dev\n":                                                  "with escapes or over several lines",
		"- rolearn: " + a + "ops\n  username: ops\n  userid: &x " + a + "t/dev\n- rolearn: *x\n  username: dev\n": "an alias or a merge key",
		"- rolearn: " + a + "dev\n  username: System:admin\n":                                                     "which is reserved",
	} {
		doc := awsauth.Read(map[string]string{"mapRoles": text})
		findings := Vet(doc, check(doc), validate.Options{})
		if !slices.ContainsFunc(findings, func(f validate.Finding) bool {
			return f.Fix == nil && strings.Contains(f.Sentence().Text, "not repaired: ") && strings.Contains(f.Sentence().Text, want)
		}) {
			t.Errorf("%q: no finding says %q: %+v", text, want, findings)
		}
	}
}

// TestRepairAnchor: a value that another entry shares through an anchor is not edited under it.
func TestRepairAnchor(t *testing.T) {
	text := "- rolearn: " + a + "dev\n  username: &name Dev\n- rolearn: " + a + "ops\n  username: *name\n"
	if got, _ := repair("mapRoles", text, safe); got != text {
		t.Errorf("edited under the alias:\n%s", got)
	}
}

func TestRepairManyAtOnce(t *testing.T) {
	var text, want strings.Builder
	for i := range 3000 {
		name := "r" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/300) + "-" + strings.Repeat("z", i%11) + "." + strings.Repeat("w", i/26%13)
		name += "-" + string(rune('0'+i/1000)) + string(rune('0'+i/100%10)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10))
		text.WriteString("- rolearn: " + a + "team/" + name + "\n  username: N:" + name + "\n")
		want.WriteString("- rolearn: " + a + name + "\n  username: n:" + name + "\n")
	}
	got, r := repair("mapRoles", text.String(), safe)
	if got != want.String() || len(r.Applied) != 6000 {
		t.Errorf("%d repairs, want 6000", len(r.Applied))
	}
}

func TestRepairUsers(t *testing.T) {
	text := "- userarn: " + u + "path/kept/TestUser\n  username: TestUser\n"
	want := "- userarn: " + u + "path/kept/TestUser\n  username: testuser\n"
	if got, _ := repair("mapUsers", text, safe); got != want {
		t.Errorf("repaired to\n%s", got)
	}
}

func FuzzRepair(f *testing.F) {
	f.Add("- rolearn: "+a+"t/dev\n  username: {{SessionName}}\n", "- userarn: "+u+"x\n  username: X\n")
	f.Add("- &a {rolearn: '"+a+"t/dev', username: D}\n- *a\n", "[{userarn: x, username: {{AccountID}}}]")
	f.Add("- role_arn: "+a+"t/dev\n  user: D\n  groups: x\n", "- userarn: 'a'\n  username: 12\n  groups:\n  - a\n   - b\n")
	for _, c := range cases.All() {
		f.Add(c.Data["mapRoles"], c.Data["mapUsers"])
	}
	f.Fuzz(func(t *testing.T, r, us string) {
		for _, pick := range []func(*validate.Finding) bool{safe, anyFix} {
			doc := awsauth.Read(map[string]string{"mapRoles": r, "mapUsers": us})
			res := Repair(doc, check, pick, validate.Options{})
			again := Repair(res.Doc, check, pick, validate.Options{})
			if again.Changed() {
				t.Errorf("a second repair changes %q to %q", res.Data, again.Data)
			}
			for k := range res.Data {
				if res.Doc.Section(awsauth.Key(k)).Discarded() {
					t.Errorf("repaired %s is lost", k)
				}
			}
		}
	})
}
