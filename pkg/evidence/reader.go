package evidence

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"
)

// Reader reads the records of a log in one of these forms, which may be mixed and compressed:
//
//   - a line each: events of an audit log, or lines of the authenticator's log; with the time that an export to S3 or
//     `aws logs tail` puts before them, and the name of the stream after it;
//   - JSON documents around them, as they are or over many lines: an EventList; what `aws logs filter-log-events`,
//     `get-log-events` and `get-query-results` print; what a subscription delivers; a bare list;
//   - the CSV of the console of Logs Insights;
//   - objects of a collector, with the record as a text in message, @message or log.
//
// It holds one record at a time, and no more than MaxRecord bytes of it.
type Reader struct {
	from   *source
	counts Counts
	buf    []byte
	list   listKind
	// columns are those of a CSV; nil for none.
	columns []string
	// failed is why there are no more records.
	failed error
}

// Record is one message of a log.
type Record struct {
	// Time is the time that the log service gives it, zero where it gives none.
	Time time.Time
	// Text holds until the next call.
	Text []byte
}

// listKind says which list is read.
type listKind int

const (
	// noList: between documents.
	noList listKind = iota
	// inDocument: in a list of an object.
	inDocument
	// bareList: in a list that is the document.
	bareList
)

// NewReader reads a log. What is wrong with it shows at Next.
func NewReader(r io.Reader) *Reader {
	s, err := newSource(r)
	return &Reader{from: s, failed: err}
}

// Counts says what has been read so far.
func (r *Reader) Counts() Counts {
	c := r.counts
	if r.from.cut {
		c.Cut = 1
	}
	return c
}

// Broken counts the last record as one that can't be read.
func (r *Reader) Broken() { r.counts.Broken++ }

// Foreign counts the last record as none of such a log.
func (r *Reader) Foreign() { r.counts.Foreign++ }

// Next gives the next record. The error is io.EOF at the end, or one of the reader below.
func (r *Reader) Next() (Record, error) {
	for r.failed == nil {
		text, whole, err := r.value()
		if err != nil {
			r.failed = err
		}
		if len(text) == 0 && whole {
			continue
		}
		r.counts.Records++
		if r.columns != nil && whole {
			if text, whole = r.row(text); !whole {
				continue
			}
		}
		switch {
		case !whole && len(text) > MaxRecord:
			r.counts.TooLong++
		case !whole:
			r.counts.Broken++
		default:
			if record := r.unwrap(text); len(record.Text) > 0 {
				return record, nil
			}
		}
	}
	return Record{}, r.failed
}

// value reads the next value or line: whole is false for one that is too long (then the text is longer than MaxRecord) or is
// no JSON. No text is no record.
func (r *Reader) value() (text []byte, whole bool, err error) {
	first, err := r.start()
	switch {
	case err != nil:
		if r.list != noList {
			r.list = noList
			return nil, r.from.cut, err // the document ends too early
		}
		return nil, true, err
	case r.list != noList && first == ']':
		r.from.skip(1)
		if r.list == bareList {
			r.list = noList
			return nil, true, nil
		}
		r.list = noList
		return r.object(1, true)
	case first == '{', first == '[' && (r.list != noList || r.opens()):
		return r.object(0, false)
	case r.list != noList:
		// A list of anything but objects is none of a log.
		r.list = noList
		_, _, err := r.line()
		return nil, false, err
	}
	return r.line()
}

// start goes to the first byte of the next value, and gives it.
func (r *Reader) start() (byte, error) {
	for {
		some, err := r.from.more()
		if err != nil {
			return 0, err
		}
		for i, c := range some {
			if c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' && r.list != noList {
				continue
			}
			r.from.skip(i)
			if c == 0xef { // a byte order mark
				if mark, _ := r.from.Peek(3); string(mark) == "\ufeff" {
					r.from.skip(3)
					return r.start()
				}
			}
			return c, nil
		}
		r.from.skip(len(some))
	}
}

// opens reports whether a bracket begins a list of objects, and no line of a log.
func (r *Reader) opens() bool {
	some, _ := r.from.Peek(chunk / 2)
	rest := bytes.TrimLeft(some[1:], " \t\r\n")
	return len(rest) > 0 && (rest[0] == '{' || rest[0] == '[' || rest[0] == ']')
}

// listKeys are the fields of documents that hold records.
func listKeys() []string { return []string{`"items"`, `"events"`, `"logEvents"`, `"results"`} }

// object reads an object or a list, or the rest of one that is so deep already and of which nothing is kept. It ends early
// where a list of records begins.
func (r *Reader) object(depth int, rest bool) (text []byte, whole bool, err error) {
	s := scanner{depth: depth}
	r.buf = r.buf[:0]
	long := false
	for {
		some, err := r.from.more()
		if r.from.cut {
			return nil, true, err
		}
		if err != nil {
			return r.buf, false, err
		}
		for i, c := range some {
			switch s.next(c) {
			case going:
			case opened:
				switch {
				case r.list != noList, s.depth > 2, s.depth == 2 && !r.holdsRecords(some[:i]):
					continue
				case s.depth == 2:
					r.list = inDocument
				default:
					r.list = bareList
				}
				r.from.skip(i + 1)
				return nil, true, nil
			case closed:
				r.keep(some[:i+1], &long)
				r.from.skip(i + 1)
				if rest {
					return nil, true, nil
				}
				return r.buf, !long, nil
			case lost:
				// Whatever it was, it ends with the line, and so does what it was in.
				r.keep(some[:i], &long)
				r.from.skip(i)
				r.list = noList
				return r.buf, false, nil
			}
		}
		r.keep(some, &long)
		r.from.skip(len(some))
	}
}

