package awsauth

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Meant is the document with what can still be read of its broken parts. A list that is lost has the entries that its
// text names, and an entry with a value of a wrong type, or with two groups merged into one, is followed by the same
// entry as somebody meant it. The authenticator reads none of that: it shows what a repair does not newly grant.
// What stands after the end of the first YAML document is left out, and so is an entry without its ARN: these
// were dead, however the text is repaired. The entries of Meant have no meaningful place. A document without such
// parts is its own Meant.
func (d *Document) Meant() *Document {
	if d.meant == nil {
		roles, users, accounts := d.Roles.meant(), d.Users.meant(), d.Accounts.meantAccounts()
		d.meant = d
		if roles != d.Roles || users != d.Users || accounts != d.Accounts {
			d.meant = &Document{Roles: roles, Users: users, Accounts: accounts, OtherKeys: d.OtherKeys, BinaryKeys: d.BinaryKeys, Immutable: d.Immutable}
			d.meant.meant = d.meant
		}
	}
	return d.meant
}

// meant is the section itself where nothing is broken in it.
func (s *Section) meant() *Section {
	switch {
	case s.Discarded():
		return s.holding(recoverEntries(s.Key, s.Text))
	case s.Blank || len(s.Entries) == 0 || s.isPlain():
		return s
	}
	entries, found := make([]*Entry, 0, len(s.Entries)), false
	for i, e := range s.Entries {
		entries = append(entries, e)
		if e.Valid && e.garbled() {
			found = true
			entries = append(entries, scan(s.Key, s.Text[lineStart(s.Text, e.Span().Start):s.endOf(i)])...)
		}
	}
	if !found {
		return s
	}
	return s.holding(entries)
}

func (s *Section) meantAccounts() *Section {
	if !s.Discarded() {
		return s
	}
	m := &Section{Key: s.Key, Present: s.Present, Text: s.Text, Shape: List}
	for _, number := range accountNumber.FindAllString(firstDocument(lineBreaks.Replace(s.Text)), maxRecovered) {
		m.Accounts = append(m.Accounts, &Account{Section: m, Index: len(m.Accounts), Valid: true, Value: number})
	}
	return m
}

var accountNumber = regexp.MustCompile(`\b[0-9]{12}\b`)

// holding is a section that holds copies of the entries.
func (s *Section) holding(entries []*Entry) *Section {
	m := &Section{Key: s.Key, Present: s.Present, Text: s.Text, Shape: List}
	for _, e := range entries {
		c := *e
		c.Section, c.Index = m, len(m.Entries)
		m.Entries = append(m.Entries, &c)
	}
	return m
}

// endOf is the end of what belongs to the i-th entry: the items after it that are no mappings were meant to be in it. What
// follows the first document was dead, however broken the last entry is.
func (s *Section) endOf(i int) int {
	for _, next := range s.Entries[i+1:] {
		if next.Shape() == Mapping {
			return lineStart(s.Text, next.Span().Start)
		}
	}
	if at, ok := s.Trailing(); ok {
		return max(at, s.Entries[i].Span().Start)
	}
	return len(s.Text)
}

func lineStart(text string, at int) int { return strings.LastIndexAny(text[:at], "\n\r") + 1 }

// garbled reports that a value of the entry was read as something else than the text shows.
func (e *Entry) garbled() bool {
	if f := e.Field(FieldUsername); e.Username == "" && f != nil && f.Shape() != String && f.Shape() != Null {
		return true
	}
	f := e.Field(FieldGroups)
	if f == nil {
		return false
	}
	if f.Shape() != List {
		return f.Shape() != Null || e.Index+1 < len(e.Section.Entries) && e.Section.Entries[e.Index+1].Shape() != Mapping
	}
	for i, g := range e.Groups {
		n := e.GroupNode(i)
		if g == "" && ShapeOf(n) != String || n != nil && n.Kind == yaml.ScalarNode && n.Style == 0 && e.overLines(n) {
			return true
		}
	}
	return false
}

func (e *Entry) overLines(n *yaml.Node) bool {
	span, ok := e.Section.NodeSpan(n)
	return ok && strings.ContainsAny(e.Section.Text[span.Start:span.End], "\n\r")
}

