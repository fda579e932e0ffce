package admission

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

// override is the override in force for a write, nil for none: the one that this very write adds or changes. One that
// was there before does nothing, so a delete, which can't carry one, has none. An immutable map can't be emptied first;
// there the delete has the one that is on the map.
func (r *Request) override() (*policy.Override, error) {
	text, ok := annotation(r.New)
	switch before, was := annotation(r.Old); {
	case r.New == nil:
		text, ok = before, was && immutable(r.Old)
	case was && policy.SameOverride(before, text):
		ok = false
	}
	if !ok {
		return nil, nil //nolint:nilnil // Having no override is no error.
	}
	return policy.ParseOverride(text)
}

func immutable(c *corev1.ConfigMap) bool { return c != nil && c.Immutable != nil && *c.Immutable }

func annotation(c *corev1.ConfigMap) (string, bool) {
	if c == nil {
		return "", false
	}
	text, ok := c.Annotations[policy.OverrideAnnotation]
	return text, ok
}
