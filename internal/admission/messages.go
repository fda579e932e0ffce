package admission

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/mutate"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

const (
	// maxCauses bounds what a refusal lists.
	maxCauses = 25
	// maxCorrected bounds each corrected text that a refusal shows, in bytes.
	maxCorrected = 8 << 10
	// maxCause bounds one cause without the corrected text, in bytes.
	maxCause = 600
	// maxPlace bounds a place: the name of a data key may be of any length.
	maxPlace = 80
	// maxShown bounds the new text of a repair, in bytes; the old one gets what the warning has left.
	maxShown = 80
)

// moreFrom is where to find the rest.
const moreFrom = "run kubectl aws-auth lint"

// refuse puts the reasons of a refusal into words.
func (d *Decision) refuse(p *policy.Policy, r *Request, c *validate.Change, prover *mutate.Prover, found []validate.Finding) {
	var refused []EvaluatedFinding
	for _, j := range d.Findings {
		if j.Refused {
			refused = append(refused, j)
		}
	}
	slices.SortStableFunc(refused, worst)
	shown := refused[:min(len(refused), maxCauses)]
	var message strings.Builder
	fmt.Fprintf(&message, "edit rejected: it introduces %s (profile %s)", text.Count(len(refused), "problem"), p.Profile)
	for _, j := range shown {
		field, why := shortPlace(j.Path()), sentence(at(j), j.Sentence().Text, unansweredHint(j)+r.overrideHint(j)+" ["+j.Rule+"]", maxCause)
		// The type tells programs the rule, as restore.RefusalOf reads it; kubectl shows field and message.
		d.Causes = append(d.Causes, metav1.StatusCause{Type: metav1.CauseType(j.Rule), Field: field, Message: why})
		fmt.Fprintf(&message, "\n* %s: %s", field, why)
	}
	if more := len(refused) - len(shown); more > 0 {
		rest := fmt.Sprintf("+%d more: %s", more, moreFrom)
		d.Causes = append(d.Causes, metav1.StatusCause{Type: metav1.CauseTypeFieldValueInvalid, Field: "data", Message: rest})
		message.WriteString("\n* " + rest)
	}
	if changes := accessLines(d.Access, true); len(changes) > 0 {
		message.WriteString("\nWhat it would do: " + strings.Join(changes, "; "))
	}
	corrected := correctedTexts(p, r, c, prover, found, refused)
	for _, c := range corrected {
		message.WriteString("\n" + c.text)
	}
	if !p.RepairsFor(r.FieldManager) {
		d.showCorrected(shown, corrected)
	}
	d.Message = message.String()
}

// unansweredHint says what a refusal means that rests on a missing answer, and what helps.
func unansweredHint(j EvaluatedFinding) string {
	if !j.Inconclusive {
		return ""
	}
	return "; the profile strict refuses what it can't check: try again in a moment, or let an exempt or break-glass user write it"
}

// overrideHint says how to do it all the same, where the text is not what is wrong.
func (r *Request) overrideHint(j EvaluatedFinding) string {
	if rule := validate.Lookup(j.Rule); rule == nil || !rule.AboutEdit || j.Firm {
		return ""
	}
	how := "annotate aws-auth in the same edit with %s: %q"
	switch {
	case r.New == nil && immutable(r.Old):
		how = "annotate aws-auth first with %s: %q"
	case r.New == nil:
		how = "empty aws-auth first in an edit that adds %s: %q, then delete it"
	}
	return fmt.Sprintf("; to do it all the same, "+how, policy.OverrideAnnotation, j.Rule+": <reason>")
}

// correction is the corrected text of one data key.
type correction struct {
	key  awsauth.Key
	text string
}

