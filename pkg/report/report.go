package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/access"
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
	// MapCount is the number of maps that were read in them.
	MapCount int
	// Checked names the files that hold a map, or a manifest with something wrong about it, in the order in which they
	// were added.
	Checked []string
	// Rules are the names of the rules that were asked, in their fixed order.
	Rules []string
	// Notes say what could not be checked.
	Notes []Note
	// Ignored are findings that comments in the files ask to pass over, in the order of files and places, once Sort was called.
	Ignored []Ignored
	// Root is the folder that relative paths start from, absolute, or "".
	Root string
	// Version of the program, or "".
	Version string
	// Maps tell whom each map lets in, in the order of files and places, once Sort was called. It is empty where the
	// builder was not asked for them.
	Maps []Map
	// Profile that the findings were judged by, or "".
	Profile validate.Profile
	// Policy is the name of the file with settings of its own, or "".
	Policy string
	// Cluster is the address of the API server whose live map was read, or "".
	Cluster string
	// Audit is what is told of the live cluster besides, nil where files were read.
	Audit *Audit
	// Time of the report, or zero.
	Time time.Time
	// say puts the name of the program into texts, or is nil.
	say func(string) string
}

// Rename puts the name that the program was called by into what the report says of it.
func (r *Report) Rename(say func(string) string) {
	r.say = say
	for i := range r.Findings {
		r.Findings[i].rename(say)
	}
	for i := range r.Ignored {
		r.Ignored[i].rename(say)
	}
	for i := range r.Notes {
		r.Notes[i].Message = say(r.Notes[i].Message)
	}
}

// Map is one aws-auth document and whom it lets in.
type Map struct {
	File string
	// Start is where the document begins in the file.
	Start manifest.Position
	// Entries of all three sections, whether they let somebody in or not.
	Entries int
	// Lost are the data keys that can't be read: all their entries are lost.
	Lost []awsauth.Key
	// AccessEntries says what the access entries have to do with it, "" where they are not known.
	AccessEntries string
	Principals    []Principal
}

// Principal is somebody whom a map lets in, with the place of the entry in the file, or an access entry, which has none.
type Principal struct {
	access.Entrant
	Start manifest.Position
	// MaybeAdmin is set where the identity is Random and one that may win is an admin.
	MaybeAdmin bool
}

// Note says that something in a file could not be checked, or does nothing, and what to do about it.
type Note struct {
	File string
	// Start is the place in the file, zero where the note is about the file as a whole.
	Start manifest.Position
	// What was not checked, "" where all was and there is something to say all the same.
	What    manifest.Unchecked
	Message string
}

// Finding is something that a rule says about a place in a file.
type Finding struct {
	Rule string
	// Level says how grave the policy takes it: an error or a warning.
	Level  validate.Level
	Action validate.Action
	File   string
	// Start and End are the range in the file, End after its last character; zero where it is about no line of the file.
	Start, End manifest.Position
	// Resource is what another tool calls the thing that holds the map, or "".
	Resource string
	// Section is the data key, or "".
	Section awsauth.Key
	// Entry is the index of the item, counted from 0, or -1.
	Entry int
	// Message is all that the finding says, in one line: what is wrong, what to do about it, and why the guard does not do it.
	Message string
	// Remedy and NotRepaired are the last two by themselves, "" where there is nothing to say.
	Remedy, NotRepaired string
	// Docs is the address of the rule's page.
	Docs string
	// Fix is nil where there is none.
	Fix *Fix
	// Excerpt is the source line of Start.
	Excerpt Excerpt
}

func (f *Finding) rename(say func(string) string) {
	f.Message, f.Remedy, f.NotRepaired = say(f.Message), say(f.Remedy), say(f.NotRepaired)
}

// Ignored is a finding that a comment asks to pass over.
type Ignored struct {
	Finding
	// Reason is what the comment gives.
	Reason string
}

// Fix is a repair in places of the file.
type Fix struct {
	Applicability validate.Applicability
	// Summary says what changes in a few words.
	Summary string
	// Edits in ascending order. They do not overlap.
	Edits []Edit
	// Before holds the source lines that change, from the first to the last. What is marked is what changes.
	Before Excerpt
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

// Sort brings all lists into the order of files and places.
func (r *Report) Sort() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return comparePlaces(a.File, b.File, a.Start, b.Start) })
	slices.SortStableFunc(r.Ignored, func(a, b Ignored) int { return comparePlaces(a.File, b.File, a.Start, b.Start) })
	slices.SortStableFunc(r.Notes, func(a, b Note) int { return comparePlaces(a.File, b.File, a.Start, b.Start) })
	slices.SortStableFunc(r.Maps, func(a, b Map) int { return comparePlaces(a.File, b.File, a.Start, b.Start) })
}

func comparePlaces(fileA, fileB string, a, b manifest.Position) int {
	return cmp.Or(cmp.Compare(fileA, fileB), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
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
