package manifest

import (
	"regexp"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

var (
	// described is the head of what kubectl describe prints of aws-auth, up to the data.
	described = regexp.MustCompile(`(?ms)^Name:[ \t]+` + awsauth.Name + `[ \t]*\r?\n.*?^Data\r?\n====\r?\n`)
	// describedKey is a key of the data, before its text, and describedEnd what follows the last text.
	describedKey = regexp.MustCompile(`(?m)^([-._A-Za-z0-9]+):\r?\n----\r?\n`)
	describedEnd = regexp.MustCompile(`(?m)^(?:BinaryData\r?\n====|Events:)`)
	// describedNamespace is the namespace in the head.
	describedNamespace = regexp.MustCompile(`(?m)^Namespace:[ \t]+(\S+)`)
)

func describeCarrier() carrier {
	return carrier{name: "kubectl describe", file: (*File).describe}
}

// describe reads what kubectl describe prints, which people paste, and reports whether it is that.
func (f *File) describe() bool {
	head := described.FindStringIndex(f.Text)
	if head == nil || f.origin != written {
		return false
	}
	end := len(f.Text)
	if m := describedEnd.FindStringIndex(f.Text[head[1]:]); m != nil {
		end = head[1] + m[0]
	}
	d := newDocument(Span{Start: head[0], End: end})
	if m := describedNamespace.FindStringSubmatchIndex(f.Text[:head[1]]); m != nil && f.Text[m[2]:m[3]] != awsauth.Namespace {
		d.ignored, d.misplaced = true, true
		f.problem(RuleShape, Span{Start: m[2], End: m[3]}, "",
			neverIn(f.Text[m[2]:m[3]]), "describe that of "+awsauth.Namespace)
	}
	keys := describedKey.FindAllStringSubmatchIndex(f.Text[head[1]:end], -1)
	for i, m := range keys {
		last := end
		if i+1 < len(keys) {
			last = head[1] + keys[i+1][0]
		}
		start := head[1] + m[1]
		key, text := f.Text[head[1]+m[2]:head[1]+m[3]], f.Text[start:last]
		// Blank lines follow each text.
		text = text[:min(len(text), len(strings.TrimRight(text, "\r\n"))+1)]
		d.set(key, text, start, Span{Start: head[1] + m[2], End: head[1] + m[3]})
		d.values[key] = readOnly{locator: d.values[key], refusal: "kubectl printed this; change the map itself"}
	}
	f.Documents = append(f.Documents, d)
	return true
}
