package manifest

import (
	"fmt"
	"strings"
	"testing"
)

func TestIgnores(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		// want is, for each comment, the line of what it covers, its rules and its reason.
		want string
	}{
		"on its own line":      {"mapRoles: |\n  - rolearn: x # aws-auth-guard: ignore a-b -- we know\n", "2 a-b we know"},
		"above":                {"mapRoles: |\n  # aws-auth-guard: ignore a-b -- we know\n  - rolearn: x\n", "3 a-b we know"},
		"several":              {"# aws-auth-guard: ignore a, b,c d -- x -- y\nmapRoles: '[]'\n", "2 a+b+c+d x -- y"},
		"two, one above other": {"# aws-auth-guard: ignore a -- x\n# aws-auth-guard: ignore b -- y\nmapRoles: '[]'\n", "3 a x; 3 b y"},
		"and another comment":  {"# aws-auth-guard: ignore a -- x\n# by hand\nmapRoles: '[]'\n", "3 a x"},
		"tight":                {"mapRoles: '[]' #aws-auth-guard:ignore a -- x\r\n", "1 a x"},
		"without a reason":     {"mapRoles: '[]' # aws-auth-guard: ignore a\n", "1 a "},
		"an empty reason":      {"mapRoles: '[]' # aws-auth-guard: ignore a --  \n", "1 a "},
		"no rule":              {"mapRoles: '[]' # aws-auth-guard: ignore -- x\n", "1  x"},
		"in quotes":            {"mapRoles: |\n  - username: \"a # aws-auth-guard: ignore a -- x\"\n", ""},
		"in single quotes":     {"mapRoles: |\n  - {username: 'a # aws-auth-guard: ignore a -- x'}\n", ""},
		"after quotes":         {"mapRoles: 'it''s' # aws-auth-guard: ignore a -- x\n", "1 a x"},
		"no comment":           {"mapRoles: a# aws-auth-guard: ignore a -- x\n", ""},
		"another word":         {"mapRoles: '[]' # aws-auth-guard: ignored by us -- x\n", ""},
		"in JSON, in the map":  {`{"data": {"mapRoles": "- a: b\n- c: d # aws-auth-guard: ignore a -- x\n"}}`, "1 a x"},
		"at the end":           {"mapRoles: '[]'\n# aws-auth-guard: ignore a -- x\n", "2 a x"},
	} {
		t.Run(name, func(t *testing.T) {
			f := Read("a.yaml", tt.text)
			var got []string
			for _, i := range f.Ignores() {
				got = append(got, fmt.Sprintf("%d %s %s", f.Position(i.For.Start).Line, strings.Join(i.Rules, "+"), i.Reason))
			}
			if strings.Join(got, "; ") != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestIgnoreCoversOneItemOfJSON: in a file of one line a comment in the map's text still speaks of one line of the map.
func TestIgnoreCoversOneItemOfJSON(t *testing.T) {
	f := Read("a.json", `{"data": {"mapRoles": "- rolearn: a\n# aws-auth-guard: ignore r -- x\n- rolearn: b\n- rolearn: c\n"}}`)
	ignores := f.Ignores()
	if len(ignores) != 1 {
		t.Fatalf("%d comments", len(ignores))
	}
	for item, want := range map[string]bool{"rolearn: a": false, "rolearn: b": true, "rolearn: c": false} {
		if got := ignores[0].Covers("r", strings.Index(f.Text, item)); got != want {
			t.Errorf("%s: %v", item, got)
		}
	}
}
