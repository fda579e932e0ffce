package validate

import (
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// edit knows what an edit has touched. An entry is touched when its reading is not among those of the old map, or when
// what it does differs once the whole map is resolved; reformatting and reordering touch nothing. What the broken parts
// of the old map meant counts as there before. A defect of the text is touched when the text of its data key changed.
type edit struct {
	all      bool
	sections map[awsauth.Key]bool
	keys     map[string]bool
	doc      *awsauth.Document
	old      *awsauth.Document
	memo     map[*awsauth.Entry]bool
	lists    map[*Ref]bool

	// Nearly all entries are the same ones before and after, so only those that differ are looked into.
	difference *awsauth.Difference
	affected   map[string]bool
	// What the old map says and what each affected principal becomes before and after; worked out when first asked for.
	readings                map[string]bool
	effects, meant, results map[string]string
	accounts                map[string]bool
}

func newEdit(old, doc *awsauth.Document) *edit {
	e := &edit{old: old, doc: doc, memo: map[*awsauth.Entry]bool{}, lists: map[*Ref]bool{}}
	if old == nil {
		e.all = true
		return e
	}
	e.sections, e.keys = map[awsauth.Key]bool{}, map[string]bool{}
	for _, s := range doc.Sections() {
		o := old.Section(s.Key)
		e.sections[s.Key] = s.Text != o.Text || s.Present != o.Present
	}
	for _, k := range slices.Concat(doc.OtherKeys, doc.BinaryKeys) {
		_, other := slices.BinarySearch(old.OtherKeys, k)
		_, binary := slices.BinarySearch(old.BinaryKeys, k)
		if !other && !binary {
			e.keys[k] = true
		}
	}
	e.difference = awsauth.Compare(old, doc)
	e.affected = e.difference.Principals()
	return e
}

// said reports whether the old map has an entry of the same reading.
func (e *edit) said(entry *awsauth.Entry) bool {
	if e.difference.Common(entry) {
		return true
	}
	if e.readings == nil {
		e.readings = map[string]bool{}
		for _, s := range slices.Concat(e.old.Sections(), e.old.Meant().Sections()) {
			for _, entry := range s.Entries {
				e.readings[entry.Reading()] = true
			}
		}
	}
	return e.readings[entry.Reading()]
}

// becomesOther reports whether the principal of an entry was mapped before, and to something else.
func (e *edit) becomesOther(entry *awsauth.Entry) bool {
	key := entry.FoldedARN()
	if !e.affected[key] {
		return false
	}
	if e.effects == nil {
		e.effects, e.meant, e.results = effects(e.old, e.affected), effects(e.old.Meant(), e.affected), effects(e.doc, e.affected)
	}
	before, was := e.effects[key]
	meant, named := e.meant[key]
	after := e.results[key]
	return (was || named) && !(was && before == after) && !(named && meant == after)
}

// accountSaid reports whether the old map has an account of the same number.
func (e *edit) accountSaid(a *awsauth.Account) bool {
	if e.accounts == nil {
		e.accounts = map[string]bool{}
		for _, a := range slices.Concat(e.old.Accounts.Accounts, e.old.Meant().Accounts.Accounts) {
			if a.Valid {
				e.accounts[a.Value] = true
			}
		}
	}
	return a.Valid && e.accounts[a.Value]
}

// effects says what each of the affected principals becomes, by its folded ARN.
func effects(doc *awsauth.Document, affected map[string]bool) map[string]string {
	m := map[string]string{}
	for _, entries := range awsauth.ByPrincipal(doc.Naming(affected)) {
		winner, _ := awsauth.Winner(entries)
		m[winner.FoldedARN()] = winner.Effect()
	}
	return m
}

func (e *edit) entryTouched(entry *awsauth.Entry) bool {
	if e.all {
		return true
	}
	if touched, ok := e.memo[entry]; ok {
		return touched
	}
	touched := !e.said(entry) || entry.Valid && entry.ARN != "" && e.becomesOther(entry)
	e.memo[entry] = touched
	return touched
}

func (e *edit) touched(f *Finding, ownText bool) bool {
	if e.all {
		return true
	}
	if f.Section == "" {
		return e.keys[f.Field]
	}
	if f.Entry < 0 {
		return e.sections[f.Section]
	}
	if f.Section == awsauth.MapAccounts {
		return !e.accountSaid(e.doc.Accounts.Accounts[f.Entry])
	}
	return e.refTouched(Ref{f.Section, f.Entry}) || !ownText && e.anyTouched(f.Related)
}

func (e *edit) refTouched(r Ref) bool {
	s := e.doc.Section(r.Section)
	return s != nil && r.Entry < len(s.Entries) && e.entryTouched(s.Entries[r.Entry])
}

// anyTouched works out each list once: thousands of findings may share a long one.
func (e *edit) anyTouched(refs []Ref) bool {
	if len(refs) == 0 {
		return false
	}
	touched, ok := e.lists[&refs[0]]
	if !ok {
		touched = slices.ContainsFunc(refs, e.refTouched)
		e.lists[&refs[0]] = touched
	}
	return touched
}