// tail is how much of a value is kept that is too long: the name of a field.
const tail = 64

// keep adds to the record as much as there is room for, and the end of it.
func (r *Reader) keep(some []byte, long *bool) {
	if !*long && len(r.buf)+len(some) <= MaxRecord {
		r.buf = append(r.buf, some...)
		return
	}
	*long = true
	r.buf = append(r.buf, some...)
	if len(r.buf) > MaxRecord+chunk {
		// Its length still says that it is too long.
		r.buf = append(r.buf[:MaxRecord+1], r.buf[len(r.buf)-tail:]...)
	}
}

// holdsRecords reports whether the name before a bracket is that of a list of records.
func (r *Reader) holdsRecords(some []byte) bool {
	before := some
	if len(some) < tail {
		before = append(slices.Clone(r.buf[max(0, len(r.buf)-tail):]), some...)
	}
	before = bytes.TrimRight(before, " \t\r\n")
	name, colon := bytes.CutSuffix(before, []byte(":"))
	name = bytes.TrimRight(name, " \t\r\n")
	return colon && slices.ContainsFunc(listKeys(), func(key string) bool { return bytes.HasSuffix(name, []byte(key)) })
}

// line reads to the end of the line.
func (r *Reader) line() (text []byte, whole bool, err error) {
	r.buf = r.buf[:0]
	long := false
	for {
		some, err := r.from.more()
		if r.from.cut {
			return nil, true, err
		}
		if err != nil {
			if !long {
				r.buf = bytes.TrimSpace(r.buf)
			}
			return r.buf, !long, err
		}
		end := bytes.IndexByte(some, '\n')
		if end < 0 {
			r.keep(some, &long)
			r.from.skip(len(some))
			continue
		}
		r.keep(some[:end], &long)
		r.from.skip(end + 1)
		if long {
			return r.buf, false, nil
		}
		return bytes.TrimSpace(r.buf), true, nil
	}
}

// unwrap takes the message out of what an export puts around it.
func (r *Reader) unwrap(text []byte) Record {
	switch text[0] {
	case '{':
		return fromObject(text)
	case '[':
		return fromFields(text)
	case '@', 't', '"':
		columns := strings.Split(strings.NewReplacer("@", "", `"`, "", " ", "").Replace(string(text)), ",")
		if slices.Contains(columns, "message") && (bytes.ContainsRune(text, '@') || slices.Contains(columns, "timestamp")) {
			r.columns = columns
			return Record{}
		}
	}
	if r.columns != nil {
		return r.fromCSV(text)
	}
	return fromLine(text)
}

// fromLine takes the time, and the name of a stream, from the beginning of a line.
func fromLine(text []byte) Record {
	stamp, rest, _ := bytes.Cut(text, []byte(" "))
	at, err := time.Parse(time.RFC3339Nano, string(stamp))
	if err != nil {
		// `aws logs tail --format short` writes UTC without saying so.
		if at, err = time.Parse("2006-01-02T15:04:05", string(stamp)); err != nil {
			return Record{Text: text}
		}
	}
	if stream, message, found := bytes.Cut(rest, []byte(" ")); found && (bytes.HasPrefix(stream, []byte("authenticator-")) || bytes.HasPrefix(stream, []byte("kube-"))) {
		rest = message
	}
	return Record{Time: at, Text: bytes.TrimSpace(rest)}
}

// fromFields takes the message out of a row of `aws logs get-query-results`.
func fromFields(text []byte) Record {
	var fields []struct{ Field, Value string }
	if err := json.Unmarshal(text, &fields); err != nil {
		return Record{Text: text}
	}
	record := Record{Text: text}
	for _, f := range fields {
		switch f.Field {
		case fieldMessage:
			record.Text = bytes.TrimSpace([]byte(f.Value))
		case fieldTimestamp:
			record.Time = insightsTime(f.Value)
		}
	}
	return record
}

// wrapped marks what may be an object around a record: the name of a field with a text.
func wrapped(text []byte) bool {
	return bytes.Contains(text, []byte(`"message"`)) || bytes.Contains(text, []byte(`"@message"`)) || bytes.Contains(text, []byte(`"log"`))
}

// fromObject takes the message out of an object of CloudWatch Logs or of a collector. An event is one itself.
func fromObject(text []byte) Record {
	if !wrapped(text) {
		return Record{Text: text}
	}
	var o struct {
		AuditID   string          `json:"auditID"`
		Stage     string          `json:"stage"`
		Timestamp json.RawMessage `json:"timestamp"`
		Message   json.RawMessage `json:"message"`
		Insights  json.RawMessage `json:"@message"`
		Log       json.RawMessage `json:"log"`
	}
	if err := json.Unmarshal(text, &o); err != nil || o.AuditID != "" || o.Stage != "" {
		return Record{Text: text}
	}
	for _, raw := range []json.RawMessage{o.Message, o.Insights, o.Log} {
		var message string
		if len(raw) == 0 || raw[0] == 'n' || json.Unmarshal(raw, &message) != nil {
			continue
		}
		record := Record{Text: bytes.TrimSpace([]byte(message))}
		var milliseconds int64
		if json.Unmarshal(o.Timestamp, &milliseconds) == nil && milliseconds > 0 {
			record.Time = time.UnixMilli(milliseconds).UTC()
		}
		return record
	}
	return Record{Text: text}
}
