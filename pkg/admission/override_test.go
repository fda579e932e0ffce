package admission

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
		"map-deleted":         {err: "gives no reason; write aws-auth-guard.dev/override: \"<rule>[,<rule>]: <reason>\""},
		"map-deleted:  ":      {err: "gives no reason"},
		"":                    {err: "gives no reason"},
		"map-delete: why":     {err: `names the rule "map-delete", which there is not (did you mean map-deleted?)`},
		"all: why":            {err: `names the rule "all", which there is not; write`},
		"map-deleted,: why":   {err: `names the rule ""`},
		"manifest-shape: why": {err: `names the rule "manifest-shape"`},
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

func TestOverrideInForce(t *testing.T) {
	with := func(text string) *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{OverrideAnnotation: text}}}
	}
	without := &corev1.ConfigMap{}
	immutable := func(text string) *corev1.ConfigMap {
		c, yes := with(text), true
		c.Immutable = &yes
		return c
	}
	for name, tt := range map[string]struct {
		old, new *corev1.ConfigMap
		want     []string
	}{
		"added":                         {without, with("role-path: x"), []string{"role-path"}},
		"on create":                     {nil, with("role-path: x"), []string{"role-path"}},
		"changed":                       {with("role-path: x"), with("self-lockout: x"), []string{"self-lockout"}},
		"another reason":                {with("role-path: x"), with("role-path: y"), []string{"role-path"}},
		"stale":                         {with("role-path: x"), with("role-path: x"), nil},
		"other blanks":                  {with("role-path: x"), with("\n role-path: x\u2003"), nil},
		"removed":                       {with("role-path: x"), without, nil},
		"on delete":                     {with("map-deleted: x"), nil, nil},
		"wrong, on delete":              {with("map-deleted"), nil, nil},
		"on delete of an immutable map": {immutable("map-deleted: x"), nil, []string{"map-deleted"}},
		"stale, immutable":              {immutable("role-path: x"), immutable("role-path: x"), nil},
		"none":                          {without, without, nil},
		"none on delete":                {without, nil, nil},
	} {
		o, err := (&Request{Old: tt.old, New: tt.new}).override()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		if o != nil {
			got = o.Rules
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: rules %q, want %q", name, got, tt.want)
		}
	}
}

// TestWhatIsKeptOfAnOverrideIsBounded holds that a long one stays readable and is told from others like it.
func TestWhatIsKeptOfAnOverrideIsBounded(t *testing.T) {
	kept := func(text string) string {
		return KeptOverride(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{OverrideAnnotation: text}}})
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
		t.Error("no map has an override")
	}
	var names []string
	for _, r := range validate.Rules() {
		names = append(names, r.Name)
	}
	if n := len(strings.Join(names, ",")); n > maxKept/2 {
		t.Errorf("the names of all rules take %d bytes, and some would be cut off", n)
	}
}
