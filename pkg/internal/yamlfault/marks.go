package yamlfault

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// The costs of changes to one line, next to which moving a line costs ten.
const (
	costSure  = 1
	costMark  = 5
	costQuote = 8
	costGuess = 12
)

func (f *finder) candidates() {
	f.leftovers()
	f.blankLines()
	f.tabs()
	f.lookAlikes()
	for _, i := range f.above(f.broken, 3) {
		f.quotes(i)
		f.brackets(i)
		f.needsQuotes(i)
		f.afterDash(i)
		f.empty(i)
		f.ownLine(i)
		f.block(i)
		f.tabsInside(i)
	}
	f.scriptComments()
	f.stray()
	for _, i := range f.above(f.broken, maxAbove) {
		f.colon(i, i < f.broken)
		f.dash(i)
	}
	f.moves()
}

// rewrite adds the candidate that writes a line otherwise. at is where in the line somebody has to type.
func (f *finder) rewrite(i, at int, now, saw string, cost int) {
	l := f.lines[i]
	f.add(candidate{Fault: Fault{
		Span: yamlpos.Span{Start: l.start + at, End: max(l.end, l.start+at)}, Saw: saw, Advice: "write `" + shown(now) + "`",
		Edits: []Edit{{Start: l.start, End: l.end, New: now}},
	}, cost: cost})
}

// blankLines tries to empty the lines of blanks before the first line of a block: none may be longer than that is indented.
func (f *finder) blankLines() {
	var edits []Edit
	for i := f.broken - 1; i > 0 && f.lines[i].void && f.lines[i].ink == f.lines[i].end; i-- {
		if l := f.lines[i]; l.indent() > f.lines[f.broken].indent() {
			edits = append([]Edit{{Start: l.start, End: l.end}}, edits...)
		}
	}
	if len(edits) > 0 {
		f.add(candidate{cost: costSure, Fault: Fault{
			Span: yamlpos.Span{Start: edits[0].Start, End: edits[0].End}, Edits: edits,
			Saw: "this line has more blanks than the text below is indented by", Advice: "remove the blanks",
		}})
	}
}

// maxShown bounds what advice repeats of a line, in bytes.
const maxShown = 100

func shown(line string) string { return text.Cut(strings.TrimSpace(line), maxShown) }

var leftover = regexp.MustCompile("^(?:<{7}|\\|{7}|={7}|>{7})(?: |$)|^\\s*(?:```|~~~)\\w*$|^[$%#] ?kubectl |^PS .*> ?kubectl ")

// leftovers tries to remove what merges and copying from a page leave behind.
func (f *finder) leftovers() {
	// What stands before a document can be the beginning of it, so that the next line is the one that breaks.
	var l line
	m := ""
	for i := f.broken; i >= max(0, f.broken-1) && m == ""; i-- {
		l = f.lines[i]
		m = leftover.FindString(f.text[l.start:l.end])
	}
	if m == "" {
		return
	}
	c := candidate{Fault: Fault{Span: yamlpos.Span{Start: l.ink, End: l.end}, Saw: "a mark of a text that was copied with it", Advice: "remove this line"}}
	if strings.ContainsAny(m[:1], "<|=>") {
		c.Saw, c.Advice = "this is a merge conflict", "keep one side of it, and remove the lines with <<<<<<<, ======= and >>>>>>>"
	}
	theirs := false
	for _, l := range f.lines {
		m := strings.TrimSpace(leftover.FindString(f.text[l.start:l.end]))
		switch {
		case strings.HasPrefix(m, "=") || strings.HasPrefix(m, "|"):
			theirs = true
		case m == "" && !theirs:
			continue
		case m != "":
			theirs = false
		}
		c.Edits = append(c.Edits, Edit{Start: l.start, End: l.next})
	}
	f.add(c)
}

var tabbed = regexp.MustCompile(`^[ ]*\t[ \t]*`)

// tabs tries blanks in the place of tabs: those that begin this line and the ones below it.
func (f *finder) tabs() {
	usual := f.usual()
	for _, from := range f.above(f.broken, 2) {
		end := from
		for end < len(f.lines) && tabbed.MatchString(f.text[f.lines[end].start:f.lines[end].end]) {
			end++
		}
		if end == from {
			continue
		}
		for column := range f.columns() {
			for _, wide := range []int{2, 4, 8} {
				f.untab(from, end, column, wide, usual)
			}
		}
	}
}

func (f *finder) untab(from, end, column, wide int, usual usual) {
	width := func(l line) int {
		blanks := tabbed.FindString(f.text[l.start:l.end])
		return strings.Count(blanks, " ") + wide*strings.Count(blanks, "\t")
	}
	first := f.lines[from]
	by := column - width(first)
	var edits []Edit
	for _, l := range f.lines[from:end] {
		blanks := tabbed.FindString(f.text[l.start:l.end])
		edits = append(edits, Edit{Start: l.start, End: l.start + len(blanks), New: strings.Repeat(" ", max(0, width(l)+by))})
	}
	at := first.start + strings.IndexByte(f.text[first.start:first.end], '\t')
	advice := "begin it with " + text.Count(column, "blank")
	switch n := len(edits) - 1; n {
	case 0:
	case 1:
		advice += ", and the line below with blanks too"
	default:
		advice += fmt.Sprintf(", and the %d lines below with blanks too", n)
	}
	f.add(candidate{Fault: Fault{
		Span: yamlpos.Span{Start: at, End: first.end}, Saw: "this line is indented with a tab, which YAML does not allow", Advice: advice, Edits: edits,
	}, cost: costSure + wide + f.odd(usual, from, column)})
}

