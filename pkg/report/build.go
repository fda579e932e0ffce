package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/splice"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/typo"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Builder makes a report of what the rules find.
type Builder struct {
	// Action is what the policy does about a rule. Files may have policies of their own: it is asked as each is added.
	Action func(rule string) validate.Action
	// Maps asks for whom the maps let in, of the formats that show it: finding the places takes time.
	Maps bool
	// Entries are the access entries of the cluster, by which some get in whom no map has, nil where they are not known.
	Entries *snapshot.View
	// Matters are those of the cluster around the map that were looked at.
	Matters []validate.Matter
	// IAM is set where it is known what IAM says, History where something is known of the map's past.
	IAM, History bool
	// Ignores asks to heed comments in the files that ask to pass over findings.
	Ignores bool

	report Report
	// asked are the rules that some file was checked by.
	asked map[string]bool
	// ignores are those of the file that is added, and used tells by rule which of them found something to ignore.
	ignores []manifest.Ignore
	used    []map[string]bool
}

// Report returns what was added so far, sorted.
func (b *Builder) Report() *Report {
	b.report.Sort()
	b.ask()
	b.report.Rules = nil
	for _, r := range validate.Rules() {
		found := slices.ContainsFunc(b.report.Findings, func(f Finding) bool { return f.Rule == r.Name })
		if b.asked[r.Name] && (found || r.LintOnly || slices.Contains(b.Matters, r.Matter) || b.judges(r)) {
			b.report.Rules = append(b.report.Rules, r.Name)
		}
	}
	return &b.report
}

// judges reports whether a rule has had a say on every map.
func (b *Builder) judges(r *validate.Rule) bool {
	return len(r.Bad) > 0 && !r.Bad[0].IsEdit() && (b.IAM || !r.FromIAM()) && (b.History || !r.FromHistory())
}

// ask notes which rules the policy of the moment asks.
func (b *Builder) ask() {
	if b.asked == nil {
		b.asked = map[string]bool{}
	}
	for _, r := range validate.Rules() {
		b.asked[r.Name] = b.asked[r.Name] || b.Action(r.Name) != validate.Off
	}
}

// File adds what is wrong with the manifests of a file. The findings of its documents are added with Document.
func (b *Builder) File(f *manifest.File) {
	b.report.Files++
	b.ask()
	if len(f.Documents)+len(f.Problems) > 0 {
		b.report.Checked = append(b.report.Checked, f.Name)
	}
	for _, n := range f.Notes {
		b.Note(Note{File: f.Name, Start: f.Position(n.Span.Start), What: n.What, Message: n.Message})
	}
	b.ignores = nil
	if b.Ignores {
		b.ignores = f.Ignores()
	}
	b.used = make([]map[string]bool, len(b.ignores))
	for i := range b.ignores {
		if what, remedy := wrongIgnore(&b.ignores[i]); what != "" {
			b.add(f, b.ignores[i].At, Finding{Rule: manifest.RuleIgnore, Entry: -1, Message: what + "; " + remedy, Remedy: remedy})
		}
	}
	for _, p := range f.Problems {
		b.add(f, p.Span, Finding{
			Rule: p.Rule, Resource: p.Resource, Section: p.Section, Entry: -1,
			Message: at(p.Resource, string(p.Section), p.Message()), Remedy: p.Remedy,
		})
	}
}

// Around adds what a rule finds of the cluster around the map, or of one of its entries: f is then the file and at the place.
func (b *Builder) Around(f *manifest.File, at manifest.Span, finding Finding) {
	if f != nil {
		b.add(f, at, finding)
		return
	}
	finding.Action = b.Action(finding.Rule)
	if finding.Level = finding.Action.Level(); finding.Level != validate.None {
		finding.Docs = validate.DocsURL(finding.Rule)
		b.report.Findings = append(b.report.Findings, finding)
	}
}

// Wish adds what is wrong with an object that asks for an access entry: a warning in every profile.
func (b *Builder) Wish(f *manifest.File, w manifest.Wish, v *validate.Finding) {
	finding := Finding{Rule: v.Rule, Resource: w.Object, Entry: -1, Message: at(w.Object, "", v.Sentence().Text), Remedy: v.Remedy}
	if b.Action(v.Rule) != validate.Off {
		finding.Action = validate.Warn
	}
	b.add(f, f.Line(w.Line), finding)
}

// Note adds what could not be checked.
func (b *Builder) Note(n Note) { b.report.Notes = append(b.report.Notes, n) }

