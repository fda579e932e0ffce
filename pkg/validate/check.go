package validate

import (
	"slices"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/iam"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// Options choose what is checked.
type Options struct {
	// Off lists rules that do not run.
	Off map[string]bool
	// Params by rule name.
	Params map[string]Params
	// Bindings are those at hand where a document is judged by itself, nil where there are none.
	Bindings *BindingFacts
	// Entries are the access entries where a document is judged by itself, nil where they are not known.
	Entries *snapshot.View
	// Nodes and Classes are those of the cluster where a document is judged by itself, nil where they are not known.
	Nodes   *NodeFacts
	Classes NodeClasses
	// IAM is what IAM says where a document is judged by itself, nil where it is not known.
	IAM *iam.Accounts
	// Since says, by its folded ARN, since when the map is known to have had a principal; nil where nothing is known of its past.
	Since map[string]time.Time
	// Protected are the entries that must stay, Limits those of the writers.
	Protected []Protected
	Limits    Limits
	// Applied is set where the document is the whole ConfigMap in a file, as kubectl applies it.
	Applied bool
	// Later reports whether a text holds what another tool fills in later; nil where nothing does.
	Later func(text string) bool
}

// Check runs the rules over a document. Findings come in the order of the rules, and within a rule in the order
// of the text.
func Check(doc *awsauth.Document, o Options) []Finding { return run(doc, nil, o) }

// CheckEdit runs the rules over the new document of an edit and marks the findings that the edit brought in.
// An old document of nil means that the object is created: all is touched. Nothing is known of the writer and of
// the cluster.
func CheckEdit(old, doc *awsauth.Document, o Options) []Finding {
	return CheckChange(&Change{Old: old, New: doc}, o)
}

// CheckChange is CheckEdit with what is known of the edit beside the two documents.
func CheckChange(c *Change, o Options) []Finding {
	return run(c.New, c, o)
}

// CheckRepairs gives those findings of CheckChange that have a repair, for far less work where there are none.
func CheckRepairs(c *Change, o Options) []Finding {
	p := newPass(c.New, c)
	p.repairs = true
	p.run(registry[:1+lastRepairing()], o)
	return p.findings
}

// lastRepairing is the index of the last rule that repairs: those after it have nothing to say to a repair.
func lastRepairing() int {
	for i, r := range slices.Backward(registry) {
		if r.Repairs {
			return i
		}
	}
	return -1
}

func run(doc *awsauth.Document, change *Change, o Options) []Finding {
	p := newPass(doc, change)
	p.run(registry, o)
	return p.findings
}

func newPass(doc *awsauth.Document, change *Change) *Pass {
	p := &Pass{Doc: doc, Change: change, spoken: map[place]bool{}, suppressed: map[*awsauth.Section][]uint8{}}
	if change != nil {
		p.edit, p.entries = change.touch(), change.Facts.Entries
	}
	return p
}

func (p *Pass) run(rules []*Rule, o Options) {
	p.bindings, p.later, p.options = o.Bindings, o.Later, &o
	switch {
	case p.Change == nil:
		p.entries, p.nodes, p.classes, p.iam = o.Entries, o.Nodes, o.Classes, o.IAM
	default:
		p.nodes, p.classes = p.Change.Facts.Nodes, p.Change.Facts.Classes
	}
	edited := p.Change != nil && (p.Change.Old != nil || p.Change.Deleted)
	unread := p.entries.Mode() == snapshot.API
	for _, r := range rules {
		if r.Check == nil || !o.runs(r) || unread && !r.Unread || edited && r.Standing {
			continue
		}
		p.rule, p.Params, p.touched, p.untouched, p.ownText = r.Name, o.Params[r.Name], 0, 0, r.Repairs
		r.Check(p)
	}
}

// runs reports whether a rule is on and has what it needs of the policy.
func (o *Options) runs(r *Rule) bool {
	return !o.Off[r.Name] && (r.Configured == nil || r.Configured(o))
}

// maxPerRule bounds the findings of one rule that the edit brought in, and those of it that were there before. The
// largest map there can be has no room for as many entries that work, so only noise has more; one alone decides as
// much as hundreds of thousands, which would take time and memory.
const maxPerRule = 20_000

// Pass is one run of the rules over one document.
type Pass struct {
	Doc *awsauth.Document
	// Change is the edit that is judged, nil where a document is judged by itself.
	Change *Change
	// Params of the rule that runs.
	Params Params

	options *Options
	// bindings are those at hand where there is no edit.
	bindings *BindingFacts
	later    func(text string) bool
	// entries are the access entries of the cluster, nil where they are not known.
	entries *snapshot.View
	// nodes and classes are those of the cluster, nil where they are not known.
	nodes   *NodeFacts
	classes NodeClasses
	// iam is what IAM says, nil where it is not known: of an edit it never is.
	iam *iam.Accounts
	// repairs is set where findings without a repair are of no use.
	repairs bool
	// gone is set once map-deleted has spoken: then the rules about single losses have nothing to add.
	gone bool
	rule string
	// ownText is set for rules whose findings are about the text of their entry: related entries only say why it is not repaired.
	ownText bool
	// touched and untouched count the findings of that rule.
	touched, untouched int
	edit               *edit
	findings           []Finding
	// suppressed are the fields of each entry that were spoken of, as bits; spoken are those that have no bit.
	suppressed map[*awsauth.Section][]uint8
	spoken     map[place]bool
	index      *index
}

// place is a field of an entry that one rule at most speaks of: the one nearest the cause.
type place struct {
	entry *awsauth.Entry
	field string
}

// ReportEdit reports on the edit as a whole, or on what it does to a section.
func (p *Pass) ReportEdit(section awsauth.Key, what, remedy string, inconclusive bool) {
	p.Report(Finding{Section: section, Entry: -1, What: what, Remedy: remedy, Touched: true, Inconclusive: inconclusive})
}

// Advise reports what an edit does and nobody is harmed by.
func (p *Pass) Advise(section awsauth.Key, what, remedy string) {
	p.Report(Finding{Section: section, Entry: -1, What: what, Remedy: remedy, Touched: true, Advisory: true})
}

// Report adds a finding of the rule that runs.
func (p *Pass) Report(f Finding) {
	if p.unwanted(f.Fix) {
		return
	}
	f.Rule = p.rule
	f.Touched = f.Touched || p.edit != nil && p.edit.touched(&f, p.ownText)
	count := &p.untouched
	if f.Touched {
		count = &p.touched
	}
	if *count < maxPerRule {
		*count++
		p.findings = append(p.findings, f)
	}
}

// filledLater reports whether another tool fills in a part of a text, so that only the rest of it can be judged.
func (p *Pass) filledLater(text string) bool { return p.later != nil && p.later(text) }

// allGroupsKnown reports whether no group of an entry is filled in by another tool, so that it can be said that one is missing.
func (p *Pass) allGroupsKnown(e *awsauth.Entry) bool {
	return !slices.ContainsFunc(e.Groups, p.filledLater)
}

// unwanted reports that a finding of the rule that runs, with this repair or none, would be dropped whatever it says.
func (p *Pass) unwanted(fix *Repair) bool {
	if p.repairs && fix == nil {
		return true
	}
	if p.edit == nil {
		return p.untouched >= maxPerRule
	}
	return p.touched >= maxPerRule && (p.edit.all || p.untouched >= maxPerRule)
}

// ReportSection reports on the text of a section as a whole or on a place in it.
func (p *Pass) ReportSection(s *awsauth.Section, span awsauth.Span, what, remedy string, fix *Repair) {
	p.Report(Finding{Section: s.Key, Entry: -1, Span: span, What: what, Remedy: remedy, Fix: fix})
}

// ReportEntry reports on an entry as a whole.
func (p *Pass) ReportEntry(e *awsauth.Entry, what, remedy string, related ...Ref) {
	if p.unwanted(nil) {
		return
	}
	p.Report(Finding{Section: e.Section.Key, Entry: e.Index, Span: e.Span(), What: what, Remedy: remedy, Related: related})
}

// ReportField reports on a field of an entry. The span is that of the value, or of the entry where the field is
// not there.
func (p *Pass) ReportField(e *awsauth.Entry, field, what, remedy string, fix *Repair, related ...Ref) {
	if p.unwanted(fix) {
		return
	}
	f := fieldFinding(e, field, what, remedy)
	f.Fix, f.Related = fix, related
	p.Report(f)
}

// ReportBeside is ReportField for a finding that begins with another entry and its line.
func (p *Pass) ReportBeside(e *awsauth.Entry, field string, other *awsauth.Entry, what, remedy string, related ...Ref) {
	if p.unwanted(nil) {
		return
	}
	said := awsauth.Say(ref(other), " (", other.Section.Line(other.Span().Start), ") ", what)
	f := fieldFinding(e, field, said.Text, remedy)
	f.Lines, f.Related = said.Lines, related
	p.Report(f)
}

// fieldFinding is about a field of an entry, in the words given.
func fieldFinding(e *awsauth.Entry, field, what, remedy string) Finding {
	return Finding{Section: e.Section.Key, Entry: e.Index, Field: field, Span: fieldSpan(e, field), What: what, Remedy: remedy}
}

func fieldSpan(e *awsauth.Entry, field string) awsauth.Span {
	if f := e.Field(field); f != nil {
		return f.Span()
	}
	return e.Span()
}

// Suppress keeps rules that come later, and know less, silent about a field.
func (p *Pass) Suppress(e *awsauth.Entry, field string) {
	bit := suppressBit(field)
	if bit == 0 {
		p.spoken[place{e, field}] = true
		return
	}
	bits := p.suppressed[e.Section]
	if bits == nil {
		bits = make([]uint8, len(e.Section.Entries))
		p.suppressed[e.Section] = bits
	}
	bits[e.Index] |= bit
}

// suppressBit is for the fields that are suppressed of entry after entry; 0 for others.
func suppressBit(field string) uint8 {
	switch field {
	case "arn":
		return 1
	case awsauth.FieldUsername:
		return 2
	case awsauth.FieldGroups:
		return 4
	}
	return 0
}

// Suppressed reports whether a rule that came earlier has spoken of the field.
func (p *Pass) Suppressed(e *awsauth.Entry, field string) bool {
	if bit := suppressBit(field); bit != 0 {
		bits := p.suppressed[e.Section]
		return bits != nil && bits[e.Index]&bit != 0
	}
	return p.spoken[place{e, field}]
}
