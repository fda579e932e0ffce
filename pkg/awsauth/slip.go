package awsauth

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// MeantBefore are the readings of the document that an edit turns into the next one, Meant first. Where one character is the
// first or the last thing that the edit changes, and that alone turns a broken text into one that is not, the text with that
// change is the second: what it grants, the broken one meant as well. The change brings in no letter or digit and leaves
// comments alone, so it names nothing new.
func (d *Document) MeantBefore(next *Document) []*Document {
	meant := []*Document{d.Meant()}
	if next == nil {
		return meant
	}
	data, found := map[string]string{}, false
	for _, s := range d.Sections() {
		if !s.Present {
			continue
		}
		data[string(s.Key)] = s.Text
		if n := next.Section(s.Key); n.Text != s.Text {
			if fixed, ok := s.slipFixed(n.Text); ok {
				data[string(s.Key)], found = fixed, true
			}
		}
	}
	if found {
		meant = append(meant, Read(data).Meant())
	}
	return meant
}

// slipFixed is the text with that one of its changes that fixes it.
func (s *Section) slipFixed(next string) (string, bool) {
	faults := s.faults()
	if faults == 0 {
		return "", false
	}
	var texts []string
	before := alike(s.Text, next)
	for _, c := range slipsBetween(s.Text, next) {
		if text := s.Text[:c.start] + c.new + s.Text[c.end:]; c.isInnocent(s.Text) && alike(text, next) > before {
			texts = append(texts, text)
		}
	}
	// That which leaves the least to change is the one that was made.
	slices.SortStableFunc(texts, func(a, b string) int { return alike(b, next) - alike(a, next) })
	for _, text := range texts {
		if newPiece(s.Key, text).faults() < faults {
			return text, true
		}
	}
	return "", false
}

// alike are the bytes that two texts share at their beginning and at their end.
func alike(a, b string) int {
	if a == b {
		return 2 * len(a)
	}
	first, last := shared(a, b)
	return first + last
}

// shared are the lengths of what two texts have in common at their beginning and at their end.
func shared(a, b string) (first, last int) {
	for first < len(a) && first < len(b) && a[first] == b[first] {
		first++
	}
	for last < len(a) && last < len(b) && a[len(a)-1-last] == b[len(b)-1-last] {
		last++
	}
	return first, last
}

// lost are the faults of a text that gives no list at all.
const lost = 1 << 30

// faults counts what of the text was read otherwise than it looks. Where the list is lost, that is all there is.
func (s *Section) faults() int {
	switch {
	case s.Blank || !s.Present:
		return 0
	case s.Discarded():
		return lost
	case s.isPlain() && !slices.ContainsFunc(s.Entries, (*Entry).dashInGroup):
		return 0
	}
	n := 0
	for _, a := range s.Accounts {
		if !a.Valid {
			n++
		}
	}
	for _, e := range s.Entries {
		n += e.faults()
	}
	return n
}

// dashInside tells two items on one line.
var dashInside = regexp.MustCompile(`\s-`)

func (e *Entry) dashInGroup() bool { return slices.ContainsFunc(e.Groups, dashInside.MatchString) }

func (e *Entry) faults() int {
	if e.Shape() != Mapping {
		return 1
	}
	n, unknown := 0, false
	seen := map[string]bool{}
	if e.garbled() {
		n++
	}
	for _, f := range e.Fields() {
		switch known := e.Section.known(f.Name); {
		case known == e.ARNField() && f.Shape() != String, known == FieldUsername && f.Shape() == Null, known == "" && e.brokenKey(f.Name):
			n++
		case known == "":
			unknown = true
		case seen[known]:
			n++ // Two entries, merged into one.
		default:
			seen[known] = true
		}
	}
	if e.ARN == "" && e.SSO == nil && !unknown {
		n++ // What is torn off the entry before it.
	}
	for i, g := range e.Groups {
		if node := e.GroupNode(i); dashInside.MatchString(g) && node != nil && node.Kind == yaml.ScalarNode && node.Style == 0 {
			n++
		}
	}
	return n
}

