package admission

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/aws-auth-guard/aws-auth-guard/internal/text"
	"github.com/aws-auth-guard/aws-auth-guard/internal/typo"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// OverrideAnnotation lets one edit pass in spite of rules that would refuse it.
const OverrideAnnotation = "aws-auth-guard.dev/override"

// overrideSyntax is how the annotation is written.
const overrideSyntax = OverrideAnnotation + `: "<rule>[,<rule>]: <reason>"`

const (
	// maxReason bounds what is kept of a reason, and maxQuoted what an error repeats, in bytes: the annotation may be of
	// 256 KiB, and in a forged review of any size.
	maxReason = 256
	maxQuoted = 100
)

// Override is the annotation taken apart. Its reason is one short line.
type Override struct {
	Rules  []string
	Reason string
}

// ParseOverride reads the annotation: names of rules, a colon, and a reason. The error says how to write it.
func ParseOverride(s string) (*Override, error) {
	list, reason, ok := strings.Cut(s, ":")
	reason = clean(strings.TrimSpace(reason), maxReason)
	if !ok || reason == "" {
		return nil, fmt.Errorf("the override %s gives no reason; write %s", repeated(s), overrideSyntax)
	}
	o := &Override{Reason: reason}
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if r := validate.Lookup(name); r == nil || r.LintOnly {
			return nil, fmt.Errorf("the override names the rule %s, which there is not%s; write %s", repeated(name), didYouMean(name), overrideSyntax)
		}
		if !slices.Contains(o.Rules, name) {
			o.Rules = append(o.Rules, name)
		}
	}
	return o, nil
}

func repeated(s string) string { return text.Quote(text.Middle(s, maxQuoted)) }

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

// override is the override in force for a write, nil for none: the one that this very write adds or changes. One that
// was there before does nothing, so a delete, which can't carry one, has none. An immutable map can't be emptied first;
// there the delete has the one that is on the map.
func (r *Request) override() (*Override, error) {
	text, ok := annotation(r.New)
	switch before, was := annotation(r.Old); {
	case r.New == nil:
		text, ok = before, was && immutable(r.Old)
	case was && SameOverride(before, text):
		ok = false
	}
	if !ok {
		return nil, nil //nolint:nilnil // Having no override is no error.
	}
	return ParseOverride(text)
}

// SameOverride reports that an edit from one text of the annotation to the other brings in no override: white space around
// it is no change.
func SameOverride(before, after string) bool {
	return strings.TrimSpace(before) == strings.TrimSpace(after)
}

func immutable(c *corev1.ConfigMap) bool { return c != nil && c.Immutable != nil && *c.Immutable }

// maxKept bounds in bytes what is kept of the annotation. The names of all rules take less than half of it.
const maxKept = 2 << 10

// KeptOverride is the override annotation of a map as it is kept beside the map, "" for none. The annotation may have
// 256 KiB, which is more than some objects can hold besides what else they do: a long one is cut and ends in a hash of the
// whole, so different ones stay different.
func KeptOverride(c *corev1.ConfigMap) string {
	text, _ := annotation(c)
	if len(text) <= maxKept {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	end := fmt.Sprintf("… (cut from %d bytes, SHA-256 %x)", len(text), sum)
	return strings.ToValidUTF8(text[:maxKept-len(end)], "") + end
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
