package admission

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	for name, tt := range map[string]struct {
		old, new *corev1.ConfigMap
		want     []string
	}{
		"added":          {without, with("role-path: x"), []string{"role-path"}},
		"on create":      {nil, with("role-path: x"), []string{"role-path"}},
		"changed":        {with("role-path: x"), with("self-lockout: x"), []string{"self-lockout"}},
		"another reason": {with("role-path: x"), with("role-path: y"), []string{"role-path"}},
		"stale":          {with("role-path: x"), with("role-path: x"), nil},
		"removed":        {with("role-path: x"), without, nil},
		"on delete":      {with("map-deleted: x"), nil, []string{"map-deleted"}},
		"none":           {without, without, nil},
		"none on delete": {without, nil, nil},
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
