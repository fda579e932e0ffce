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
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Result is what became of a write, in one word: for logs, metrics and audit annotations.
type Result string

// The results. Mutate gives Unchanged and Repaired, Validate the next three, Handler the last two.
const (
	Unchanged Result = "unchanged"
	Repaired  Result = "repaired"
	Allowed   Result = "allowed"
	Warned    Result = "warned"
	Refused   Result = "refused"
	// Failed: the guard could not judge the write, and let it through or, under the profile strict, refused it.
	Failed Result = "failed"
	// Malformed: the review could not be read.
	Malformed Result = "malformed"
)

// Decision is what the guard says to one write.
type Decision struct {
	Result Result
	// Findings are those about the new text, in the order of the rules.
	Findings []EvaluatedFinding
	// Repairs are what Mutate has changed.
	Repairs []Change
	// Data holds the repaired text of the keys that changed.
	Data map[string]string
	// Warnings are for the person who writes: they keep to the limits of warnings.
	Warnings []string
	// Causes and Message say why the write is refused. The causes stand alone: kubectl shows nothing else.
	Causes  []metav1.StatusCause
	Message string
	// Exempt writers only get warnings.
	Exempt bool
	// Override is the one in force, nil for none.
	Override *policy.Override
	// Access is what the write gives and takes.
	Access []access.Change
	// Annotations are for the audit log.
	Annotations map[string]string
	// FailedClosed is set where the guard could not judge the write, which is refused for that.
	FailedClosed bool
}

// Admits reports whether the write goes on.
func (d *Decision) Admits() bool { return d.Result != Refused && !d.FailedClosed }

// EvaluatedFinding is a finding with what the policy says about it.
type EvaluatedFinding struct {
	validate.Finding
	Action   validate.Action
	Severity validate.Severity
	// Position in the value that the person edits.
	Position awsauth.Position
	// Refused findings are why the write is refused; Overridden ones would be, but for the override.
	Refused, Overridden bool
	// Firm findings are of rules that this writer can't override.
	Firm bool
}

// Change is one repair.
type Change struct {
	Rule    string
	Section awsauth.Key
	// Place is where the repair was made, as mapRoles[2].rolearn 3:12.
	Place string
	// Old and New are the text before and after.
	Old, New string
}

// Mutate decides what of a write is repaired. It never refuses anything.
func Mutate(p *policy.Policy, r *Request, c *validate.Change) *Decision {
	d := &Decision{Result: Unchanged, Exempt: p.Exempt(r.User.Username)}
	if repairable(p, r) {
		o, err := r.override()
		if err != nil {
			o = nil // Validate refuses the edit for it
		}
		fixes := func(f *validate.Finding) bool {
			return f.Fix.Applicability == validate.Safe && p.Action(f.Rule) == validate.Fix && !o.Covers(f.Rule)
		}
		prover := mutate.NewProver(c.New, p.Options())
		result, changes := repair(p, c, prover, nil, fixes)
		if result.Changed() {
			d.Result, d.Repairs, d.Data = Repaired, changes, result.Data
			d.Warnings = repairWarnings(changes)
		}
	}
	d.annotate(p, r)
	return d
}

// repairable reports whether edits of this writer are repaired at all.
func repairable(p *policy.Policy, r *Request) bool {
	return r.New != nil && r.touchesData() && !p.Exempt(r.User.Username) && p.RepairsFor(r.FieldManager)
}

// repair makes the repairs of what the write has touched, as far as accept agrees. The changes are described as
// they are met, because later repairs move what is after them. found are the findings about the text as it is,
// nil where they are not known yet.
func repair(p *policy.Policy, c *validate.Change, prover *mutate.Prover, found []validate.Finding, accept func(*validate.Finding) bool) (*mutate.Result, []Change) {
	options := p.Options()
	var doc *awsauth.Document
	check := func(d *awsauth.Document) []validate.Finding {
		doc = d
		if d == c.New && found != nil {
			return found
		}
		return validate.CheckRepairs(c.With(d), options)
	}
	met := map[repairKey]Change{}
	pick := func(f *validate.Finding) bool {
		if !f.Touched || !accept(f) {
			return false
		}
		met[keyOf(f)] = describe(doc, f)
		return true
	}
	result := prover.Repair(check, pick)
	changes := make([]Change, 0, len(result.Applied))
	for i := range result.Applied {
		changes = append(changes, met[keyOf(&result.Applied[i])])
	}
	return result, changes
}

