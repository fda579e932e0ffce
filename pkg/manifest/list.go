package manifest

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

var (
	// listStart is the first item of a list, after blanks, comments and a document marker.
	listStart = regexp.MustCompile(`^(?:\x{feff}|---[^\r\n]*|[ \t]*#[^\r\n]*|[ \t\r\n])*(?:-[ \t]|\[)`)
	// mappingField tells mapRoles from mapUsers.
	mappingField = regexp.MustCompile(`(?im)(?:^|[-{,])[ \t]*["']?(role|user)_?arn["']?[ \t]*:`)
	// itemField is a field of an entry on the line of its dash, or the first in braces.
	itemField = regexp.MustCompile(`(?im)^(?:[ \t]*-[ \t]+|[ \t]*(?:-[ \t]+)?[\[{][\[{\s]*)["']?(?:role_?arn|user_?arn|username|groups)["']?[ \t]*:`)
)

func listCarrier() carrier { return carrier{name: "bare list of entries", text: (*reader).list} }

// list takes a text that is only the list of mapRoles or mapUsers, as it is after the key. It reports whether it is one: by
// what its items hold.
func (r *reader) list(text string) bool {
	if !listStart.MatchString(text) {
		return false
	}
	field := mappingField.FindStringSubmatch(text)
	if field == nil || !holdsEntries(text) {
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

// holdsEntries reports whether the items of a list are entries of aws-auth: they have its fields, all of them where the text can
// be read, and go into one list. Of a text that can't, the first fields of the items are looked at, and that it brings no key of the map.
func holdsEntries(text string) bool {
	v, err := decodeYAML(text)
	if err != nil {
		return itemField.MatchString(text) && !speaksOfKeys(text)
	}
	items, _ := v.([]any)
	entries, users := 0, 0
	for _, item := range items {
		entry, isMapping := item.(map[string]any)
		known, strange := 0, 0
		for name := range entry {
			switch {
			case name == "rolearn" || name == "userarn":
				entries++
				if name == "userarn" {
					users++
				}
			case nearARN(name) && (entry["username"] != nil || entry["groups"] != nil):
				entries++
			case name == "username" || name == "groups":
				known++
			default:
				strange++
			}
		}
		if isMapping && (strange > known+1 || len(entry) == 1 && entry["account"] != nil) {
			return false
		}
	}
	// One of roles and users is what eksctl prints.
	return entries > 0 && (users == 0 || users == entries)
}

// nearARN reports whether a field is meant to be rolearn or userarn. Other tools have fields of such names, too.
func nearARN(name string) bool {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "")
	return name == "rolearn" || name == "userarn"
}

// speaksOfKeys reports whether a text has a key of the map: then it is no list that stands after one.
func speaksOfKeys(text string) bool {
	return slices.ContainsFunc(awsauth.Keys(), func(k awsauth.Key) bool { return strings.Contains(text, string(k)) })
}

// whole is a value that is a part of the file as it stands.
type whole struct{ base int }

func (w whole) span(in Span) Span { return Span{Start: w.base + in.Start, End: w.base + in.End} }

func (w whole) edit(e Edit) (Edit, error) {
	return Edit{Start: w.base + e.Start, End: w.base + e.End, New: e.New}, nil
}
