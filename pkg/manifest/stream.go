package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	utiljson "k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// chunk is a part of a stream that kubectl reads as one document.
type chunk struct {
	Span
	// json is set where kubectl reads it as JSON, and not as YAML that may look like JSON.
	json bool
}

// halt is a place where kubectl stops reading a file and refuses it.
type halt struct {
	at           int
	what, remedy string
}

// guessed is how many bytes kubectl looks at to tell JSON from YAML.
const guessed = 4096

const bom = "\ufeff"

// split cuts a text into its documents exactly as kubectl does (apimachinery, util/yaml.YAMLOrJSONDecoder), and tells
// where kubectl refuses to go on. What follows such a place is cut too, so that one fault does not hide others.
func split(text string) ([]chunk, []halt) {
	at := len(text) - len(strings.TrimPrefix(text, bom))
	if !utilyaml.IsJSONBuffer([]byte(text[at:min(at+guessed, len(text))])) {
		return splitYAML(text, at, nil)
	}
	var chunks []chunk
	d := json.NewDecoder(strings.NewReader(text[at:]))
	read := at
	for {
		var raw json.RawMessage
		err := d.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return chunks, nil
		}
		if err != nil {
			break
		}
		read = at + int(d.InputOffset())
		chunks = append(chunks, chunk{Span: Span{Start: read - len(raw), End: read}, json: true})
	}
	// After more than one JSON value the stream is JSON for good. Before that, what is not JSON may be YAML.
	next, ok := skipSpace(text, read)
	if len(chunks) > 1 || !ok {
		next = len(text) - len(strings.TrimLeft(text[read:], " \t\r\n"))
		remedy := "write JSON, or a manifest a file"
		if strings.HasPrefix(text[next:], ",") {
			remedy = "remove this comma"
		}
		return chunks, []halt{{next, "this is not JSON, as what stands before it is: kubectl refuses the file here, so what follows was not checked", remedy}}
	}
	return splitYAML(text, next, chunks)
}

// skipSpace skips white space to the end of the first line, as kubectl does between a JSON value and YAML. It fails where
// too little is left for kubectl to look at.
func skipSpace(text string, at int) (int, bool) {
	for len(text)-at >= utf8.UTFMax {
		c, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case c == utf8.RuneError:
			return at, false
		case !unicode.IsSpace(c):
			return at, true
		}
		at += size
		if c == '\n' {
			return at, true
		}
	}
	return at, false
}

const marker = "---"

// splitYAML cuts at lines that begin with the marker. kubectl takes nothing but a comment after it.
func splitYAML(text string, at int, chunks []chunk) ([]chunk, []halt) {
	var halts []halt
	start := at
	for at < len(text) {
		end := len(text)
		if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if rest, ok := strings.CutPrefix(text[at:end], marker); ok {
			if at > start {
				chunks = append(chunks, chunk{Span: Span{Start: start, End: at}})
				start = end
			}
			if rest = strings.TrimSpace(rest); rest != "" && rest[0] != '#' {
				start = at
				halts = append(halts, halt{at, "text on the line of a --- marker: kubectl refuses the file here", "put --- on a line by itself"})
			}
		}
		at = end
	}
	if at > start {
		chunks = append(chunks, chunk{Span: Span{Start: start, End: at}})
	}
	return chunks, halts
}

// asLines is the text of a YAML document as it comes out of kubectl's reader of lines: each ends in a line feed.
func asLines(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text
}

// decode reads a document as kubectl does.
func (c chunk) decode(text string) (any, error) {
	if c.json {
		return fromJSON([]byte(text))
	}
	return decodeYAML(text)
}

func decodeYAML(text string) (any, error) {
	js, err := toJSON(asLines(text))
	if err != nil {
		return nil, err
	}
	return fromJSON(js)
}

func fromJSON(js []byte) (v any, err error) {
	err = utiljson.Unmarshal(js, &v)
	return v, err
}

// toJSON is kept from ever ending the process.
func toJSON(text string) (js []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: the text can't be read: %v", r)
		}
	}()
	return yaml.YAMLToJSON([]byte(text))
}

// lineEnd is the offset after the line and its break.
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

// mentions are how a document speaks of the map, in any case and without what joins words.
var mentions = []string{"awsauth", "maproles", "mapusers", "mapaccounts", "identitymapping", "iamauthenticatorconfig", "rolearn", "userarn"}

// unjoined takes out what joins words in names: map_roles, map-roles.
var unjoined = strings.NewReplacer("-", "", "_", "")

// speaksOfAWSAuth is a quick look at a document before it is parsed: most files of a folder are not about the map.
func speaksOfAWSAuth(text string) bool {
	text = unjoined.Replace(strings.ToLower(text))
	return slices.ContainsFunc(mentions, func(word string) bool { return strings.Contains(text, word) })
}

// maySpeak reports whether a document could name something that is not to be seen in it: by an escape of letters, a line that
// goes on in the next one, or a text in base64.
func maySpeak(text string) bool {
	if strings.Contains(text, "!") && (strings.Contains(text, "binary") || strings.Contains(text, "%")) || mayHide(text) {
		return true
	}
	for {
		i := strings.IndexByte(text, '\\')
		if i < 0 || i+1 == len(text) {
			return false
		}
		if c := text[i+1]; strings.IndexByte("xuU\r\n", c) >= 0 || c >= utf8.RuneSelf {
			return true
		}
		text = text[i+2:]
	}
}
