package validate

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/splice"
)

// Finding is one thing that a rule has to say about a document.
type Finding struct {
	Rule string
	// Section is the data key, or "" where the finding is about none of the three.
	Section awsauth.Key
	// Entry is the index of the item, counted from 0, or -1.
	Entry int
	// Field is the field of the entry as in a path: "rolearn", "groups[1]", or "".
	Field string
	// Span is the range in the section's text that the finding is about.
	Span awsauth.Span
	// What says what EKS does with the text, and where, in one line.
	What string
	// Lines are those of data values that What names, in its order.
	Lines []awsauth.Line
	// Remedy says what to write or do instead, "" where there is nothing to do.
	Remedy string
	// Related entries of any section take part in the finding: duplicates, the other holder of a name.
	Related []Ref
	// Fix is a repair, or nil. Where one was looked for and refused, Unrepaired says why.
	Fix        *Repair
	Unrepaired awsauth.Sentence
	// Touched is set by CheckEdit where the edit brought the finding in.
	Touched bool
	// Inconclusive findings rest on something that could not be found out; they warn, and refuse only under strict, and only of a
	// rule that needs the answer (Rule.NeedsAnswer).
	Inconclusive bool
	// Advisory findings warn and never refuse, whatever the action of the rule: what the edit does harms nobody.
	Advisory bool
}

// Ref names an entry.
type Ref struct {
	Section awsauth.Key
	Entry   int
}

// String writes a reference as mapRoles[2].
func (r Ref) String() string { return fmt.Sprintf("%s[%d]", r.Section, r.Entry) }

// Sentence is all that the finding says, in one line: what is wrong, what to do about it, and why the guard does not do it.
func (f *Finding) Sentence() awsauth.Sentence {
	said := awsauth.Sentence{Text: f.What, Lines: f.Lines}
	if f.Remedy != "" {
		said = awsauth.Say(said, "; ", f.Remedy)
	}
	if f.Unrepaired.Text != "" {
		said = awsauth.Say(said, "; not repaired: ", f.Unrepaired)
	}
	return said
}

// Path is the place of the finding as a field path of the ConfigMap: data.mapRoles[2].rolearn.
func (f *Finding) Path() string {
	if f.Section == "" && f.Field == FieldImmutable {
		return FieldImmutable
	}
	path := "data"
	if f.Section != "" {
		path += "." + string(f.Section)
	}
	if f.Entry >= 0 {
		path += fmt.Sprintf("[%d]", f.Entry)
	}
	if f.Field != "" {
		path += "." + f.Field
	}
	return path
}

// Applicability says who may apply a repair.
type Applicability string

const (
	// Safe repairs are applied at admission.
	Safe Applicability = "safe"
	// Suggested repairs are shown, and applied when somebody asks for them.
	Suggested Applicability = "suggested"
)

// Repair is a fix as edits of the section's text.
type Repair struct {
	Applicability Applicability
	// Summary says what changes in a few words: `removed the path "team/" from the role ARN`.
	Summary string
	// Edits do not overlap and are in ascending order.
	Edits []Edit
	// Want is what the entries must read as afterwards; all others must read as before.
	Want []Reading
}

// Edit replaces the bytes [Start, End) of the section's text.
type Edit = splice.Edit

// Reading is what a repair intends one field of one entry to read as.
type Reading struct {
	Entry int
	// Field is "arn", "username" or "groups".
	Field string
	// Value of the ARN or username.
	Value string
	// Groups is the list for the field "groups".
	Groups []string
}

// The fields of a Reading.
const (
	ReadARN      = "arn"
	ReadUsername = "username"
	ReadGroups   = "groups"
)

// Splice makes edits of a text. Edits that overlap or lie outside the text change nothing.
func Splice(text string, edits []Edit) string {
	changed, err := splice.Apply(text, edits)
	if err != nil {
		return text
	}
	return changed
}
