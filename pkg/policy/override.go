package policy

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/typo"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/unseen"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
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
	seen := unseen.Without(reason)
	reason = text.Short(strings.TrimSpace(reason), maxReason)
	if !ok || seen == "" {
		return nil, fmt.Errorf("the override %s gives no reason; write %s", repeated(s), overrideSyntax)
	}
	o := &Override{Reason: reason}
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if r := validate.Lookup(name); r == nil || !r.AtAdmission() {
			return nil, fmt.Errorf("unknown rule %s in the override%s; write %s", repeated(name), didYouMean(name), overrideSyntax)
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
		if r.AtAdmission() {
			names = append(names, r.Name)
		}
	}
	if meant := typo.Nearest(name, names); meant != "" {
		return fmt.Sprintf(" (did you mean %s?)", meant)
	}
	return ""
}

// Covers reports whether findings of the rule are let pass. No override covers nothing.
func (o *Override) Covers(rule string) bool { return o != nil && slices.Contains(o.Rules, rule) }

// SameOverride reports that an edit from one text of the annotation to the other brings in no override: white space around
// it is no change.
func SameOverride(before, after string) bool {
	return strings.TrimSpace(before) == strings.TrimSpace(after)
}

// maxKept bounds in bytes what is kept of the annotation. The names of all rules take less than half of it.
const maxKept = 2 << 10

// KeptOverride is the override among a map's annotations as it is kept beside the map, "" for none. The annotation may
// have 256 KiB, which is more than some objects can hold besides what else they do: a long one is cut and ends in a hash
// of the whole, so different ones stay different.
func KeptOverride(annotations map[string]string) string {
	s := annotations[OverrideAnnotation]
	if len(s) <= maxKept {
		return s
	}
	end := fmt.Sprintf("… (cut from %d bytes, SHA-256 %x)", len(s), sha256.Sum256([]byte(s)))
	return strings.ToValidUTF8(s[:maxKept-len(end)], "") + end
}
