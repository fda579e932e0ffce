package policy

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryMistakeIsToldWithItsPlace(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"unknown field", header + "rulez: {}\n", []string{`3:1: unknown field "rulez": did you mean "rules"?`}},
		{"unknown field far from all", header + "x: 1\n", []string{`3:1: unknown field "x": it can be apiVersion, kind, profile, rules, fix, exempt, override, protected, writers, writersOnly, access`}},
		{"an age that is none", header + "access: {maxAge: soon}\n", []string{`3:18: maxAge is "soon": write a time of at least a minute, as 30m or 1h`}},
		{"an age below a minute", header + "access: {maxAge: 5s}\n", []string{`3:18: maxAge is "5s": write a time of at least a minute, as 30m or 1h`}},
		{"an age without a unit", header + "access: {maxAge: 60}\n", []string{`3:18: maxAge is a text, not a number: write "60"`}},
		{"metadata is no field", header + "metadata: {name: p}\n", []string{`3:1: unknown field "metadata": it can be apiVersion, kind, profile, rules, fix, exempt, override, protected, writers, writersOnly, access`}},
		{"unknown rule", header + "rules:\n  role-paht: {action: deny}\n", []string{`4:3: unknown rule "role-paht": did you mean "role-path"?`}},
		{"unknown rule far from all", header + "rules:\n  zzz: {action: deny}\n", []string{`4:3: unknown rule "zzz"`}},
		{"unknown action", header + "rules:\n  role-path: {action: refuse}\n", []string{`4:23: unknown action "refuse": it can be off, warn, deny, fix`}},
		{"action in capitals", header + "rules:\n  yaml-syntax: {action: Deny}\n", []string{`4:25: unknown action "Deny": did you mean "deny"?`}},
		{"fix without a repair", header + "rules:\n  arn-kind:\n    action: fix\n", []string{`5:13: rule arn-kind has no repair that is safe enough: its action can be off, warn, deny`}},
		{"bare off is a boolean for some", header + "rules:\n  role-path: {action: 1}\n", []string{`4:23: action is a text, not a number: write "1"`}},
		{"unknown profile", header + "profile: stict\n", []string{`3:10: unknown profile "stict": did you mean "strict"?`}},
		{"profile of a wrong type", header + "profile: [strict]\n", []string{`3:10: profile is a text, not a list`}},
		{"profile empty", header + "profile:\n", []string{`3:9: profile is a text, not empty`}},
		{"rules as a list", header + "rules:\n- role-path\n", []string{`4:1: rules is a mapping of keys to values, not a list`}},
		{"a rule as a text", header + "rules:\n  role-path: deny\n", []string{`4:14: rule role-path is a mapping of keys to values, not a text`}},
		{"unknown field of a rule", header + "rules:\n  role-path: {aktion: deny}\n", []string{`4:15: unknown field "aktion": did you mean "action"?`}},
		{"allow elsewhere", header + "rules:\n  role-path: {allow: []}\n", []string{`4:15: unknown field "allow": it can be action`}},
		{"accounts elsewhere", header + "rules:\n  system-masters: {accounts: []}\n", []string{`4:20: unknown field "accounts": it can be action, allow`}},
		{"allow is no ARN", header + "rules:\n  system-masters:\n    allow:\n    - Admin\n", []string{`6:7: "Admin" is not the ARN of a principal: an ARN begins with "arn:"`}},
		{"allow with a path", header + "rules:\n  system-masters: {allow: ['arn:aws:iam::111122223333:role/ops/Admin']}\n",
			[]string{`4:28: "arn:aws:iam::111122223333:role/ops/Admin" has a path, but role sessions arrive without it: write "arn:aws:iam::111122223333:role/Admin"`}},
		{"account too short", header + "rules:\n  arn-account: {action: warn, accounts: [\"111\"]}\n", []string{`4:42: "111" is not an account number of 12 digits`}},
		{"account without quotes", header + "rules:\n  arn-account: {action: warn, accounts: [111122223333]}\n", []string{`4:42: an item of accounts is a text, not a number: write "111122223333"`}},
		{"accounts without an action", header + "rules:\n  arn-account: {accounts: [\"111122223333\"]}\n", []string{`4:17: rule arn-account is off unless it is given an action: add action: deny, or warn`}},
		{"action without accounts", header + "rules:\n  arn-account: {action: deny}\n", []string{`4:17: rule arn-account does nothing without accounts: add accounts: with the account numbers that may be mapped`}},
		{"managers as a text", header + "fix: {fieldManagers: kubectl}\n", []string{`3:22: fieldManagers is a list, not a text`}},
		{"empty user", header + "exempt: {users: [\"\"]}\n", []string{`3:18: an empty name matches nobody`}},
		{"a key twice", header + "profile: strict\nprofile: audit\n", []string{`4:1: "profile" appears twice, first in line 3`}},
		{"a rule twice", header + "rules:\n  role-path: {action: deny}\n  role-path: {action: warn}\n", []string{`5:3: "role-path" appears twice, first in line 4`}},
		{"a key that is a list", header + "? [a]\n: b\n", []string{`3:3: a key of a policy is a word, not a list`}},
		{"several documents", header + "---\nprofile: audit\n", []string{`4:1: a second document: a policy is one document, the rest would be ignored`}},
		{"another kind", "apiVersion: v1\nkind: ConfigMap\n", []string{
			`1:13: apiVersion is "v1", this guard reads "aws-auth-guard.dev/v1alpha1"`, `2:7: kind is "ConfigMap", this guard reads "GuardPolicy"`,
		}},
		{"no kind", "profile: audit\n", []string{
			`1:1: apiVersion is missing: write apiVersion: aws-auth-guard.dev/v1alpha1`, `1:1: kind is missing: write kind: GuardPolicy`,
		}},
		{"a list", "- a\n", []string{`1:1: a policy is a mapping of keys to values, not a list`}},
		{"a text", "audit\n", []string{`1:1: a policy is a mapping of keys to values, not a text`}},
		{"JSON works as well", `{"apiVersion":"aws-auth-guard.dev/v1alpha1","kind":"GuardPolicy","profil":"audit"}`, []string{`1:66: unknown field "profil": did you mean "profile"?`}},
		{"columns are code points", header + "exempt: {users: [\"ü\", 1]}\n", []string{`3:23: an item of users is a text, not a number: write "1"`}},
		{"all at once, in the order of the text", header + "rules:\n  role-paht: {}\n  arn-kind: {action: fix}\nprofile: x\nfix: {fieldManager: []}\n", []string{
			`4:3: unknown rule "role-paht": did you mean "role-path"?`,
			`5:22: rule arn-kind has no repair that is safe enough: its action can be off, warn, deny`,
			`6:10: unknown profile "x": it can be audit, standard, strict`,
			`7:7: unknown field "fieldManager": did you mean "fieldManagers"?`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Parse([]byte(tt.text))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("Parse = %+v, %v; want an *Error", p, err)
			}
			if got, want := e.Error(), strings.Join(tt.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestTextThatIsNotYAML(t *testing.T) {
	for text, want := range map[string]string{
		header + "rules: {\n":              "3:8: not YAML: this bracket is not closed; write `rules: {}`",
		header + "\tprofile: x\n":          "3:1: not YAML: this line is indented with a tab, which YAML does not allow; begin it with 0 blanks",
		header + "rules:\n  - a\n  b: c\n": "5:3: not YAML: there is no dash before b; write `- b: c`",
		header + "rules:\n   role-path: {action: deny}\n  arn-kind: {action: deny}\n": "5:3: not YAML: this line stands 1 column too far to the left; add 1 blank before it",
		"a: b: c\n":                       "1:4: not YAML: a value with a colon and a blank inside needs quotes; write `a: \"b: c\"`",
		header + "exempt: *nobody\n":      "3:9: not YAML: a value can't begin with *; write `exempt: \"*nobody\"`",
		header + "profile: \"audit\x00\"": "3:16: not YAML: U+0000 (null) stands here, which nobody sees; write `profile: \"audit\"`",
		header + "profile: \xff":          "3:1: not YAML: this line belongs to nothing around it; remove it, or make it a comment with #",
	} {
		_, err := Parse([]byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("Parse(%q) = %v, want %s", text, err, want)
		}
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if _, err := Load(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Load of a missing file: %v", err)
	}
	write(t, path, header+"profil: audit\n")
	if _, err := Load(path); err == nil || err.Error() != path+`:3:1: unknown field "profil": did you mean "profile"?` {
		t.Errorf("Load = %v", err)
	}
	write(t, path, header+"profile: audit\n")
	if p, err := Load(path); err != nil || p.Profile != "audit" {
		t.Errorf("Load = %+v, %v", p, err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(header + "rules:\n  role-path: {action: deny}\n")
	f.Add(header + "profile: strict\nfix: {fieldManagers: [\"kubectl*\"]}\nexempt: {users: [\"eks:*\"]}\noverride: {groups: [admins]}\naccess: {maxAge: 30m}\n")
	f.Add(header + "rules:\n  system-masters: {action: deny, allow: [\"arn:aws:iam::111122223333:role/Admin\"]}\n  arn-account: {accounts: [\"111122223333\"]}\n")
	f.Add(header + "---\n" + header)
	f.Add("\ufeff" + header + "profile: !!binary eA==\n")
	f.Add("&a [*a]")
	f.Add("{? {} : *a, <<: &a {}}")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse([]byte(text))
		if (p == nil) == (err == nil) {
			t.Fatalf("Parse = %v, %v: want one of the two", p, err)
		}
		var e *Error
		if err != nil && (!errors.As(err, &e) || len(e.Problems) == 0) {
			t.Fatalf("Parse: %v is no *Error with problems", err)
		}
	})
}
