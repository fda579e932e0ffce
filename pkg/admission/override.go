package admission

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/typo"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// OverrideAnnotation lets one edit pass in spite of rules that would refuse it.
const OverrideAnnotation = "aws-auth-guard.dev/override"

// overrideSyntax is how the annotation is written.
const overrideSyntax = OverrideAnnotation + `: "<rule>[,<rule>]: <reason>"`

// Override is the annotation taken apart.
type Override struct {
	Rules  []string
	Reason string
}

// ParseOverride reads the annotation: names of rules, a colon, and a reason. The error says how to write it.
func ParseOverride(s string) (*Override, error) {
	list, reason, ok := strings.Cut(s, ":")
	reason = strings.TrimSpace(reason)
	if !ok || reason == "" {
		return nil, fmt.Errorf("the override %q gives no reason; write %s", s, overrideSyntax)
	}
	o := &Override{Reason: reason}
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if r := validate.Lookup(name); r == nil || r.LintOnly {
			return nil, fmt.Errorf("the override names the rule %q, which there is not%s; write %s", name, didYouMean(name), overrideSyntax)
		}
		if !slices.Contains(o.Rules, name) {
			o.Rules = append(o.Rules, name)
		}
	}
	return o, nil
}

func didYouMean(name string) string {
	var names []string
	for _, r := range validate.Rules() {
		if !r.LintOnly {
			names = append(names, r.Name)
		}
	}
	if meant := typo.Nearest(name, names); meant != "" {
		return fmt.Sprintf(" (did you mean %s?)", meant)
	}
	return ""
}

// override is the override in force for a write, nil for none: for a delete the one on the object, else the one
// that this very write adds or changes. One that was there before does nothing.
func (r *Request) override() (*Override, error) {
	text, ok := annotation(r.New)
	if r.New == nil {
		text, ok = annotation(r.Old)
	} else if before, was := annotation(r.Old); was && before == text {
		ok = false
	}
	if !ok {
		return nil, nil //nolint:nilnil // Having no override is no error.
	}
	return ParseOverride(text)
}

func annotation(c *corev1.ConfigMap) (string, bool) {
	if c == nil {
		return "", false
	}
	text, ok := c.Annotations[OverrideAnnotation]
	return text, ok
}

// covers reports whether findings of the rule are let pass.
func (o *Override) covers(rule string) bool { return o != nil && slices.Contains(o.Rules, rule) }
