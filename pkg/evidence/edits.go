package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"
)

// Span is the time that a log is about.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Take extends the span to a time.
func (s *Span) Take(at time.Time) {
	switch {
	case at.IsZero():
		return
	case s.From.IsZero():
		s.From, s.To = at, at
	}
	if at.Before(s.From) {
		s.From = at
	}
	if at.After(s.To) {
		s.To = at
	}
}

// Length is how long the span is.
func (s *Span) Length() time.Duration { return s.To.Sub(s.From) }

// AuditLog is what audit logs tell of the map.
type AuditLog struct {
	Counts Counts
	// Span is that of all events, whatever they are about.
	Span Span
	// Events counts those of an audit log, and Failed those that tried to change the map and did not.
	Events, Failed int64
	Chain          *Chain
}

// NewAuditLog makes one that keeps as many edits as there is room for, in bytes.
func NewAuditLog(room int64) *AuditLog { return &AuditLog{Chain: NewChain(room)} }

// Read reads a log to its end. The error is one of the reader.
func (a *AuditLog) Read(from io.Reader) error {
	r := NewReader(from)
	defer func() { a.Counts.Add(r.Counts()) }()
	for {
		record, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case record.Text[0] != '{':
			r.Foreign()
			continue
		case !mentions(record.Text):
			if !json.Valid(record.Text) {
				r.Broken()
			} else if at := received(record.Text); at.IsZero() {
				r.Foreign()
			} else {
				a.Events++
				a.Span.Take(at)
			}
			continue
		}
		edit, what, err := readEdit(record.Text)
		if err != nil {
			r.Broken()
			continue
		}
		if what == notEvent {
			r.Foreign()
			continue
		}
		a.Events++
		a.Span.Take(received(record.Text))
		switch what {
		case tried:
			a.Failed++
		case changed:
			a.Chain.Add(edit)
		}
	}
}

// received finds the time of an event without decoding it, the zero time where there is none.
func received(text []byte) time.Time {
	// Objects with such a field come before it.
	const name = `"requestReceivedTimestamp":`
	begin := bytes.LastIndex(text, []byte(name))
	if begin < 0 {
		return time.Time{}
	}
	stamp, _, _ := bytes.Cut(bytes.TrimLeft(text[begin+len(name):], ` "`), []byte(`"`))
	at, err := time.Parse(time.RFC3339Nano, string(stamp))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}