// Document adds the findings of one document of a file. Repairs that can't be written into the file are dropped, and
// the finding says why.
func (b *Builder) Document(f *manifest.File, d *manifest.Document, findings []validate.Finding) {
	b.report.MapCount++
	proofs := f.Prove(Changes(d, findings))
	for i := range findings {
		v := findings[i]
		finding := Finding{Rule: v.Rule, Resource: d.Resource, Section: v.Section, Entry: v.Entry}
		if where := d.Elsewhere(string(v.Section), v.Span); where != "" {
			v.What += "; this stands at " + where
		}
		if (v.Inconclusive || v.Advisory) && b.Action(v.Rule).Level() == validate.Error {
			finding.Action = validate.Warn
		}
		if v.Fix != nil {
			proof := proofs[0]
			proofs = proofs[1:]
			if proof.Err != nil {
				v.Unrepaired = awsauth.Say(proof.Err)
			} else {
				finding.Fix = newFix(f, v.Fix, proof.Edits)
			}
		}
		finding.Message = at(d.Resource, place(&v), FileLines(v.Sentence(), f, d))
		finding.Remedy, finding.NotRepaired = v.Remedy, FileLines(v.Unrepaired, f, d)
		b.add(f, Span(d, &v), finding)
	}
}

// Map adds whom one document of a file lets in, where that is asked for.
func (b *Builder) Map(f *manifest.File, d *manifest.Document, doc *awsauth.Document) {
	if !b.Maps {
		return
	}
	m := Map{File: f.Name, Start: f.Position(d.Start())}
	for _, s := range doc.Sections() {
		m.Entries += len(s.Entries) + len(s.Accounts)
		if s.Discarded() {
			m.Lost = append(m.Lost, s.Key)
		}
	}
	m.AccessEntries = strings.TrimSpace(access.Headline(b.Entries))
	for _, p := range access.Entrants(doc, b.Entries) {
		if p.ByAccessEntry() {
			m.Principals = append(m.Principals, Principal{Entrant: p})
			continue
		}
		s := doc.Section(p.Section)
		var at manifest.Span
		if p.Account {
			at = s.Accounts[p.Entry].Span()
		} else {
			at = s.Entries[p.Entry].Span()
		}
		m.Principals = append(m.Principals, Principal{
			Entrant: p, Start: f.Position(d.Span(string(p.Section), at).Start), MaybeAdmin: p.Random && maybeAdmin(s, p.ARN),
		})
	}
	b.report.Maps = append(b.report.Maps, m)
}

// maybeAdmin reports whether an entry of the section for this ARN, in any letter case, makes admins.
func maybeAdmin(s *awsauth.Section, principal string) bool {
	return slices.ContainsFunc(s.Entries, func(e *awsauth.Entry) bool {
		return e.Valid && e.FoldedARN() == arn.Fold(principal) && slices.Contains(e.Groups, awsauth.MastersGroup)
	})
}

// at begins a message with the resource that holds the map, and the place in the map.
func at(resource, place, message string) string {
	switch {
	case resource == "":
		return message
	case place != "":
		resource += " " + place
	}
	return resource + ": " + message
}

// place is where a finding is in the map: mapRoles[1].username.
func place(v *validate.Finding) string {
	return strings.TrimPrefix(strings.TrimPrefix(v.Path(), "data"), ".")
}

// Span is where a finding is in the file.
func Span(d *manifest.Document, v *validate.Finding) manifest.Span {
	switch {
	case v.Section == "":
		return d.KeySpan(v.Field)
	case v.Span == manifest.Span{}:
		return d.KeySpan(string(v.Section))
	}
	return d.Span(string(v.Section), v.Span)
}

func (b *Builder) add(f *manifest.File, at manifest.Span, finding Finding) {
	if finding.Action == "" {
		finding.Action = b.Action(finding.Rule)
	}
	finding.Level = finding.Action.Level()
	ignored := b.ignored(finding.Rule, at.Start)
	if finding.Level == validate.None {
		return
	}
	finding.File = f.Name
	finding.Docs = validate.DocsURL(finding.Rule)
	finding.Start, finding.End = f.Position(at.Start), f.Position(at.End)
	line := f.Line(finding.Start.Line)
	finding.Excerpt = excerpt(f.Text[line.Start:line.End], at.Start-line.Start, min(at.End, line.End)-line.Start)
	if ignored != nil {
		b.report.Ignored = append(b.report.Ignored, Ignored{finding, ignored.Reason})
		return
	}
	b.report.Findings = append(b.report.Findings, finding)
}

