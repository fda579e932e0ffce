package manifest

import (
	"sort"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

// The rules that judge the manifest around the data.
const (
	RuleSyntax = "manifest-syntax"
	RuleShape  = "manifest-shape"
	// RuleWanted reports what objects of controllers will do to mappings, and what EKS will refuse of them.
	RuleWanted = "wanted-entry"
	// RuleIgnore reports comments that were to ignore findings and do not.
	RuleIgnore = "ignore-comment"
)

// Span is a half-open range of byte offsets.
type Span = yamlpos.Span

// Position is a 1-based line and column, the column in Unicode code points.
type Position = yamlpos.Position

// File is the text of one file and what it holds. It is not safe for concurrent use.
type File struct {
	// Name is what the file is called in reports.
	Name string
	Text string
	// Documents are the aws-auth documents in the order of the text.
	Documents []*Document
	// Problems are what is wrong with the manifests themselves, in the order of the text.
	Problems []Problem
	// Notes say what could not be checked, and why.
	Notes []Note

	lines *yamlpos.File
	found bool
	// carriers are the kinds of file that it may be.
	carriers []carrier
	// origin of the text, if the file itself does not show it.
	origin origin
	// values is set where the text is the values of a chart.
	values bool
	// aim is what the text is a patch of.
	aim aim
	// role is what a kustomization takes the text for.
	role role
	// folder is that of the file, "" where the text comes from elsewhere.
	folder string
	// taken are the locals of other files that were read. besideAnother is set where only these are asked for.
	taken         map[string]bool
	besideAnother bool
	// Beside are the paths of files that the file takes the map from, or a part of it.
	Beside []string
	// givenNamespace is where a tool puts objects that name no namespace, "" where it does not say.
	givenNamespace string
	// pieces are what the text is put together from, nil for a file as it is stored.
	pieces *fragments
	// decoded counts the bytes that came of base64.
	decoded int
	// last is the line that was asked for last.
	last struct {
		line int
		span Span
	}
}

// Problem is something wrong with a manifest around its data.
type Problem struct {
	// Rule is RuleSyntax or RuleShape.
	Rule string
	// Span is the range of the file that the problem is about.
	Span Span
	// Section is the data key that the problem is about, or "".
	Section awsauth.Key
	// Resource is that of the document.
	Resource string
	// What says what kubectl and EKS do with the file, Remedy what to write or do instead.
	What, Remedy string
}

// Message is all that the problem says, in one line.
func (p *Problem) Message() string { return p.What + "; " + p.Remedy }

// Document is one aws-auth ConfigMap, or a bare data section of one.
type Document struct {
	// Data holds the texts of all data keys.
	Data map[string]string
	// BinaryData holds the keys of binaryData and what could be decoded of their values.
	BinaryData map[string][]byte
	// Immutable is the field of the ConfigMap of that name.
	Immutable bool
	// Resource is what another tool calls the thing that holds the map: the address of a Terraform resource, the logical id of
	// CloudFormation. It is "" where nothing but the place in the file tells maps apart.
	Resource string
	// Whole is set where this is the ConfigMap itself, or its data: all that the map has. What other tools keep can be a part of it.
	Whole bool
	// Edit is what a plan does to the map, nil where the file is no plan, or the plan makes the map or leaves it as it is.
	Edit *PlannedEdit

	at Span
	// section is where data stands, if it does.
	section struct{ key, value Span }
	values  map[string]locator
	keys    map[string]Span
	lines   map[string]*yamlpos.File
	// tokens are the parts of the values that another tool fills in later, each once.
	tokens []filled
	// masked are the texts with letters in their place, nil where there are none.
	masked map[string]string
	// index finds the tokens in texts, nil until something asks.
	index *masks
	// replaced is what a kustomization puts into the values, or may.
	replaced []replacement
	// ignored is set where EKS does not read the map because of its name or namespace, and misplaced where that is certain: a
	// namespace that is not given is chosen by whoever applies the file.
	ignored, misplaced bool
}

// Misplaced reports whether the file itself puts the map where EKS reads nothing: into another namespace, or under another name.
func (d *Document) Misplaced() bool { return d.misplaced }

// PlannedEdit is an edit of the map that a file announces. What the map will be is in the document.
type PlannedEdit struct {
	// Data and BinaryData are the map before it.
	Data       map[string]string
	BinaryData map[string][]byte
	// Deletes is set where the whole ConfigMap goes.
	Deletes bool
	// Takes are keys that go, whatever they hold, where a patch does not tell what the map was before.
	Takes []awsauth.Key
}

// Read finds the aws-auth documents of a text that somebody named. It never fails: what can't be read is reported by
// Problems.
func Read(name, text string) *File { return read(name, text, false) }

// Scan is Read for a file that was found in a folder: what does not speak of aws-auth is not even parsed there, so that
// nothing is said about other people's files.
func Scan(name, text string) *File { return read(name, text, true) }

// Shown is Read for a text that shows an object of a cluster: what looks like a template there is text, and it is a ConfigMap and
// no other kind of file, so that programs that read nothing else don't hold the other readers.
func Shown(name, text string) *File {
	return readInto(&File{Name: name, Text: text, origin: live, carriers: []carrier{configMapCarrier()}})
}

// Rendered is Read for what Helm makes of a template, for a release in a namespace, "" where that is not known.
func Rendered(name, text, namespace string) *File {
	return readInto(&File{Name: name, Text: text, found: true, origin: rendered, carriers: carriers(), givenNamespace: namespace})
}

func read(name, text string, found bool) *File {
	return readInto(&File{Name: name, Text: text, found: found, origin: written, carriers: carriers()})
}

// reread reads another text in the place of the file's.
func (f *File) reread(text string) *File {
	return readInto(&File{
		Name: f.Name, Text: text, found: f.found, origin: f.origin, carriers: f.carriers, values: f.values, aim: f.aim, givenNamespace: f.givenNamespace,
		role: f.role, folder: f.folder,
	})
}

func readInto(f *File) *File {
	text, found := f.Text, f.found
	f.lines = &yamlpos.File{Text: text}
	if f.inRole() || f.carryFile() {
		return f
	}
	chunks, halts := split(text)
	for _, h := range halts {
		if f.isManifest() && (!found || speaksOfAWSAuth(text)) {
			f.problem(RuleSyntax, Span{Start: h.at, End: lineInk(text, h.at)}, "", h.what, h.remedy)
		}
	}
	for _, c := range chunks {
		f.readChunk(c)
	}
	sort.SliceStable(f.Problems, func(i, j int) bool { return f.Problems[i].Span.Start < f.Problems[j].Span.Start })
	return f
}

// Position of a byte offset of the file.
func (f *File) Position(offset int) Position { return f.lines.Position(offset) }

// Line is the range of the 1-based line without its break.
func (f *File) Line(line int) Span {
	// Findings come line by line, and a map in JSON is one long line.
	if f.last.line == line {
		return f.last.span
	}
	start, ok := f.lines.Offset(Position{Line: line, Column: 1})
	if !ok {
		return Span{Start: len(f.Text), End: len(f.Text)}
	}
	end := len(f.Text)
	if i := strings.IndexAny(f.Text[start:], "\r\n"); i >= 0 {
		end = start + i
	}
	f.last.line, f.last.span = line, Span{Start: start, End: end}
	return f.last.span
}

func (f *File) problem(rule string, span Span, section awsauth.Key, what, remedy string) {
	f.Problems = append(f.Problems, Problem{Rule: rule, Span: span, Section: section, What: what, Remedy: remedy})
}

// Start is where the document begins in the file.
func (d *Document) Start() int { return d.at.Start }

// KeySpan is the place of a key of data or binaryData in the file, or an empty range where the document begins.
func (d *Document) KeySpan(key string) Span {
	if s, ok := d.keys[key]; ok {
		return s
	}
	return Span{Start: d.at.Start, End: d.at.Start}
}

// Span maps a range of a data value to the file. Where the bytes do not stand there as they are (an escape, a folded
// line) it gives the nearest place; of a value that can't be located, the place where it begins.
func (d *Document) Span(key string, in Span) Span {
	v := d.values[key]
	if v == nil {
		return d.KeySpan(key)
	}
	return v.span(in)
}

// Line is the offset in the file at which a line of a data value, counted from 1, begins; false where the value has no
// such line.
func (d *Document) Line(key string, line int) (int, bool) {
	if d.lines[key] == nil {
		d.lines[key] = &yamlpos.File{Text: d.Data[key]}
	}
	at, ok := d.lines[key].Offset(Position{Line: line, Column: 1})
	if !ok {
		return 0, false
	}
	return d.Span(key, Span{Start: at, End: at}).Start, true
}
