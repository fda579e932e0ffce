package manifest

import (
	"regexp"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

var (
	// listStart is the first item of a list, after blanks, comments and a document marker.
	listStart = regexp.MustCompile(`^(?:\x{feff}|---[^\r\n]*|[ \t]*#[^\r\n]*|[ \t\r\n])*(?:-[ \t]|\[)`)
	// mappingField tells mapRoles from mapUsers.
	mappingField = regexp.MustCompile(`(?im)(?:^|[-{,])[ \t]*["']?(role|user)_?arn["']?[ \t]*:`)
)

func listCarrier() carrier { return carrier{name: "bare list of entries", text: (*reader).list} }

// list takes a text that is only the list of mapRoles or mapUsers, as it is after the key, where somebody named the
// file. It reports whether it is one.
func (r *reader) list(text string) bool {
	if r.file.found || !listStart.MatchString(text) {
		return false
	}
	field := mappingField.FindStringSubmatch(text)
	if field == nil {
		return false
	}
	start := Span{Start: r.base, End: r.base}
	if r.isTemplate(Span{Start: r.base, End: r.base + len(text)}) {
		return true
	}
	key := string(awsauth.MapRoles)
	if strings.EqualFold(field[1], "user") {
		key = string(awsauth.MapUsers)
	}
	d := newDocument(start)
	d.Data[key], d.keys[key] = text, start
	d.values[key] = whole{base: r.base}
	r.file.Documents = append(r.file.Documents, d)
	r.noteTokens(d)
	return true
}

// whole is a value that is a part of the file as it stands.
type whole struct{ base int }

func (w whole) span(in Span) Span { return Span{Start: w.base + in.Start, End: w.base + in.End} }

func (w whole) edit(e Edit) (Edit, error) {
	return Edit{Start: w.base + e.Start, End: w.base + e.End, New: e.New}, nil
}
