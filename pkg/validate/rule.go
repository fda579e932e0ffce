package validate

import (
	"slices"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/iam"
)

// Action is what is done about a finding.
type Action string

// The actions, mildest first.
const (
	// Off: the rule does not run.
	Off Action = "off"
	// Warn: the edit goes through with a warning.
	Warn Action = "warn"
	// Deny: an edit that brings the finding in is refused.
	Deny Action = "deny"
	// Fix: repaired for people; for others, or where the repair is unsafe, refused with the repaired text shown.
	Fix Action = "fix"
)

// Level is how a finding is reported: an error where the action refuses or repairs, a warning where it warns.
func (a Action) Level() Level {
	switch a {
	case Deny, Fix:
		return Error
	case Warn:
		return Warning
	}
	return None
}

// Level is the severity of a finding in reports.
type Level string

// The levels.
const (
	None    Level = ""
	Warning Level = "warning"
	Error   Level = "error"
)

// Profile is a named set of actions, one for each rule.
type Profile string

// The profiles: audit never refuses, strict refuses whatever standard warns about.
const (
	Audit    Profile = "audit"
	Standard Profile = "standard"
	Strict   Profile = "strict"
)

// Profiles returns all of them, mildest first.
func Profiles() []Profile { return []Profile{Audit, Standard, Strict} }

// Severity is the harm that a finding of the rule does at worst, whatever the policy makes of it.
type Severity string

// The severities.
const (
	// Critical: the whole list is lost, or somebody becomes an administrator or a node.
	Critical Severity = "critical"
	// High: a principal can't get in, or gets in as somebody else.
	High Severity = "high"
	// Medium: it works, but not as the text suggests.
	Medium Severity = "medium"
	// Low: worth knowing.
	Low Severity = "low"
)

// Rank orders severities, the worst first, from 0.
func (s Severity) Rank() int { return slices.Index([]Severity{Critical, High, Medium, Low}, s) }

// Example is the data of an aws-auth ConfigMap, or an edit of it, that shows a rule; tests run it.
type Example struct {
	// Data by key. Most rules need mapRoles alone.
	Data map[string]string
	// Old is the data before the edit; with it, or with what follows, the example is an edit.
	Old       map[string]string
	Requester *Requester
	Facts     Facts
	// Bytes is the size of the map, 0 for that of the data.
	Bytes int
	// Immutable is the field of the ConfigMap after the edit.
	Immutable bool
	// IAM is what the AWS CLI prints of IAM, saved on exampleDay; "" where nothing is known.
	IAM string
	// Since is when the map is known to have had its entries, zero where nothing is known of its past.
	Since time.Time
	// Params for the rule, Protected and Limits of the policy, where it reports nothing without them.
	Params    Params
	Protected []Protected
	Limits    Limits
}

// Run gives the document of the example and what the rules say of it, where the bindings are known and name nobody.
func (ex Example) Run(rule string) (*awsauth.Document, []Finding) {
	doc := awsauth.Read(ex.Data)
	doc.Immutable = ex.Immutable
	if ex.Bytes > 0 {
		doc.Bytes = ex.Bytes
	}
	o := ex.Options(rule)
	if !ex.IsEdit() {
		return doc, Check(doc, o)
	}
	c := &Change{New: doc, Requester: ex.Requester, Facts: ex.Facts}
	if ex.Old != nil {
		c.Old = awsauth.Read(ex.Old)
	}
	return doc, CheckChange(c, o)
}

// Options are those by which the example is judged, apart from what it knows of an edit.
func (ex Example) Options(rule string) Options {
	o := Options{Params: map[string]Params{rule: ex.Params}, Bindings: &BindingFacts{}, Protected: ex.Protected, Limits: ex.Limits}
	if ex.IAM != "" {
		o.IAM, _ = iam.Read(iam.File{Name: "iam.json", Text: ex.IAM, At: exampleDay})
	}
	if !ex.Since.IsZero() {
		o.Since = map[string]time.Time{}
		for _, p := range InIAM(awsauth.Read(ex.Data)) {
			o.Since[arn.Fold(p.String())] = ex.Since
		}
	}
	return o
}

// IsEdit reports whether the example shows an edit, or a write with what is known of the cluster.
func (ex Example) IsEdit() bool {
	return ex.Old != nil || ex.Facts.Entries != nil || ex.Facts.Classes != nil
}

// Rule is one check with all that is said of it: documentation, explain, SARIF help and the README's table are
// made from it.
type Rule struct {
	// Name is stable and never used again for another rule.
	Name string
	// Title says in a few words what is caught.
	Title string
	// Rationale says what the authenticator does with such a text, and what to write instead.
	Rationale string
	Severity  Severity
	// Controls of public catalogues that ask for the same.
	Controls []Control
	// Standard is the action of the profile standard.
	Standard Action
	// AboutEdit rules judge what an edit gives and takes rather than the text: there is nothing to correct, and who
	// means it uses the override.
	AboutEdit bool
	// NeedsAnswer rules guard against harm that only the cluster can tell: under strict they refuse what they can't find
	// out, where the others warn.
	NeedsAnswer bool
	// Needs is what the rule has to know of the cluster, and Ask what of it about one edit; nil for most. SilentWithout is
	// set where the rule finds nothing without it.
	Needs         []Topic
	Ask           func(*Change) Questions
	SilentWithout bool
	// Firm is set where the override of a writer with limits counts for nothing.
	Firm bool
	// Configured reports whether the policy gives the rule something to do; nil for most, which always have.
	Configured func(*Options) bool
	// Live is set for a rule about edits that can judge a map as it stands.
	Live bool
	// Standing is set for a rule that judges a map as it stands, and no edit of it.
	Standing bool
	// Guards is the harm to access that the rule keeps off, if it is there for one.
	Guards Harm
	// Compares is set where a finding says that two values are one: that holds for values that another tool fills in, too.
	Compares bool
	// Literal is set where a finding rests on what is written in an ARN, whatever another tool fills in beside it.
	Literal bool
	// Unread is set for a rule that has something to say of a map that EKS does not read; all others are silent there.
	Unread bool
	// Companion is set where the companion policy refuses the same without the guard (files/companion.yaml of the chart).
	Companion bool
	// Params are what a policy may set for the rule besides its action.
	Params []Param
	// Repairs is set where findings of the rule may have a Fix.
	Repairs bool
	// Losses are the ways to lose access that the rule catches, for the table in the operations page.
	Losses []string
	// LintOnly rules judge the manifest around the data; no admission request can show them.
	LintOnly bool
	// Matter is what the rule judges of the cluster around the map; "" for a rule about the map. Only an audit reports it.
	Matter Matter
	// Bad yields exactly this rule, Good yields nothing.
	Bad, Good []Example
	// Check reports what it finds to the pass. Nil for LintOnly rules, which the manifest reader reports, and for those with
	// a Matter, which internal/audit reports.
	Check func(*Pass)
}

// Action is the default action of the rule in a profile.
func (r *Rule) Action(p Profile) Action {
	switch {
	case r.Standard == Off:
		return Off
	case p == Audit:
		return Warn
	case p == Strict && r.Standard == Warn:
		return Deny
	}
	return r.Standard
}

// DocsURL is where the page of a rule is published.
func DocsURL(rule string) string {
	return "https://github.com/aws-auth-guard/aws-auth-guard/blob/main/docs/rules/" + rule + ".md"
}