// entryStart is a line at which an entry begins, in block style.
var entryStart = regexp.MustCompile(`(?mi)^([^\S\n]*)-[ \t]+(?:["']?(?:rolearn|userarn|username|groups|userid)["']?[ \t]*:|\{(?:[^{]|$))`)

// lineBreaks makes all line breaks of YAML 1.1 plain ones.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// oddIndent is indentation with blanks that YAML takes for text.
var oddIndent = regexp.MustCompile(`(?m)^[ \t]*[\p{Zs}\x{feff}\x{200b}][\p{Zs}\x{feff}\x{200b}\t]*`)

// maxRecovered bounds the pieces that are read one by one.
const maxRecovered = 10_000

// recoverEntries reads what can still be read of a text whose list is lost: each piece from one entry's dash to the next by
// itself, as the authenticator would, and line by line where that fails.
func recoverEntries(key Key, text string) []*Entry {
	text = oddIndent.ReplaceAllStringFunc(firstDocument(lineBreaks.Replace(unquoted(text))), func(blanks string) string {
		return strings.Repeat(" ", utf8.RuneCountInString(blanks))
	})
	anchors := map[string][]string{}
	all := scanWith(key, text, anchors)
	starts := entryStart.FindAllStringSubmatchIndex(text, maxRecovered)
	if len(starts) == 0 {
		return all
	}
	entries := scan(key, text[:starts[0][0]])
	base := baseColumn(text, starts)
	for i, m := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		if m[3]-m[2] < base && !strings.Contains(text[m[2]:m[3]], "\t") {
			break // An item further left ends the document: it was dead.
		}
		piece := text[m[0]:end]
		read := newPiece(key, dedent(piece, m[3]-m[2]))
		if read.Discarded() || len(read.Entries) == 0 {
			entries = append(entries, scanWith(key, piece, anchors)...)
			continue
		}
		for _, e := range read.meant().Entries {
			if e.Valid && e.ARN != "" {
				entries = append(entries, e)
			}
		}
	}
	return entries
}

func newPiece(key Key, text string) *Section {
	return Read(map[string]string{string(key): text}).Section(key)
}

// unquoted is the text inside, where somebody put a whole list into quotes.
func unquoted(text string) string {
	var inside string
	if trimmed := strings.TrimSpace(text); trimmed == "" || !strings.ContainsRune(`"'`, rune(trimmed[0])) || yaml.Unmarshal([]byte(trimmed), &inside) != nil {
		return text
	}
	return inside
}

// documentEnd is a line that ends a YAML document.
var documentEnd = regexp.MustCompile(`^(?:---|\.\.\.)(?:\s|$)`)

// noContent is a line that can come before the first document: empty, a comment, a directive or a marker, or the data
// key inside its own value.
var noContent = regexp.MustCompile(`^\s*(?:[#%].*|(?:---|\.\.\.)\s*|(?:map(?:Roles|Users|Accounts)\s*:)?\s*[|>]?[+-]?\s*)$`)

// firstDocument cuts the text at the first document marker after something else than that.
func firstDocument(text string) string {
	at, begun := 0, false
	for line := range strings.Lines(text) {
		if begun && documentEnd.MatchString(line) {
			return text[:at]
		}
		begun = begun || !noContent.MatchString(strings.TrimSpace(line))
		at += len(line)
	}
	return text
}

// baseColumn is where the dashes of the list stand: where the first one stands, or where the fields below it say that
// it should.
func baseColumn(text string, starts [][]int) int {
	first := starts[0]
	end := len(text)
	if len(starts) > 1 {
		end = starts[1][0]
	}
	base := first[3] - first[2]
	for line := range strings.Lines(text[first[1]:end]) {
		if m := fieldKey.FindStringSubmatchIndex(line); m != nil {
			start, _ := keySpan(m)
			if indent := strings.TrimRight(line[:start], `"'`); strings.TrimSpace(indent) == "" {
				base = min(base, max(len(indent)-len("- "), 0))
			}
		}
	}
	return base
}

// dedent takes n blanks from the beginning of each line that has them.
func dedent(text string, n int) string {
	indent := strings.Repeat(" ", n)
	lines := strings.SplitAfter(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], indent)
	}
	return strings.Join(lines, "")
}