// repairKey tells the repairs of one write apart.
type repairKey struct {
	rule    string
	section awsauth.Key
	entry   int
	field   string
	span    awsauth.Span
}

func keyOf(f *validate.Finding) repairKey {
	return repairKey{f.Rule, f.Section, f.Entry, f.Field, f.Span}
}

// Validate decides whether a write is refused, and what is said about it.
func Validate(p *policy.Policy, r *Request, c *validate.Change) *Decision {
	d := &Decision{Result: Allowed, Exempt: p.Exempt(r.User.Username)}
	d.readOverride(p, r)
	if r.touchesData() {
		d.judge(p, r, c)
	}
	d.annotate(p, r)
	return d
}

// readOverride finds the override of a write. One that is written wrongly, or by somebody who may not, overrides
// nothing and is said so.
func (d *Decision) readOverride(p *policy.Policy, r *Request) {
	o, err := r.override()
	if err == nil && o != nil && !p.MayOverride(r.User.Username, r.User.Groups) {
		err = fmt.Errorf("the policy does not let %s override refusals", text.Quote(r.Told().User))
		o = nil
	}
	if firm := p.Firm(o, r.User.Username, r.User.Groups); len(firm) > 0 {
		err = fmt.Errorf("a writer with limits can't override %s", strings.Join(firm, ", "))
		o = nil
	}
	d.Override = o
	if err == nil {
		return
	}
	if d.Exempt || p.Profile == validate.Audit || r.New == nil {
		d.Warnings = []string{clean("override ignored: "+err.Error(), maxWarning)}
		return
	}
	d.Result = Refused
	d.Warnings = []string{refusedBecause(overrideDocs)}
	d.Message = "edit rejected: " + err.Error()
	d.Causes = []metav1.StatusCause{{
		Type: metav1.CauseTypeFieldValueInvalid, Field: "metadata.annotations[" + policy.OverrideAnnotation + "]", Message: clean(err.Error(), maxCause),
	}}
}

func (d *Decision) judge(p *policy.Policy, r *Request, c *validate.Change) {
	options := p.Options()
	found := validate.CheckChange(c, options)
	prover := mutate.NewProver(c.New, options)
	findings := prover.Vet(found)
	rules := map[string]*validate.Rule{}
	for _, rule := range validate.Rules() {
		rules[rule.Name] = rule
	}
	for _, f := range findings {
		j := EvaluatedFinding{Finding: f, Action: p.Action(f.Rule), Severity: rules[f.Rule].Severity}
		if f.Inconclusive && j.Action.Level() == validate.Error && !(p.Profile == validate.Strict && rules[f.Rule].NeedsAnswer) {
			j.Action = validate.Warn
		}
		if f.Advisory && j.Action.Level() == validate.Error {
			j.Action = validate.Warn
		}
		if s := c.New.Section(f.Section); s != nil && f.Span.End > 0 {
			j.Position = s.Position(f.Span.Start)
		}
		if f.Touched && !d.Exempt && j.Action.Level() == validate.Error {
			j.Overridden = d.Override.Covers(f.Rule)
			j.Firm = len(p.Firm(&policy.Override{Rules: []string{f.Rule}}, r.User.Username, r.User.Groups)) > 0
			j.Refused = !j.Overridden
		}
		d.Findings = append(d.Findings, j)
	}
	if c.Facts.Entries.Mode() != snapshot.API {
		d.Access = c.Access() // else the map gives and takes nothing
	}
	switch {
	case d.Result == Refused:
	case slices.ContainsFunc(d.Findings, func(j EvaluatedFinding) bool { return j.Refused }):
		d.Result = Refused
		d.refuse(p, r, c, prover, found)
		d.Warnings = append(d.Warnings, d.whoRefused(p, r))
	case len(d.Findings) > 0:
		d.Result = Warned
	}
	d.Warnings = bound(append(d.Warnings, findingWarnings(d)...))
}

// worst orders findings: what this write brings in before what was there, errors before warnings, then by the
// harm that they do. Equals keep their order.
func worst(a, b EvaluatedFinding) int {
	switch {
	case a.Touched != b.Touched:
		return first(a.Touched)
	case a.Action.Level() != b.Action.Level():
		return first(a.Action.Level() == validate.Error)
	}
	return a.Severity.Rank() - b.Severity.Rank()
}

func first(yes bool) int {
	if yes {
		return -1
	}
	return 1
}
