package evidence

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

const (
	// MaxRecord bounds one record of a log, in bytes. An event of the audit log has the map twice, as it was asked for and as
	// it was stored; etcd keeps no object of more than 1.5 MiB.
	MaxRecord = 8 << 20
	// chunk is how much is read at a time.
	chunk = 64 << 10
	// maxUnpacked is how often a log may be packed: a delivery stream packs what comes packed already.
	maxUnpacked = 3
)

// Counts say how much of a log was read, and what could not be.
type Counts struct {
	// Records are all records, read or not.
	Records int64 `json:"records"`
	// Broken are records that begin as JSON does and are none, or an event whose fields are none of an event.
	Broken int64 `json:"broken"`
	// TooLong are records of more than MaxRecord bytes.
	TooLong int64 `json:"tooLong"`
	// Foreign are records that are no part of such a log.
	Foreign int64 `json:"foreign"`
	// Cut counts compressed logs that end too early, or are damaged: what comes after that is not known.
	Cut int64 `json:"cut"`
}

// Add adds the counts of another log.
func (c *Counts) Add(other Counts) {
	c.Records += other.Records
	c.Broken += other.Broken
	c.TooLong += other.TooLong
	c.Foreign += other.Foreign
	c.Cut += other.Cut
}

// Lost reports that something of the log could not be read.
func (c *Counts) Lost() bool { return c.Broken+c.TooLong+c.Cut > 0 }

// source is the text of a log, unpacked where it is compressed.
type source struct {
	*bufio.Reader
	cut bool
}

func newSource(r io.Reader) (*source, error) {
	s := &source{Reader: bufio.NewReaderSize(r, chunk)}
	for range maxUnpacked {
		head, err := s.Peek(2)
		if err != nil && !errors.Is(err, io.EOF) {
			return s, s.failed(err)
		}
		if bytes.Equal(head, []byte{0xff, 0xfe}) || bytes.Equal(head, []byte{0xfe, 0xff}) {
			// UTF-16 with a byte order mark: what PowerShell makes of what a command prints.
			s.Reader = bufio.NewReaderSize(transform.NewReader(s.Reader, unicode.BOMOverride(transform.Nop)), chunk)
			return s, nil
		}
		if !bytes.Equal(head, []byte{0x1f, 0x8b}) {
			return s, nil
		}
		unpacked, err := gzip.NewReader(s.Reader)
		if err != nil {
			return s, s.failed(err)
		}
		s.Reader = bufio.NewReaderSize(unpacked, chunk)
	}
	return s, nil
}

// failed takes the damage of a compressed log for its end.
func (s *source) failed(err error) error {
	if _, damaged := errors.AsType[flate.CorruptInputError](err); damaged || errors.Is(err, gzip.ErrHeader) ||
		errors.Is(err, gzip.ErrChecksum) || errors.Is(err, io.ErrUnexpectedEOF) {
		s.cut = true
		return io.EOF
	}
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	return fmt.Errorf("reading the log: %w", err)
}

// more gives what can be looked at without reading, at least one byte. The error is io.EOF at the end.
func (s *source) more() ([]byte, error) {
	if _, err := s.Peek(1); err != nil {
		return nil, s.failed(err)
	}
	return s.Peek(s.Buffered())
}

// skip goes on by bytes that more has given.
func (s *source) skip(n int) { _, _ = s.Discard(n) }
