package mutate

import (
	"maps"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// verifier proves repairs of one document.
type verifier struct {
	doc      *awsauth.Document
	findings []validate.Finding
	options  validate.Options
	// known are the findings that the document has anyway.
	known map[spot]bool
	// refused says why a repair is not made, by the index of its finding.
	refused map[int]awsauth.Sentence
	// left bounds the readings of changed texts, so that no document takes long.
	left int
	// after is the document with the repairs of the last proof that held, made are their indexes.
	after *awsauth.Document
	made  []int
}

// spot is what a rule says about one place.
type spot struct {
	rule    string
	section awsauth.Key
	entry   int
	field   string
}

// maxReadings is enough to prove all repairs at once and to find a few bad ones among thousands; maxRead bounds in
// bytes what those readings read, so that a large text has fewer of them.
const (
	maxReadings = 80
	maxRead     = 4 << 20
)

// readings is how often texts of this size may be read.
func readings(doc *awsauth.Document) int {
	size := 1
	for _, s := range doc.Sections() {
		size += len(s.Text)
	}
	return max(2, min(maxReadings, maxRead/size))
}

func (p *Prover) verifier(findings []validate.Finding) *verifier {
	if p.known == nil {
		p.known = map[spot]bool{}
		for _, f := range validate.Check(p.doc, p.options) {
			p.known[spot{f.Rule, f.Section, f.Entry, f.Field}] = true
		}
	}
	return &verifier{doc: p.doc, findings: findings, options: p.options, known: p.known, refused: map[int]awsauth.Sentence{}, left: readings(p.doc)}
}

const unproven = "the result could not be proven to be right"

// prove finds out which of the repairs can be made together, and refuses the others.
func (v *verifier) prove(indexes []int) {
	indexes = v.withoutOverlaps(v.withoutDoubtful(indexes))
	for len(indexes) > 0 {
		if v.left == 0 {
			for _, i := range indexes {
				v.refused[i] = awsauth.Say(unproven)
			}
			return
		}
		v.left--
		rejected, ok := v.try(indexes)
		if ok {
			return
		}
		if len(rejected) == 0 {
			v.divide(indexes)
			return
		}
		maps.Copy(v.refused, rejected)
		indexes = slices.DeleteFunc(indexes, func(i int) bool { return rejected[i].Text != "" })
	}
}

// divide looks for the repair that spoils the others, where the result does not say which one it is.
func (v *verifier) divide(indexes []int) {
	if len(indexes) == 1 {
		v.refused[indexes[0]] = awsauth.Say(unproven)
		return
	}
	half := len(indexes) / 2
	v.prove(slices.Clone(indexes[:half]))
	v.prove(slices.Clone(indexes[half:]))
	rest := slices.DeleteFunc(slices.Clone(indexes), func(i int) bool { return v.refused[i].Text != "" })
	if len(rest) > 0 && len(rest) < len(indexes) {
		v.prove(rest)
	} else if len(rest) == len(indexes) {
		for _, i := range rest[half:] {
			v.refused[i] = awsauth.Say(unproven)
		}
	}
}

// withoutDoubtful refuses repairs of texts whose nodes can't be trusted, or that EKS reads only in part: whoever wrote such a
// text meant something else than what is read of it.
func (v *verifier) withoutDoubtful(indexes []int) []int {
	for _, i := range indexes {
		if s := v.doc.Section(v.findings[i].Section); s != nil {
			if reason := doubt(s); reason != "" {
				v.refused[i] = awsauth.Say(reason)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(indexes), func(i int) bool { return v.refused[i].Text != "" })
}

// doubt says why a text must not be repaired, or "".
func doubt(s *awsauth.Section) string {
	if s.Unplaced() != nil {
		return "the text can be read in more than one way"
	}
	if _, trailing := s.Trailing(); trailing {
		return "EKS would ignore what follows the first YAML document"
	}
	return ""
}

// withoutOverlaps refuses repairs whose edits touch those of an earlier one.
func (v *verifier) withoutOverlaps(indexes []int) []int {
	type owned struct {
		validate.Edit
		section awsauth.Key
		owner   int
	}
	var edits []owned
	for _, i := range indexes {
		for _, e := range v.findings[i].Fix.Edits {
			edits = append(edits, owned{e, v.findings[i].Section, i})
		}
	}
	slices.SortStableFunc(edits, func(a, b owned) int {
		if a.section != b.section {
			if a.section < b.section {
				return -1
			}
			return 1
		}
		return a.Start - b.Start
	})
	for k := 1; k < len(edits); k++ {
		a, b := edits[k-1], edits[k]
		if a.section == b.section && a.owner != b.owner && b.Start < a.End {
			v.refused[max(a.owner, b.owner)] = awsauth.Say("it overlaps with another repair")
		}
	}
	return slices.DeleteFunc(slices.Clone(indexes), func(i int) bool { return v.refused[i].Text != "" })
}

// try makes the repairs and compares the result with what was meant. It rejects the repairs that spoil it, where it can tell them.
func (v *verifier) try(indexes []int) (rejected map[int]awsauth.Sentence, ok bool) {
	applied := make([]validate.Finding, 0, len(indexes))
	byEntry := map[validate.Ref][]int{}
	for _, i := range indexes {
		f := v.findings[i]
		applied = append(applied, f)
		r := validate.Ref{Section: f.Section, Entry: f.Entry}
		byEntry[r] = append(byEntry[r], i)
	}
	after := apply(v.doc, applied)
	t := &attempt{verifier: v, after: after, byEntry: byEntry, rejected: map[int]awsauth.Sentence{}}
	for _, s := range v.doc.Sections() {
		t.compareSection(s, after.Section(s.Key))
	}
	if len(t.rejected) == 0 && !t.failed {
		t.checkRules()
	}
	ok = len(t.rejected) == 0 && !t.failed
	if ok {
		v.after, v.made = after, slices.Clone(indexes)
	}
	return t.rejected, ok
}

// attempt is one try to make repairs together.
type attempt struct {
	*verifier
	after    *awsauth.Document
	byEntry  map[validate.Ref][]int
	rejected map[int]awsauth.Sentence
	// failed is set where no repair can be rejected for it.
	failed bool
}

func (t *attempt) reject(r validate.Ref, reason ...any) {
	owners := t.byEntry[r]
	if len(owners) == 0 {
		t.failed = true
	}
	for _, i := range owners {
		t.rejected[i] = awsauth.Say(reason...)
	}
}

func (t *attempt) compareSection(before, after *awsauth.Section) {
	if before.Text == after.Text {
		return
	}
	whole := validate.Ref{Section: before.Key, Entry: -1}
	doubtAfter := doubt(after)
	switch {
	case after.Discarded():
		t.failed = true
	case before.Discarded():
		// A text that did not parse has nothing to compare with; it must hold all that it names.
		switch {
		case doubtAfter != "":
			t.reject(whole, "quotes alone do not fix it: "+doubtAfter)
		case len(after.Entries)+len(after.Accounts) == 0:
			t.reject(whole, "quotes alone do not fix it")
		}
	case len(before.Entries) != len(after.Entries) || doubtAfter != "":
		t.failed = true
	default:
		for i, e := range before.Entries {
			t.compareEntry(e, after.Entries[i])
		}
	}
}

// compareEntry holds what an entry reads as now against what it read as before with the changes that are meant.
func (t *attempt) compareEntry(before, after *awsauth.Entry) {
	r := validate.Ref{Section: before.Section.Key, Entry: before.Index}
	owners := t.byEntry[r]
	arn, username, groups := before.ARN, before.Username, before.Groups
	for _, i := range owners {
		for _, c := range t.findings[i].Fix.Want {
			switch c.Field {
			case validate.ReadARN:
				arn = c.Value
			case validate.ReadUsername:
				username = c.Value
			case validate.ReadGroups:
				groups = c.Groups
			}
		}
	}
	if after.ARN != arn || after.Username != username || !slices.Equal(after.Groups, groups) || before.Valid && !after.Valid {
		t.reject(r, "the edited text would not parse as intended")
	}
}

// checkRules refuses a repair that makes a rule speak which did not before, or that leaves its own rule with
// something to say: what is asleep in a broken entry must not be woken, nor a second repair be needed.
func (t *attempt) checkRules() {
	for _, f := range validate.Check(t.after, t.options) {
		r := validate.Ref{Section: f.Section, Entry: f.Entry}
		if t.known[spot{f.Rule, f.Section, f.Entry, f.Field}] && !t.repairs(r, f.Rule) {
			continue
		}
		if s := t.doc.Section(f.Section); s == nil || s.Discarded() {
			continue // read for the first time: judged like any other text once it is
		}
		rule := validate.Lookup(f.Rule)
		if rule.Standard != validate.Deny && !t.repairs(r, f.Rule) {
			continue
		}
		culprit := r
		if len(t.byEntry[r]) == 0 {
			for _, related := range f.Related {
				if len(t.byEntry[related]) > 0 {
					culprit = related
				}
			}
		}
		t.reject(culprit, "the result would be refused by ", f.Rule, ": ", f.Sentence())
	}
}

// repairs reports whether a repair of this rule at this entry is being tried.
func (t *attempt) repairs(r validate.Ref, rule string) bool {
	for _, i := range t.byEntry[r] {
		if t.findings[i].Rule == rule {
			return true
		}
	}
	return false
}
