package awsauth

import (
	"fmt"
	"strings"
	"testing"
)

// tails are what may follow a list; the authenticator reads none of it.
var tails = []string{
	"--- - rolearn: x\n", "---\n- rolearn: x\n", "---\n\t- rolearn: x\n", "---\n@\n", "---\n`\n", "---\n\"\n", "---\n'x\n", "--- [\n", "--- %\n",
	"--- |\n", "--- !!seq\n", "--- *x\n", "--- &x\n", "--- ~\n", "---\r- rolearn: x\r", "---\u0085- rolearn: x", "---\n---\n- rolearn: x\n",
	"...\n- rolearn: x\n", "... - rolearn: x\n", "...\n@\n", "...\n%YAML 1.1\n---\n- rolearn: x\n", "...\n%YAML 1.2\n---\n", "...\n%\n",
	"---\n# " + strings.Repeat("x", 5000) + "\n\x01\n",
}

// TestATailTakesNoNodeAway holds that what follows a list is found, and that the list has its nodes all the same.
func TestATailTakesNoNodeAway(t *testing.T) {
	for _, list := range []string{
		node, "  " + strings.TrimSuffix(strings.ReplaceAll(node, "\n", "\n  "), "  "), "[{rolearn: x, username: u}]\n",
		`[{"rolearn": "x", "username": "y"}]` + "\n", "- &a\n  rolearn: x\n  username: u\n- *a\n",
	} {
		for _, tail := range tails {
			s := Read(map[string]string{"mapRoles": list + tail}).Roles
			if s.Err != nil {
				continue // the authenticator reads its parser's first 512 bytes at once and meets the trouble
			}
			if at, ok := s.Trailing(); !ok || at < len(strings.TrimRight(list, "\n")) {
				t.Errorf("%.100q: what follows is found: %v, at %d", s.Text, ok, at)
			}
			if s.Unplaced() != nil || len(s.Entries) == 0 {
				t.Errorf("%.100q: %d entries, %v", s.Text, len(s.Entries), s.Unplaced())
			}
			for _, e := range s.Entries {
				if f := e.Field(FieldRoleARN); f == nil || f.Value.Value != e.ARN {
					t.Errorf("%.100q: entry %d has no node", s.Text, e.Index)
				}
			}
		}
	}
}

// TestUnplaced says which texts the authenticator reads otherwise than their nodes say.
func TestUnplaced(t *testing.T) {
	many := ""
	for i := range maxFields {
		many += fmt.Sprintf("  f%d: x\n", i)
	}
	for _, tt := range []struct {
		name, text string
		want       bool
	}{
		{"a plain list", node, false},
		{"no list", "# nothing\n", false},
		{"a text in base64", "- rolearn: !!binary eA==\n  username: u\n", false},
		{"a tag", "- rolearn: !!str 1\n  username: !x y\n", false},
		{"a date", "- rolearn: x\n  username: 2001-01-01\n", false},
		{"a number", "- rolearn: x\n  username: 1\n", false},
		{"a merge key that overwrites", "- &a\n  rolearn: x\n  username: u\n- username: z\n  <<: *a\n", false},
		{"groups in two cases", "- rolearn: x\n  username: u\n  Groups: [a, b]\n  groups: [c]\n", false},
		{"a group that is left over from groups in another case", "- rolearn: x\n  username: u\n  Groups: [a, b]\n  groups: [~]\n", true},
		{"a key in base64", "- rolearn: x\n  !!binary dXNlcm5hbWU=: u\n", true},
		{"more fields than are looked at", "- rolearn: x\n" + many + "  username: u\n", true},
		{"a tail", node + "---\n@\n", false},
	} {
		s := Read(map[string]string{"mapRoles": tt.text}).Roles
		if got := s.Unplaced() != nil; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, s.Unplaced(), tt.want)
		}
	}
}

func TestMentions(t *testing.T) {
	for text, want := range map[string]string{
		"- rolearn: a\n  username: x\n- userarn: b\n":          "[a b]",
		"- rolearn: a\r- rolearn: b\r":                         "[a b]",
		`[{"rolearn":"a"},{"rolearn": "b"}] [{"rolearn":"c"}]`: "[a b c]",
		"- {rolearn: a, username: x#y}\n# - rolearn: b\n":      "[a]",
		"- username: a#b\n  rolearn: c # rolearn: d\n":         "[c]",
		"- role_arn: a\n":       "[]",
		"- \"RoleARN\" : 'a'\n": "[a]",
	} {
		var got []string
		for _, m := range (&Section{Text: text}).Mentions() {
			if text[m.Span.Start:m.Span.End] != m.ARN {
				t.Errorf("%q: %q is at %v", text, m.ARN, m.Span)
			}
			got = append(got, m.ARN)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%q names %v, want %s", text, got, want)
		}
	}
}

// TestATailIsNotMeant holds that entries after the first document count as dead, also where the entry before them is broken.
func TestATailIsNotMeant(t *testing.T) {
	for _, list := range []string{node, node + "- rolearn: x\n  username: u\n  groups: devs\n", node + "- rolearn: x\n  username: 1\n"} {
		want := len(Read(map[string]string{"mapRoles": list}).Meant().Roles.Entries)
		for _, tail := range []string{"--- - rolearn: tail\n  username: u\n", "---\n- rolearn: tail\n  username: u\n", "---\n@\n- rolearn: tail\n", "...\n- rolearn: tail\n  username: u\n"} {
			got := Read(map[string]string{"mapRoles": list + tail}).Meant().Roles.Entries
			for _, e := range got {
				if e.ARN == "tail" {
					t.Errorf("%q: the entry that was dead counts", list+tail)
				}
			}
			if len(got) != want {
				t.Errorf("%q: %d entries were meant, want %d", list+tail, len(got), want)
			}
		}
	}
}