// tabsInside tries blanks for tabs after a dash or a colon, and nothing for a line of tabs alone.
func (f *finder) tabsInside(i int) {
	if body := f.body(i); strings.Contains(body, "\t") {
		f.rewrite(i, strings.Index(body, "\t"), strings.ReplaceAll(body, "\t", " "), "a tab stands here", costMark)
	}
	for j := i - 1; j >= 0 && f.lines[j].void; j-- {
		l := f.lines[j]
		if all := strings.TrimRight(f.text[l.start:l.next], "\r\n"); strings.TrimSpace(all) == "" && strings.Contains(all, "\t") {
			f.add(candidate{Fault: Fault{
				Span: yamlpos.Span{Start: l.start, End: l.start + len(all)}, Saw: "this line holds a tab, which YAML does not allow here", Advice: "leave it empty",
				Edits: []Edit{{Start: l.start, End: l.start + len(all)}},
			}, cost: costSure})
		}
	}
}

// nothing is what people and tools write for an empty list.
const nothing = "(\\[\\s*\\]|\\{\\s*\\}|~|null|Null|NULL|\"\"|''|``)"

var (
	emptyLine  = regexp.MustCompile(`^[ \t]*` + nothing + `[ \t]*(?:#.*)?$`)
	emptyValue = regexp.MustCompile(`^([ \t]*["']?[\w.-]+["']?:)[ \t]+` + nothing + `[ \t]*(?:#.*)?$`)
)

// EmptyLine reports a line that is an empty value and nothing else.
func EmptyLine(line string) (value string, ok bool) {
	m := emptyLine.FindStringSubmatch(line)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// empty tries to remove an empty value with items below it.
func (f *finder) empty(i int) {
	body, l := f.body(i), f.lines[i]
	if value, ok := EmptyLine(body); ok {
		f.add(candidate{Fault: Fault{
			Span: yamlpos.Span{Start: l.ink, End: l.end}, Saw: value + " is the whole list, so nothing can follow it", Advice: "remove this " + value,
			Edits: []Edit{{Start: l.start, End: l.next}},
		}, cost: costSure})
	}
	if m := emptyValue.FindStringSubmatchIndex(body); m != nil {
		value := body[m[4]:m[5]]
		for _, now := range []string{body[:m[3]] + " |", body[:m[3]]} {
			f.rewrite(i, m[4], now, value+" is the whole value, so nothing can follow it", costSure)
		}
	}
}

// blockStart is a block scalar whose text begins on the line of its indicator.
var blockStart = regexp.MustCompile(`^([ \t]*["']?[\w.-]+["']?:[ \t]*[|>][-+]?)[ \t]+([^\s#].*)$`)

// block tries a new line after the indicator of a block.
func (f *finder) block(i int) {
	m := blockStart.FindStringSubmatchIndex(f.body(i))
	if m == nil || i+1 >= len(f.lines) {
		return
	}
	l, below := f.lines[i], f.lines[i+1].indent()
	body := f.body(i)
	if strings.HasPrefix(body[m[4]:], "- ") {
		below = max(0, below-len("- "))
	}
	f.add(candidate{Fault: Fault{
		Span: yamlpos.Span{Start: l.start + m[4], End: l.end}, Saw: "the text must begin on the line below " + strings.TrimSpace(body[m[2]:m[3]]),
		Advice: "break the line here", Edits: []Edit{{Start: l.start + m[3], End: l.start + m[4], New: "\n" + strings.Repeat(" ", below)}},
	}, cost: costMark})
}

// scriptComments tries comments of YAML for those of JavaScript.
func (f *finder) scriptComments() {
	c := candidate{Fault: Fault{Saw: "this is a comment only to JavaScript", Advice: "begin it with #"}, cost: costSure}
	for _, l := range f.lines {
		if !strings.HasPrefix(f.text[l.ink:l.end], "//") {
			continue
		}
		if len(c.Edits) == 0 {
			c.Span = yamlpos.Span{Start: l.ink, End: l.end}
		}
		c.Edits = append(c.Edits, Edit{Start: l.ink, End: l.ink + 2, New: "#"})
	}
	if len(c.Edits) > 0 {
		f.add(c)
	}
}

// stray tries to remove the line.
func (f *finder) stray() {
	l := f.lines[f.broken]
	f.add(candidate{Fault: Fault{
		Span: yamlpos.Span{Start: l.ink, End: l.end}, Saw: "this line belongs to nothing around it", Advice: "remove it, or make it a comment with #",
		Edits: []Edit{{Start: l.start, End: l.next}},
	}, cost: costMove + oddStep})
}
