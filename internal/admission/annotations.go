package admission

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

// The keys of the audit annotations. The API server puts the webhook's name and a slash before each.
const (
	AnnotationDecision = "decision"
	AnnotationProfile  = "profile"
	// AnnotationRules lists the rules whose findings the edit brings in, AnnotationRefused those of them that it
	// is refused for, AnnotationBefore those whose findings were there before.
	AnnotationRules   = "rules"
	AnnotationRefused = "refused"
	AnnotationBefore  = "before"
	// AnnotationFixed lists the rules whose findings were repaired, each with their number.
	AnnotationFixed  = "fixed"
	AnnotationExempt = "exempt"
	// AnnotationOverride lists the rules that an override let pass, AnnotationOverrideReason says why.
	AnnotationOverride       = "override"
	AnnotationOverrideReason = "override-reason"
	// AnnotationGained and AnnotationLost list who gains and who loses access.
	AnnotationGained = "gained"
	AnnotationLost   = "lost"
	// AnnotationReduced lists who keeps access and loses groups or its username.
	AnnotationReduced = "reduced"
	// AnnotationReason says why the edit was not judged.
	AnnotationReason = "reason"
	// AnnotationWriter is the field manager.
	AnnotationWriter = "writer"
)

// maxAnnotation bounds a value, in bytes.
const maxAnnotation = 1024

func (d *Decision) annotate(p *policy.Policy, r *Request) {
	d.Annotations = map[string]string{AnnotationDecision: string(d.Result), AnnotationProfile: string(p.Profile)}
	put := func(key string, words []string) {
		if len(words) > 0 {
			d.Annotations[key] = clean(strings.Join(words, ","), maxAnnotation)
		}
	}
	put(AnnotationRules, d.rules(func(j EvaluatedFinding) bool { return j.Touched }))
	put(AnnotationRefused, d.rules(func(j EvaluatedFinding) bool { return j.Refused }))
	put(AnnotationBefore, d.rules(func(j EvaluatedFinding) bool { return !j.Touched }))
	put(AnnotationFixed, d.fixed())
	if overridden := d.overridden(); len(overridden) > 0 {
		put(AnnotationOverride, overridden)
		put(AnnotationOverrideReason, []string{d.Override.Reason})
	}
	var gained, lost, reduced []string
	for i := range d.Access {
		switch c := &d.Access[i]; {
		case c.Kind == access.Gained:
			gained = append(gained, c.ARN)
		case c.Kind == access.Lost:
			lost = append(lost, c.ARN)
		case c.Loses():
			reduced = append(reduced, c.ARN)
		}
	}
	put(AnnotationGained, gained)
	put(AnnotationLost, lost)
	put(AnnotationReduced, reduced)
	if d.Exempt {
		d.Annotations[AnnotationExempt] = "true"
	}
	if r.FieldManager != "" {
		d.Annotations[AnnotationWriter] = r.Told().FieldManager
	}
}

// overridden are the rules that the override let pass.
func (d *Decision) overridden() []string {
	return d.rules(func(j EvaluatedFinding) bool { return j.Overridden })
}

// rules are the names of the rules of some findings, sorted, each once.
func (d *Decision) rules(pick func(EvaluatedFinding) bool) []string {
	var names []string
	for _, j := range d.Findings {
		if pick(j) {
			names = append(names, j.Rule)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// fixed are the rules of the repairs with the number of each, as role-path=2.
func (d *Decision) fixed() []string {
	n := map[string]int{}
	for _, c := range d.Repairs {
		n[c.Rule]++
	}
	var words []string
	for _, rule := range slices.Sorted(maps.Keys(n)) {
		words = append(words, fmt.Sprintf("%s=%d", rule, n[rule]))
	}
	return words
}
