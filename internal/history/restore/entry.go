package restore

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/edit"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// maxPutBack bounds the notes of entries that were put back. What can't be noted is not put back.
const maxPutBack = 100

// Entry is a protected entry that the live map lost past the guard.
type Entry struct {
	ARN string
	// Revision is the number of the good state that it is taken from, 0 where it stays out.
	Revision int64
	// Reason says why it stays out, for people; empty where it is put back.
	Reason string
}

// Reader reads what a restore of entries rests on.
type Reader struct {
	// Content of a revision.
	Content func(*history.Revision) (history.Content, error)
	// Passed reports whether the guard has noted that it let a revision's state pass.
	Passed func(*history.Revision) (bool, error)
}

// DecideEntries says which protected entries are put back into a map that is whole, and returns the state that this makes. An
// entry is put back only as a good state in the history had it, and only where an edit took it away that nobody can have
// meant: the policy protected it then and does so now, no override allowed it and the guard did not let it pass. As Decide,
// it waits for the grace period, and puts an entry back once: after that another good state with the entry must be seen.
func DecideEntries(s *Situation, live history.Content, read Reader) (Decision, history.Content, error) {
	d := Decision{Action: Nothing, Break: s.Break}
	rule := validate.Guarding(validate.ProtectedOut).Name
	if s.Grace <= 0 || s.Break != Whole || s.Policy.Action(rule).Level() != validate.Error {
		return d, live, nil
	}
	m := &missing{Situation: s, rule: rule, read: read, in: map[string]bool{}, rows: map[string][]access.Principal{}}
	doc := live.Document()
	for _, row := range access.Table(doc) {
		m.in[arn.Fold(row.ARN)] = true
	}
	after := doc
	for i, r := range s.History {
		for _, lost := range r.ProtectedLost {
			e, row, err := m.judge(i, lost)
			if err != nil {
				return d, live, err
			}
			if e == nil {
				continue
			}
			if row != nil {
				added, err := add(after, row)
				if err == nil && len(notes(s.History[0].PutBack, d.Entries)) >= maxPutBack {
					err = errors.New("too many entries were put back already")
				}
				if err != nil {
					e.Revision, e.Reason = 0, err.Error()
				} else {
					after = added
				}
			}
			d.Entries = append(d.Entries, *e)
		}
	}
	if len(d.Entries) == 0 {
		return d, live, nil
	}
	made := history.Content{Data: maps.Clone(live.Data), BinaryData: live.BinaryData}
	if made.Data == nil {
		made.Data = map[string]string{}
	}
	maps.Copy(made.Data, after.Data())
	s.conclude(&d, made)
	return d, made, nil
}

// conclude says what is done about the entries, and when.
func (s *Situation) conclude(d *Decision, made history.Content) {
	var back, out []string
	for _, e := range d.Entries {
		if e.Reason != "" {
			out = append(out, fmt.Sprintf("%s (%s)", text.Name(e.ARN), e.Reason))
			continue
		}
		back, d.Revision = append(back, text.Name(e.ARN)), max(d.Revision, e.Revision)
	}
	if len(back) == 0 {
		d.Action, d.Reason = Leave, text.Some(out, maxNamed)
		return
	}
	d.Content, d.Until = made.Name(), s.History[0].Recorded.Add(s.Grace)
	d.Action, d.Reason = Restore, fmt.Sprintf("it was taken away outside the guard and stayed out for %s", s.Grace)
	if s.Now.Before(d.Until) {
		d.Action = Wait
		d.Reason = fmt.Sprintf("the protected entry for %s is put back at %s if it stays out", text.Some(back, maxNamed), d.Until.UTC().Format(time.RFC3339))
	}
}

// maxNamed bounds the entries that are named at once.
const maxNamed = 3

// missing looks for the protected entries that the live map lost.
type missing struct {
	*Situation
	rule string
	read Reader
	// in are the principals that the live map lets in, or that were judged.
	in   map[string]bool
	rows map[string][]access.Principal
}

// judge judges an entry that a revision lost, and finds the row that had it in a good state before. Nil is one that is there, that
// was judged, or that somebody meant to take away.
func (m *missing) judge(at int, lost string) (*Entry, *access.Principal, error) {
	key := arn.Fold(lost)
	if m.in[key] {
		return nil, nil, nil
	}
	// The latest loss counts.
	m.in[key] = true
	taker := m.History[at]
	if taker.Admitted || overridden(m.History[at:], m.rule) {
		return nil, nil, nil
	}
	// Who took it away after that did so when the policy did not protect it.
	for _, r := range m.History[:at] {
		if row, err := m.find(r, key); row != nil || err != nil {
			return nil, nil, err
		}
	}
	e := &Entry{ARN: lost}
	for _, r := range m.History[at+1:] {
		if !r.Good {
			continue
		}
		row, err := m.find(r, key)
		if err != nil {
			return nil, nil, err
		}
		switch {
		case row == nil:
			continue
		case !validate.Protects(m.Policy.Protected, row.ARN, row.Username):
			return nil, nil, nil
		case m.spent(key, r):
			e.Reason = "it was put back once already, or that failed; it is not tried again until somebody else stores a good state with it"
			continue
		}
		// The note may have come after a later state was recorded.
		if passed, err := m.read.Passed(taker); passed || err != nil {
			return nil, nil, err
		}
		e.ARN, e.Revision, e.Reason = row.ARN, r.Number, ""
		return e, row, nil
	}
	if e.Reason == "" {
		e.Reason = "no good state in the history had it"
	}
	return e, nil, nil
}

// find is the row of a principal in a revision, nil where it was not let in.
func (m *missing) find(r *history.Revision, key string) (*access.Principal, error) {
	rows, known := m.rows[r.Name]
	if !known {
		content, err := m.read.Content(r)
		if err != nil {
			return nil, err
		}
		if doc := content.Document(); doc != nil {
			rows = access.Table(doc)
		}
		m.rows[r.Name] = rows
	}
	i := slices.IndexFunc(rows, func(p access.Principal) bool { return !p.Account && arn.Fold(p.ARN) == key })
	if i < 0 {
		return nil, nil
	}
	return &rows[i], nil
}

// spent reports that a state says nothing new: the entry was put back, and the state is the one that this made, or older.
func (m *missing) spent(key string, r *history.Revision) bool {
	return slices.ContainsFunc(m.History[0].PutBack, func(p history.PutBack) bool {
		return arn.Fold(p.ARN) == key && (p.State == r.Name || r.Recorded.Before(p.At))
	})
}

// add puts a row back where it was, and proves that this is all that changes.
func add(doc *awsauth.Document, row *access.Principal) (*awsauth.Document, error) {
	made, err := edit.Add(doc, row.Section, edit.Entry{ARN: row.ARN, Username: row.Username, Groups: row.Groups})
	if err != nil {
		return nil, err
	}
	changes := access.Diff(doc, made.Doc)
	if len(changes) != 1 || changes[0].Kind != access.Gained || changes[0].ARN != row.ARN {
		return nil, errors.New("putting it back would change more than this")
	}
	return made.Doc, nil
}

// notes are those that were made, and those of the entries that are put back now.
func notes(made []history.PutBack, now []Entry) []history.PutBack {
	all := slices.Clone(made)
	for _, e := range now {
		if e.Reason != "" {
			continue
		}
		all = slices.DeleteFunc(all, func(p history.PutBack) bool { return arn.Fold(p.ARN) == arn.Fold(e.ARN) })
		all = append(all, history.PutBack{ARN: e.ARN})
	}
	return all
}
