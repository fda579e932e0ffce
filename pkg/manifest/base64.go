package manifest

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The bounds of what is decoded: of one value, and of all in a file.
const (
	maxDecoded    = 4 << 20
	maxAllDecoded = 32 << 20
)

// inBase64 are the objects that hold texts in base64.
var inBase64 = regexp.MustCompile(`kind\\*["']?[ \t]*:[ \t]*\\*["']?(?:` + kindSecret + `|List)\b|binaryData`)

// mayHide reports whether a document may hold texts in base64.
func mayHide(text string) bool {
	return (strings.Contains(text, kindSecret) || strings.Contains(text, "binaryData")) && inBase64.MatchString(text)
}

// unreadBase64 notes what speaks of the map in the data of a Secret or the binaryData of a ConfigMap.
func (r *reader) unreadBase64(o object, in *container) {
	name := map[string]string{kindSecret: "data", kindConfigMap: "binaryData"}[o.kind]
	for _, f := range r.fields(o.get(name)) {
		if in.noted || f.value.Kind != yaml.ScalarNode || r.covered[f.value] {
			continue
		}
		if r.file.decoded > maxAllDecoded {
			r.hidden, in.noted = true, true
			r.file.note(r.span(f.key), Part, "%s of %s was not looked at: this file holds too much in base64; check it in a file by itself", f.name, in.what)
			continue
		}
		held := decoded(f.value.Value)
		r.file.decoded += len(held)
		if !speaksOfAWSAuth(held) {
			continue
		}
		if at, ok := speaksInText(held); ok {
			r.hidden = true
			r.noteUnread(r.span(f.key), held[at.Start:at.End], &container{what: "base64 in " + in.what})
			in.noted = true
		}
	}
}

// decoded is the text that another one in base64 stands for, also where that is packed, as Helm keeps its releases: in gzip, and
// twice in base64. It is empty where none does.
func decoded(text string) string {
	const layers = 2
	held := ""
	for range layers {
		raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil || len(raw) == 0 {
			break
		}
		if packed, err := gzip.NewReader(bytes.NewReader(raw)); err == nil {
			// What is cut off has a beginning all the same.
			raw, _ = io.ReadAll(io.LimitReader(packed, maxDecoded))
		}
		text = string(raw)
		if !utf8.ValidString(text) {
			break
		}
		held = text
	}
	return held
}
