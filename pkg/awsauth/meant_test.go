package awsauth

import (
	"slices"
	"strings"
	"testing"
)

// TestMeant holds the entries of mapRoles as "ARN username groups", read and meant.
func TestMeant(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"a text that parses": {node, nil},
		"pieces that parse, and one that does not": {
			"  - rolearn: one\n    username: u1\n  - rolearn: two\n   bad: x\n  - userarn: three\n  - {rolearn: four, groups: [g]}\n  - groups:\n    - g\n    rolearn: five\n    username: u5\n",
			[]string{"one u1", "two", "four  g", "five u5 g"},
		},
		"unquoted templates":               {"- rolearn: a\n  username: {{SessionName}}\n  groups:\n  - {{AccountID}}-x\n  - yy # {{z}}\n", []string{"a {{SessionName}} {{AccountID}}-x,yy"}},
		"in flow style":                    {"[{rolearn: a, username: {{SessionName}}, groups: [x, 'y z']}, {rolearn: b, username: b}]", []string{"a {{SessionName}} x,y z", "b b"}},
		"anchors":                          {"- rolearn: a\n  username: a\n  groups: &g [x, z]\n- rolearn: b\n  username: @b\n  groups: *g\n", []string{"a a x,z", "b @b x,z"}},
		"values on other lines":            {"- rolearn: >-\n    a\n  username:\n    @a\n  groups: [x,\n    y]\n", []string{"a @a x,y"}},
		"items in quotes without a comma":  {"- rolearn: a\n  username: a\n  groups: [\"x\" \"z\"]\n", []string{"a a x,z"}},
		"items in quotes and a semicolon":  {"- rolearn: a\n  username: a\n  groups: ['x'; 'z']\n", []string{"a a x,z"}},
		"an empty item":                    {"- rolearn: a\n  username: a\n  groups: [\"\", \"z\"\n", []string{"a a z"}},
		"a group without its dash, lost":   {"- rolearn: a\n  username: @a\n  groups:\n  - x\n    z\n", []string{"a @a x,z"}},
		"a group without its dash, merged": {"- rolearn: a\n  username: a\n  groups:\n  - x\n    z\n", []string{"a a x z", "a a x,z"}},
		"a colon after a value":            {"- rolearn: arn:a:\n  username: b:\n  groups:\n  - c:d:\n  - @\n", []string{"arn:a b c:d,@"}},
		"two colons":                       {"- \"rolearn\":: a\n  username: a\n", []string{"a a"}},
		"nothing in it":                    {"@", nil},
		"no ARN":                           {"- username: @x\n", nil},
		"other fields":                     {"- rolearn: a\n  username: @a\n  note:\n  - system:masters\n", []string{"a @a"}},
		"after a marker":                   {"- rolearn: a\n  username: @a\n---\n- rolearn: b\n", []string{"a @a"}},
		"in a comment":                     {"- rolearn: a\n  username: @a\n# - rolearn: b\n  groups: [x] # [y]\n", []string{"a @a x"}},
	} {
		doc := roles(tt.text)
		if tt.want == nil {
			if m := doc.Meant(); m != doc && len(m.Roles.Entries) > 0 {
				t.Errorf("%s: meant are %v", name, m.Roles.Entries)
			}
			continue
		}
		var got []string
		for _, e := range doc.Meant().Roles.Entries {
			got = append(got, strings.TrimRight(e.ARN+" "+e.Username+" "+strings.Join(e.Groups, ","), " "))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// FuzzMeant: whatever the text, reading what it means ends, adds nothing to a text that is read as it looks, and takes nothing
// from after a document marker.
func FuzzMeant(f *testing.F) {
	f.Add("- rolearn: a\n  username: @a\n---\n- rolearn: b\n")
	f.Add("[{rolearn: a, username: {{SessionName}}, groups: [x")
	f.Add("\"- rolearn: a\\n  username: b\"")
	f.Fuzz(func(t *testing.T, text string) {
		doc := roles(text)
		meant := doc.Meant()
		if meant.Meant() != meant {
			t.Error("what is meant means something else")
		}
		if doc.Roles.isPlain() && meant != doc {
			t.Errorf("%q is plain, and means something else", text)
		}
		for _, e := range meant.Roles.Entries {
			if e.Valid && e.ARN == "" && e.SSO == nil {
				t.Errorf("%q means an entry without an ARN", text)
			}
		}
		tail := "\n---\n- rolearn: behind\n  username: behind\n"
		if doc.Roles.Discarded() && !noContent.MatchString(strings.TrimSpace(text)) {
			for _, e := range roles("- rolearn: a\n" + text + tail).Meant().Roles.Entries {
				if e.ARN == "behind" {
					t.Errorf("%q: an entry after the marker counts", text)
				}
			}
		}
	})
}
