package policy

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

func TestParseOverride(t *testing.T) {
	for text, want := range map[string]struct {
		rules  string
		reason string
		err    string
	}{
		"map-deleted: moving to access entries":     {rules: "map-deleted", reason: "moving to access entries"},
		" self-lockout , role-path,role-path: a: b": {rules: "self-lockout role-path", reason: "a: b"},
		"map-deleted":                 {err: "gives no reason; write aws-auth-guard.dev/override: \"<rule>[,<rule>]: <reason>\""},
		"map-deleted:  ":              {err: "gives no reason"},
		"map-deleted: \u200b\u2060\t": {err: "gives no reason"},
		"map-deleted: \u200bwhy":      {rules: "map-deleted", reason: `\u200bwhy`},
		"":                            {err: "gives no reason"},
		"map-delete: why":             {err: `unknown rule "map-delete" in the override (did you mean map-deleted?)`},
		"all: why":                    {err: `unknown rule "all" in the override; write`},
		"map-deleted,: why":           {err: `unknown rule ""`},
		"manifest-shape: why":         {err: `unknown rule "manifest-shape"`},
	} {
		o, err := ParseOverride(text)
		switch {
		case want.err != "":
			if err == nil || !strings.Contains(err.Error(), want.err) {
				t.Errorf("%q: error %v, want %q", text, err, want.err)
			}
		case err != nil || strings.Join(o.Rules, " ") != want.rules || o.Reason != want.reason:
			t.Errorf("%q: %+v, %v", text, o, err)
		}
	}
}

// TestWhatIsKeptOfAnOverrideIsBounded holds that a long one stays readable and differs from others like it.
func TestWhatIsKeptOfAnOverrideIsBounded(t *testing.T) {
	kept := func(text string) string {
		return KeptOverride(map[string]string{OverrideAnnotation: text})
	}
	long := "map-deleted: " + strings.Repeat("\u00e9<", 80_000)
	for name, text := range map[string]string{"short": "map-deleted: x", "long": long, "invalid": "map-deleted: " + strings.Repeat("\xff", 9_000)} {
		got := kept(text)
		if len(got) > maxKept || !utf8.ValidString(got) && len(text) > maxKept || len(text) <= maxKept && got != text {
			t.Errorf("%s: %d bytes: %q", name, len(got), got)
		}
		if o, err := ParseOverride(got); err != nil || !slices.Equal(o.Rules, []string{"map-deleted"}) {
			t.Errorf("%s: %+v, %v", name, o, err)
		}
	}
	if kept(long) == kept(long+"!") {
		t.Error("two overrides that begin alike count as one")
	}
	if KeptOverride(nil) != "" {
		t.Error("a map without annotations has an override")
	}
	var names []string
	for _, r := range validate.Rules() {
		names = append(names, r.Name)
	}
	if n := len(strings.Join(names, ",")); n > maxKept/2 {
		t.Errorf("the names of all rules take %d bytes, and some would be cut off", n)
	}
}
