package admission

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

const (
	// maxWarning and maxWarnings bound one warning and all of them, in bytes: the API server cuts warnings at 256 code
	// points once there are 4096 (k8s.io/apiserver, pkg/endpoints/filters/warning.go), and other webhooks want to be
	// heard too.
	maxWarning  = 256
	maxWarnings = 3000
	// maxRepeated bounds what a warning repeats of an override's reason.
	maxRepeated = 60
	// moreReserve is kept for the last line.
	moreReserve = 64
)

// findingWarnings are the warnings about what is not refused, the worst first. Beside a refusal only what the
// same edit brings in is reported.
func findingWarnings(d *Decision) []string {
	var told []EvaluatedFinding
	for _, j := range d.Findings {
		if !j.Refused && (j.Touched || d.Result != Refused) {
			told = append(told, j)
		}
	}
	slices.SortStableFunc(told, worst)
	lines := make([]string, 0, len(told))
	for _, j := range told {
		before := ""
		switch {
		case !j.Touched:
			before = "was there before: "
		case j.Overridden:
			before = fmt.Sprintf("overridden (%s): ", clean(d.Override.Reason, maxRepeated))
		case d.Exempt && j.Action != "warn":
			before = "not refused because the writer is exempt: "
		}
		lines = append(lines, warning(before+place(&j.Finding, j.Position)+": ", j.Sentence().Text, j.Rule))
	}
	if d.Result != Refused {
		for _, line := range accessLines(d.Access, false) {
			lines = append(lines, clean("this edit: "+line, maxWarning))
		}
	}
	return lines
}

// overrideDocs says how to override a refusal.
const overrideDocs = "https://github.com/aws-auth-guard/aws-auth-guard/blob/main/docs/operations.md#overriding-a-refusal"

func refusedBecause(docs string) string { return "refused by aws-auth-guard: " + docs }

// whoRefused says who refuses the write, where the rule is explained, and what overrides it: kubectl prints the causes alone,
// and those don't say who speaks.
func (d *Decision) whoRefused(p *policy.Policy, r *Request) string {
	var refused []EvaluatedFinding
	for _, j := range d.Findings {
		if j.Refused {
			refused = append(refused, j)
		}
	}
	slices.SortStableFunc(refused, worst)
	var rules []string
	firm := false
	for _, j := range refused {
		firm = firm || j.Firm
		if !slices.Contains(rules, j.Rule) {
			rules = append(rules, j.Rule)
		}
	}
	line := refusedBecause(validate.DocsURL(rules[0]))
	if firm || !p.MayOverride(r.User.Username, r.User.Groups) {
		return line
	}
	when := "the same edit"
	switch {
	case r.New == nil && immutable(r.Old):
		when = "an edit before"
	case r.New == nil:
		when = "an edit that empties it"
	}
	how := func(rules string) string {
		return fmt.Sprintf("%s; override in %s by %s: \"%s: <reason>\"", line, when, policy.OverrideAnnotation, rules)
	}
	if all := how(strings.Join(rules, ",")); len(all) <= maxWarning {
		return all
	}
	return how("<rules>")
}

func repairWarnings(changes []Change) []string {
	lines := make([]string, 0, len(changes))
	for _, c := range changes {
		head, tail := "repaired "+c.Place+": ", " -> "+clean(c.New, maxShown)
		tail += " [" + c.Rule + "]"
		lines = append(lines, head+clean(c.Old, maxWarning-len(head)-len(tail))+tail)
	}
	return bound(lines)
}

// warning is a line of what is before a message, the message and the rule. Place and rule are never cut, and of a long
// message the beginning and the end stay: what is wrong, and what to write instead.
func warning(head, message, rule string) string {
	return sentence(head, message, " ["+rule+"]", maxWarning)
}

// sentence puts a message of any length between a head and a tail that stay as they are.
func sentence(head, message, tail string, limit int) string {
	return head + text.Middle(text.Visible(message), limit-len(head)-len(tail)) + tail
}

// bound drops what was said already and what is too much, and says how much that is.
func bound(lines []string) []string {
	var kept []string
	seen := map[string]bool{}
	size, dropped := 0, 0
	for _, line := range lines {
		switch {
		case seen[line]:
			continue
		case dropped > 0 || size+len(line) > maxWarnings-moreReserve:
			dropped++
		default:
			size += len(line)
			kept = append(kept, line)
		}
		seen[line] = true
	}
	if dropped > 0 {
		kept = append(kept, fmt.Sprintf("+%d more: %s", dropped, moreFrom))
	}
	return kept
}

// clean makes one short line of a text.
func clean(s string, limit int) string { return text.Short(s, limit) }
