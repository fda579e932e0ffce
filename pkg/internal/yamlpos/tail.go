package yamlpos

import (
	"errors"
	"io"
	"strings"

	yamlv2 "go.yaml.in/yaml/v2"
)

// tail says where the first document of a text ends, as the YAML library of the authenticator and of kubectl sees it.
type tail struct {
	// read is how many bytes that library reads until it is done with the first document: with all of the token that
	// follows it and hardly more. It is the whole text where nothing follows.
	read int
	// more is set where anything but blanks, comments and bare document markers follows.
	more bool
}

// readTail reads a text to its end. It fails where the first document can't be read.
func readTail(text string) (tail, bool) {
	in := &source{text: text, whole: len(text)}
	stream := yamlv2.NewDecoder(in)
	if !skipDocument(stream) {
		return tail{}, false
	}
	read := in.at
	if _, err := nextDocument(stream); errors.Is(err, io.EOF) {
		return tail{read: len(text)}, true
	}
	in = &source{text: text, whole: max(0, read-maxAhead)}
	stream = yamlv2.NewDecoder(in)
	skipDocument(stream)
	t := tail{read: in.at}
	t.more = hasInk(text, t.read) || !onlyEmpty(stream)
	return t, true
}

// maxAhead is more than what the library asks for at once, and then does not need.
const maxAhead = 4 << 10

// source gives a part of a text as a whole and the rest byte by byte, so that it knows what a reader has needed of it.
type source struct {
	text      string
	at, whole int
}

func (s *source) Read(p []byte) (int, error) {
	if s.at == len(s.text) {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), max(1, s.whole-s.at))], s.text[s.at:])
	s.at += n
	return n, nil
}

// unread is a document that is parsed and not decoded.
type unread struct{}

// UnmarshalYAML takes anything.
func (*unread) UnmarshalYAML(func(any) error) error { return nil }

// skipDocument reports whether the next document could be read, or none is there.
func skipDocument(d *yamlv2.Decoder) bool {
	err := decodeV2(d, &unread{})
	return err == nil || errors.Is(err, io.EOF)
}

// onlyEmpty reads a stream to its end, or to the first document that is not empty or does not parse.
func onlyEmpty(d *yamlv2.Decoder) bool {
	for {
		content, err := nextDocument(d)
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil || content != nil {
			return false
		}
	}
}

func nextDocument(d *yamlv2.Decoder) (content any, err error) {
	err = decodeV2(d, &content)
	return content, err
}

// decodeV2 keeps a panic of the YAML library from being one of the guard, as decode does.
func decodeV2(d *yamlv2.Decoder, into any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errUnreadable
		}
	}()
	return d.Decode(into)
}

// hasInk reports whether a text goes on from an offset with anything but blanks, comments and document markers.
func hasInk(text string, at int) bool {
	lineStart := at == 0 || isBreakBefore(text, at)
	for at < len(text) {
		switch {
		case lineStart && isMarker(text[at:]):
			at += 3
		case text[at] == '#' && (lineStart || isBlank(text[at-1])):
			at = skipLine(text, at)
		case text[at] == ' ' || text[at] == '\t':
			at++
		default:
			n := breakLength(text[at:])
			if n == 0 {
				return true
			}
			at += n
			lineStart = true
			continue
		}
		lineStart = false
	}
	return false
}

// isMarker reports whether a line begins with a document marker.
func isMarker(line string) bool {
	if !strings.HasPrefix(line, "---") && !strings.HasPrefix(line, "...") {
		return false
	}
	return len(line) == 3 || isBlank(line[3]) || breakLength(line[3:]) > 0
}

func isBreakBefore(text string, at int) bool {
	for n := 1; n <= min(3, at); n++ {
		if breakLength(text[at-n:at]) == n {
			return true
		}
	}
	return false
}