// correctedTexts are the data keys as they should be written, with a line above each.
func correctedTexts(p *policy.Policy, r *Request, c *validate.Change, prover *mutate.Prover, found []validate.Finding, refused []EvaluatedFinding) []correction {
	result, changes := repair(p, c, prover, found, func(f *validate.Finding) bool { return p.Action(f.Rule).Level() == validate.Error })
	if !result.Changed() {
		return nil
	}
	left := 0
	for _, j := range refused {
		if j.Fix == nil {
			left++
		}
	}
	note := ""
	if left > 0 {
		note = fmt.Sprintf(" as far as possible (%s to fix by hand)", text.Count(left, "problem"))
	}
	if !p.RepairsFor(r.FieldManager) {
		note += "; " + recognize(r).mustWrite()
	}
	var texts []correction
	for _, key := range awsauth.Keys() {
		if corrected, ok := result.Data[string(key)]; ok {
			heading := clean(fmt.Sprintf("%s corrected in %s%s:", key, text.Count(changesIn(changes, key), "place"), note), maxCause)
			texts = append(texts, correction{key, heading + "\n" + cut(corrected)})
		}
	}
	return texts
}

func changesIn(changes []Change, key awsauth.Key) int {
	n := 0
	for _, c := range changes {
		if c.Section == key {
			n++
		}
	}
	return n
}

// showCorrected puts each corrected text after the last cause of its data key: some clients, kubectl among
// them, show the causes and not the message.
func (d *Decision) showCorrected(shown []EvaluatedFinding, corrected []correction) {
	for _, c := range corrected {
		for i, j := range slices.Backward(shown) {
			if j.Section == c.key {
				d.Causes[i].Message += "\n" + c.text
				break
			}
		}
	}
}

// cut bounds a corrected text at the end of a line, and says so.
func cut(corrected string) string {
	corrected = text.Lines(corrected)
	if len(corrected) <= maxCorrected {
		return corrected
	}
	end := strings.LastIndexByte(corrected[:maxCorrected], '\n') + 1
	if end == 0 {
		end = text.Boundary(corrected, maxCorrected)
	}
	return fmt.Sprintf("%s\n(cut here, after line %d of %d: kubectl aws-auth fix writes all of it)",
		strings.TrimSuffix(corrected[:end], "\n"), lines(corrected[:end]), lines(corrected))
}

func lines(s string) int { return strings.Count(strings.TrimSuffix(s, "\n"), "\n") + 1 }

// at is the position of a finding in front of its message.
func at(j EvaluatedFinding) string {
	if j.Section == "" || j.Position.Line == 0 {
		return ""
	}
	return fmt.Sprintf("%d:%d: ", j.Position.Line, j.Position.Column)
}

// maxAccessLines bounds the changes of access that a message names.
const maxAccessLines = 5

// accessLines say who loses what, the gravest first; with rules, also what rules of their own speak of: nodes
// that are lost and administrators that are gained.
func accessLines(changes []access.Change, rules bool) []string {
	var lines []string
	for i := range changes {
		c := &changes[i]
		if own := c.LosesNodes || c.GainsAdmin; own && !rules || !own && !c.Loses() {
			continue
		}
		if len(lines) == maxAccessLines {
			return append(lines, fmt.Sprintf("and more (%d principals in all)", len(changes)))
		}
		lines = append(lines, clean(c.String(), maxWarning))
	}
	return lines
}

// place is the finding's path without "data.", with its position.
func place(f *validate.Finding, pos awsauth.Position) string {
	path := shortPlace(strings.TrimPrefix(strings.TrimPrefix(f.Path(), "data"), "."))
	if path == "" {
		path = "data"
	}
	if f.Section == "" || pos.Line == 0 {
		return path
	}
	return fmt.Sprintf("%s %d:%d", path, pos.Line, pos.Column)
}

// shortPlace shows a path.
func shortPlace(path string) string { return text.Middle(text.Visible(path), maxPlace) }

// describe says what a repair changes: of the place that the finding is about, the text before and after.
func describe(doc *awsauth.Document, f *validate.Finding) Change {
	s := doc.Section(f.Section)
	from, to := f.Span.Start, f.Span.End
	var edits []validate.Edit
	for _, e := range f.Fix.Edits {
		// Quotes around several templates are shown by the first of them.
		if e.Start >= from && e.End <= to || len(edits) == 0 {
			from, to = min(from, e.Start), max(to, e.End)
			edits = append(edits, e)
		}
	}
	for i := range edits {
		edits[i].Start -= from
		edits[i].End -= from
	}
	before := s.Text[from:to]
	return Change{Rule: f.Rule, Section: f.Section, Place: place(f, s.Position(f.Span.Start)), Old: before, New: validate.Splice(before, edits)}
}
