package manifest

import (
	"fmt"
	"strings"

	show "github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Note says that a part of a file was not checked, and what to do to have it checked.
type Note struct {
	Span Span
	// What was not checked.
	What    Unchecked
	Message string
}

// note says that a part of the file was not checked. What it repeats of the file in the place of verbs, it shortens.
func (f *File) note(at Span, what Unchecked, format string, repeated ...string) {
	short := make([]any, len(repeated))
	for i, s := range repeated {
		short[i] = show.Short(s, maxShown)
	}
	if len(short) > 0 {
		format = fmt.Sprintf(format, short...)
	}
	f.Notes = append(f.Notes, Note{Span: at, What: what, Message: format})
}

// Unchecked is what a note is about, as a noun.
type Unchecked string

// What notes are about.
const (
	// Part of a map, or of a file that may hold one.
	Part Unchecked = "part"
	// Template is a map that another tool has yet to render.
	Template Unchecked = "template"
	// Unread is a file that can't be read.
	Unread Unchecked = "file"
)

// maxShown bounds what a note repeats of a file, in bytes.
const maxShown = 120

// maxNames bounds the names in a message.
const maxNames = 3

func enumerate(names []string) string {
	if len(names) > maxNames {
		return strings.Join(names[:maxNames], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
