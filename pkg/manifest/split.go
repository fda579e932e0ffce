package manifest

import (
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
)

// split cuts a text into its documents, so that a broken one does not take the others along. A document marker in the
// first column always ends a YAML document, in block scalars and quotes too (YAML 1.2, 9.1.2), so lines are enough.
func split(text string) []Span {
	if chunks, ok := splitJSON(text); ok {
		return chunks
	}
	var chunks []Span
	start, directives := 0, true
	for at := 0; at < len(text); {
		end := lineEnd(text, at)
		line := strings.TrimRight(text[at:end], " \t\r\n")
		switch {
		case isMarker(line, "---") && !directives:
			chunks = append(chunks, Span{Start: start, End: at})
			start = at
		case isMarker(line, "..."):
			chunks = append(chunks, Span{Start: start, End: end})
			start, directives = end, true
			at = end
			continue
		}
		// %YAML lines and comments before the marker belong to the document that it opens.
		directives = directives && (line == "" || line == "\ufeff" || line[0] == '%' || line[0] == '#')
		at = end
	}
	return append(chunks, Span{Start: start, End: len(text)})
}

func isMarker(line, marker string) bool {
	rest, ok := strings.CutPrefix(line, marker)
	return ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t')
}

// lineEnd is the offset behind the line and its break.
func lineEnd(text string, at int) int {
	i := strings.IndexAny(text[at:], "\r\n")
	if i < 0 {
		return len(text)
	}
	at += i
	if strings.HasPrefix(text[at:], "\r\n") {
		return at + 2
	}
	return at + 1
}

// splitJSON finds the values of a text that is JSON, one behind the other as kubectl takes them. It fails where the
// text does not begin as an object or is not JSON all through: then it may be YAML.
func splitJSON(text string) ([]Span, bool) {
	bom := len(text) - len(strings.TrimPrefix(text, "\ufeff"))
	if !strings.HasPrefix(strings.TrimLeft(text[bom:], " \t\r\n"), "{") {
		return nil, false
	}
	var chunks []Span
	d := json.NewDecoder(strings.NewReader(text[bom:]))
	for {
		var raw json.RawMessage
		err := d.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return chunks, true
		}
		if err != nil {
			return nil, false
		}
		end := bom + int(d.InputOffset())
		chunks = append(chunks, Span{Start: end - len(raw), End: end})
	}
}

// maskSurrogates replaces escaped UTF-16 surrogates in JSON, which a YAML reader refuses, by an escape of the same
// length for the replacement character. Offsets stay; only emoji and the like in escapes are read as other characters. In
// YAML a backslash may be just that.
func maskSurrogates(text string) string {
	if !strings.Contains(text, `\ud`) && !strings.Contains(text, `\uD`) || !json.Valid([]byte(strings.TrimPrefix(text, "\ufeff"))) {
		return text
	}
	b := []byte(text)
	for i := 0; i+5 < len(b); i++ {
		if b[i] != '\\' {
			continue
		}
		if b[i+1] == 'u' && (b[i+2] == 'd' || b[i+2] == 'D') && b[i+3] >= '8' {
			copy(b[i:], `\ufffd`)
		}
		i++
	}
	return string(b)
}

var mention = regexp.MustCompile(`(?i)aws-auth|map(?:roles|users|accounts)|iamIdentityMappings`)

// speaksOfAWSAuth is a quick look at a document before it is parsed.
func speaksOfAWSAuth(text string) bool { return mention.MatchString(text) }
