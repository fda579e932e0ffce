package admission

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

func TestOverrideInForce(t *testing.T) {
	with := func(text string) *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{policy.OverrideAnnotation: text}}}
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
