package evidence

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The fields of Logs Insights.
const (
	fieldMessage   = "@message"
	fieldTimestamp = "@timestamp"
)

// maxRowLines bounds the lines of one row of a CSV: a quote that is never closed takes no more with it.
const maxRowLines = 100

// row gives a row of a CSV whose first line was read: a line break in quotes does not end it. It is false where the quotes don't
// end; then all lines that were read count as broken.
func (r *Reader) row(first []byte) (row []byte, whole bool) {
	if bytes.Count(first, []byte{'"'})%2 == 0 {
		return first, true
	}
	row = slices.Clone(first)
	for n := int64(1); ; n++ {
		if n == maxRowLines || len(row) > MaxRecord {
			r.counts.Broken += n
			return nil, false
		}
		next, whole, err := r.line()
		row = append(append(row, '\n'), next...)
		switch {
		case whole && bytes.Count(next, []byte{'"'})%2 == 1:
			return row, true
		case err != nil || !whole:
			r.counts.Broken += n
			return nil, false
		}
	}
}

// fromCSV takes the message out of a row.
func (r *Reader) fromCSV(text []byte) Record {
	c := csv.NewReader(bytes.NewReader(text))
	c.FieldsPerRecord, c.TrimLeadingSpace = len(r.columns), true
	row, err := c.Read()
	if err != nil {
		if plain := fromLine(text); bytes.HasPrefix(plain.Text, []byte("time=")) { // A log that was put below a CSV.
			return plain
		}
		r.counts.Broken++
		return Record{}
	}
	record := Record{}
	for i, name := range r.columns {
		switch strings.TrimSpace(name) {
		case "message":
			record.Text = bytes.TrimSpace([]byte(row[i]))
		case "timestamp":
			record.Time = insightsTime(row[i])
		}
	}
	return record
}

// insightsTime reads a time as Logs Insights writes it, or the console's list of a log group.
func insightsTime(s string) time.Time {
	if milliseconds, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.UnixMilli(milliseconds).UTC()
	}
	at, err := time.Parse("2006-01-02 15:04:05.000", s)
	if err != nil {
		return time.Time{}
	}
	return at
}
