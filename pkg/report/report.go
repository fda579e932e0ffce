// Package report holds what was found in files in one model, and writes it in one format a file: text and JSON.
package report

import (
	"cmp"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// Report is what was found in a number of files.
type Report struct {
	// Findings in the order of files and places, once Sort was called.
	Findings []Finding
	// Files that were read.
	Files int
}

// Finding is something that a rule says about a place in a file.
type Finding struct {
	Rule string
	// Level says how grave the policy takes it: an error or a warning.
	Level  validate.Level
	Action validate.Action
	File   string
	// Start and End are the range in the file, End behind its last character.
	Start, End manifest.Position
	// Section is the data key, or "".
	Section awsauth.Key
	// Entry is the index of the item, counted from 0, or -1.
	Entry   int
	Message string
	// Docs is the address of the rule's page.
	Docs string
	// Fix is nil where there is none.
	Fix *Fix
	// Excerpt is the source line of Start.
	Excerpt Excerpt
}

// Fix is a repair in places of the file.
type Fix struct {
	Applicability validate.Applicability
	// Summary says what changes in a few words.
	Summary string
	// Edits in ascending order. They do not overlap.
	Edits []Edit
	// After holds the corrected source lines, from the first that changes to the last. What is marked is what changed.
	After Excerpt
}

// Edit replaces a range of the file.
type Edit struct {
	Start, End manifest.Position
	New        string
}

// Excerpt is a piece of source with a range of bytes marked in it. Of very long lines it is a part, with an ellipsis
// where something is left out.
type Excerpt struct {
	Text   string
	Marked manifest.Span
}

// Sort brings the findings into the order of files and places.
func (r *Report) Sort() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Start.Line, b.Start.Line), cmp.Compare(a.Start.Column, b.Start.Column),
		)
	})
}

// Count returns the number of findings of a level.
func (r *Report) Count(level validate.Level) int {
	n := 0
	for i := range r.Findings {
		if r.Findings[i].Level == level {
			n++
		}
	}
	return n
}
