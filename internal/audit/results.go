package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/internal/rbac/rights"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Outcome is the word of the report kinds for a result.
type Outcome string

// The outcomes: a finding that the policy takes for an error fails, one that it only warns about warns; a rule that it has
// switched off is skipped.
const (
	Pass Outcome = "pass"
	Fail Outcome = "fail"
	Warn Outcome = "warn"
	Skip Outcome = "skip"
)

// The categories of results.
const (
	// CategoryRule results say what a rule found.
	CategoryRule = "rule"
	// CategoryEntry results are the entries that no rule has anything to say of.
	CategoryEntry = "entry"
	// CategoryAccessEntries is a result that says why a snapshot of the access entries does not count.
	CategoryAccessEntries = "access entries"
)

// Result is one line of a report: a finding, a rule without findings, or an entry without findings.
type Result struct {
	// Rule is empty for an entry.
	Rule     string
	Category string
	Outcome  Outcome
	Severity validate.Severity
	Message  string
	// Properties by name; none is empty.
	Properties map[string]string
}

// maxMessage bounds the message of a result, in bytes.
const maxMessage = 1024

// results are all results, the gravest first: findings, then entries, then rules.
func (e *Evaluation) results(doc *awsauth.Document) []Result {
	var list []Result
	spoken := map[string]bool{}
	for i := range e.Lint.Findings {
		f := &e.Lint.Findings[i]
		list = append(list, finding(f, e.arnAt(doc, f.Section, f.Entry)))
		spoken[f.Rule] = true
		spoken[place(f.Section, f.Entry)] = true
	}
	slices.SortStableFunc(list, func(a, b Result) int {
		return cmp.Or(cmp.Compare(a.Outcome, b.Outcome), a.Severity.Rank()-b.Severity.Rank())
	})
	for i := range e.Access {
		if r := &e.Access[i]; r.ByAccessEntry() || !spoken[place(r.Section, r.Entry)] {
			list = append(list, entry(r))
		}
	}
	if trouble := e.snapshotTrouble(); trouble != "" {
		list = append(list, Result{
			Category: CategoryAccessEntries, Outcome: Warn, Severity: validate.Medium, Message: shorten("access entries are not known: " + trouble), Properties: map[string]string{},
		})
	}
	for _, r := range validate.Rules() {
		switch {
		case spoken[r.Name] || !e.judges(r):
		case e.policy.Action(r.Name) == validate.Off:
			list = append(list, ruleResult(r, Skip, "not checked: the policy has it switched off"))
		default:
			list = append(list, ruleResult(r, Pass, "nothing found: "+r.Title))
		}
	}
	return list
}

// judges reports whether a rule can find something in a live map: not those about the manifest around it, nor those about
// an edit, but for the ones that have a state to speak of. Of a map that EKS does not read, few have anything to say.
func (e *Evaluation) judges(r *validate.Rule) bool {
	if r.Matter != "" {
		return e.sees(r.Matter)
	}
	if e.Mode() == snapshot.API && !r.Unread {
		return false
	}
	if r.SilentWithout {
		return !slices.ContainsFunc(r.Needs, func(t validate.Topic) bool { return !e.knows(t) })
	}
	return r.Live || r.AtAdmission() && !r.AboutEdit
}

func (e *Evaluation) knows(t validate.Topic) bool {
	switch t {
	case validate.TopicBindings:
		return e.rbac
	case validate.TopicClasses:
		return e.classes
	case validate.TopicNodeRoles:
		return e.nodeRoles
	case validate.TopicIAM:
		return e.iam && len(e.untold) == 0
	case validate.TopicHistory:
		return e.past
	case validate.TopicEntries:
		return e.entriesKnown() || e.Mode() == snapshot.API
	}
	return false
}

func ruleResult(r *validate.Rule, o Outcome, message string) Result {
	return Result{
		Rule: r.Name, Category: CategoryRule, Outcome: o, Severity: r.Severity, Message: message,
		Properties: map[string]string{"docs": validate.DocsURL(r.Name)},
	}
}

func finding(f *report.Finding, principal string) Result {
	outcome := Warn
	if f.Level == validate.Error {
		outcome = Fail
	}
	r := Result{Rule: f.Rule, Category: CategoryRule, Outcome: outcome, Message: shorten(f.Message), Properties: map[string]string{
		"docs": f.Docs, "action": string(f.Action),
	}}
	if rule := validate.Lookup(f.Rule); rule != nil {
		r.Severity = rule.Severity
	}
	r.put("section", string(f.Section))
	if f.Entry >= 0 {
		r.put("entry", strconv.Itoa(f.Entry))
	}
	if f.Start.Line > 0 {
		r.put("line", strconv.Itoa(f.Start.Line))
		r.put("column", strconv.Itoa(f.Start.Column))
	}
	r.put("arn", principal)
	if f.Fix != nil {
		r.put("fix", f.Fix.Summary)
	}
	return r
}

func entry(row *rights.Row) Result {
	r := Result{Category: CategoryEntry, Outcome: Pass, Severity: validate.Low, Message: shorten(sentence(row)), Properties: map[string]string{}}
	if row.ByAccessEntry() {
		r.put("type", string(row.Type))
		r.put("policies", strings.Join(policyWords(row.Policies), ","))
	} else {
		r.put("section", string(row.Section))
		r.put("entry", strconv.Itoa(row.Entry))
	}
	r.put("door", string(row.Door))
	r.put("arn", row.ARN)
	r.put("username", row.Username)
	r.put("groups", strings.Join(row.Groups, ","))
	if row.IsAdmin() {
		r.put("admin", "true")
	}
	if row.Node {
		r.put("node", "true")
	}
	return r
}

func (r *Result) put(name, value string) {
	if value != "" {
		r.Properties[name] = shorten(value)
	}
}

// arnAt is the ARN of an entry, or "".
func (e *Evaluation) arnAt(doc *awsauth.Document, key awsauth.Key, n int) string {
	if s := doc.Section(key); s != nil && n >= 0 && n < len(s.Entries) {
		return s.Entries[n].ARN
	}
	return ""
}

func place(key awsauth.Key, entry int) string { return fmt.Sprintf("%s[%d]", key, entry) }

// shorten makes a text fit for one line of a report.
func shorten(s string) string { return text.Short(s, maxMessage) }