// keyMarks are what parts a key from what stands beside it.
const keyMarks = "\"':"

// brokenKey reports the name of a field with a quote or a colon in it, or of signs alone.
func (e *Entry) brokenKey(name string) bool {
	if name != "" && name != "<<" && !strings.ContainsFunc(name, isNameRune) {
		return true
	}
	switch quoted, colon := strings.ContainsAny(name, "\"'"), strings.Contains(name, ":"); {
	case quoted && colon:
		return true // It holds the value as well.
	case !quoted && !colon:
		return false
	}
	isMark := func(r rune) bool { return strings.ContainsRune(keyMarks, r) }
	parts := append(strings.FieldsFunc(name, isMark), strings.Join(strings.FieldsFunc(name, isMark), ""))
	return slices.ContainsFunc(parts, func(p string) bool { return e.Section.known(strings.TrimSpace(p)) != "" })
}

// slip is one change of a text, by at most one character.
type slip struct {
	start, end int
	new        string
}

// slipsBetween are the changes that can be the first or the last one between two texts.
func slipsBetween(old, next string) []slip {
	first, last := shared(old, next)
	oldEnd, nextEnd := len(old)-last, len(next)-last
	for first > 0 && (first < len(old) && !utf8.RuneStart(old[first]) || first < len(next) && !utf8.RuneStart(next[first])) {
		first--
	}
	for oldEnd < len(old) && nextEnd < len(next) && !utf8.RuneStart(old[oldEnd]) {
		oldEnd++
		nextEnd++
	}
	_, gone := utf8.DecodeRuneInString(old[first:])
	_, here := utf8.DecodeRuneInString(next[first:])
	_, goneLast := utf8.DecodeLastRuneInString(old[:oldEnd])
	_, hereLast := utf8.DecodeLastRuneInString(next[:nextEnd])
	_, second := utf8.DecodeRuneInString(old[first+gone:])
	_, secondLast := utf8.DecodeLastRuneInString(old[:oldEnd-goneLast])
	return []slip{
		{first, first + gone, ""},
		{first, first, next[first : first+here]},
		{first, first + gone, next[first : first+here]},
		{first, first + gone + second, old[first+gone:first+gone+second] + old[first:first+gone]},
		{oldEnd - goneLast, oldEnd, ""},
		{oldEnd, oldEnd, next[nextEnd-hereLast : nextEnd]},
		{oldEnd - goneLast, oldEnd, next[nextEnd-hereLast : nextEnd]},
		{oldEnd - goneLast - secondLast, oldEnd, old[oldEnd-goneLast:oldEnd] + old[oldEnd-goneLast-secondLast:oldEnd-goneLast]},
	}
}

// isInnocent reports a change that can't name anybody or anything that the text did not: it writes no letter or digit, and
// no comment and no end of a document is touched by it.
func (c slip) isInnocent(text string) bool {
	gone := text[c.start:c.end]
	if c.new == gone || strings.ContainsRune(gone+c.new, '#') ||
		utf8.RuneCountInString(c.new) < 2 && strings.ContainsFunc(c.new, isNameRune) {
		return false
	}
	from := lineStart(text, c.start)
	to := len(text)
	if n := strings.IndexAny(text[c.end:], "\n\r"); n >= 0 {
		to = c.end + n
	}
	before, after := text[from:to], text[from:c.start]+c.new+text[c.end:to]
	return comments(before) == comments(after) && !anyDocumentEnd(before)
}

func isNameRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// comments are the comments of some lines.
func comments(text string) string {
	var found []string
	for line := range strings.FieldsFuncSeq(text, isLineBreak) {
		if comment := line[len(withoutComment(line)):]; comment != "" {
			found = append(found, comment)
		}
	}
	return strings.Join(found, "\n")
}

func anyDocumentEnd(text string) bool {
	for line := range strings.FieldsFuncSeq(text, isLineBreak) {
		if documentEnd.MatchString(line) {
			return true
		}
	}
	return false
}

func isLineBreak(r rune) bool { return r == '\n' || r == '\r' }