// ignored is the first comment that asks to pass over a finding, nil where none does.
func (b *Builder) ignored(rule string, offset int) (first *manifest.Ignore) {
	for i := range b.ignores {
		if rule == manifest.RuleIgnore || !b.ignores[i].Covers(rule, offset) {
			continue
		}
		if b.used[i] == nil {
			b.used[i] = map[string]bool{}
		}
		b.used[i][rule] = true
		if first == nil {
			first = &b.ignores[i]
		}
	}
	return first
}

// Unused notes the comments of a file that found nothing to ignore, once all of the file was added. whole is set where all of
// it could be read: what was not may hold what they are for.
func (b *Builder) Unused(f *manifest.File, whole bool) {
	for i := range b.ignores {
		comment := &b.ignores[i]
		if !whole || !saysAll(comment) {
			continue
		}
		idle := slices.DeleteFunc(slices.Clone(comment.Rules), func(rule string) bool {
			r := validate.Lookup(rule)
			return b.used[i][rule] || r.AboutEdit || r.Live || r.SilentWithout
		})
		if len(idle) == 0 {
			continue
		}
		advice := "remove the comment"
		if len(idle) < len(comment.Rules) {
			advice = "take " + strings.Join(idle, ", ") + " out of the comment"
		}
		b.Note(Note{File: f.Name, Start: f.Position(comment.At.Start), Message: fmt.Sprintf(
			"nothing to ignore: line %d has no finding of %s; %s", f.Position(comment.For.Start).Line, strings.Join(idle, ", "), advice)})
	}
}

func saysAll(i *manifest.Ignore) bool {
	what, _ := wrongIgnore(i)
	return what == ""
}

// wrongIgnore says why a comment ignores less than it was meant to, and what to write; "" where it does not.
func wrongIgnore(i *manifest.Ignore) (what, remedy string) {
	if i.Reason == "" || len(i.Rules) == 0 {
		rule := "RULE"
		if len(i.Rules) > 0 {
			rule = strings.Join(i.Rules, ", ")
		}
		return "this comment ignores nothing: it needs a rule and a reason", "write # aws-auth-guard: ignore " + rule + " -- REASON"
	}
	var known []string
	for _, r := range validate.Rules() {
		known = append(known, r.Name)
	}
	for _, rule := range i.Rules {
		if slices.Contains(known, rule) {
			continue
		}
		what, remedy = fmt.Sprintf("this comment names no rule with %q", rule), "write one that `kubectl aws-auth explain` lists"
		if best := typo.Nearest(rule, known); best != "" {
			remedy = "write " + best
		}
		return what, remedy
	}
	return "", ""
}

func newFix(f *manifest.File, r *validate.Repair, edits []manifest.Edit) *Fix {
	fix := &Fix{Applicability: r.Applicability, Summary: r.Summary}
	if len(edits) == 0 {
		return fix
	}
	for _, e := range edits {
		fix.Edits = append(fix.Edits, Edit{Start: f.Position(e.Start), End: f.Position(e.End), New: e.New})
	}
	first, last := edits[0], edits[len(edits)-1]
	// Of a line of any length no more is taken than an excerpt can show.
	start := max(f.Line(fix.Edits[0].Start.Line).Start, first.Start-maxExcerpt)
	end := min(f.Line(fix.Edits[len(edits)-1].End.Line).End, last.End+maxExcerpt)
	// The edits were proven, so they can be spliced.
	changed, _ := splice.Apply(f.Text[first.Start:last.End], moved(edits, -first.Start))
	fix.Before = excerpt(f.Text[start:end], first.Start-start, last.End-start)
	after := f.Text[start:first.Start] + changed + f.Text[last.End:end]
	fix.After = excerpt(after, first.Start-start, first.Start-start+len(changed))
	return fix
}

func moved(edits []manifest.Edit, by int) []manifest.Edit {
	edits = slices.Clone(edits)
	for i := range edits {
		edits[i].Start += by
		edits[i].End += by
	}
	return edits
}

// Changes are the repairs of the findings of a document as changes of its data.
func Changes(d *manifest.Document, findings []validate.Finding) []manifest.Change {
	var changes []manifest.Change
	for i := range findings {
		if findings[i].Fix != nil {
			changes = append(changes, manifest.Change{Document: d, Key: string(findings[i].Section), Edits: findings[i].Fix.Edits})
		}
	}
	return changes
}
