package yamlfault

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

const (
	// maxAbove is how many lines above the broken one may be the cause.
	maxAbove = 14
	// maxLines is how many lines are moved at most.
	maxLines = 1000
	// maxShift is how many columns lines are moved at most.
	maxShift = 8
	// costMove is what a line costs that moves; the others are what a place costs in which no other line stands.
	costMove  = 10
	oddStep   = 60
	oddColumn = 30
	// around is how far columns are looked for where lines may belong.
	around = 25
)

// words say how far the lines have to move.
func (m *Move) words() (saw, remedy string) {
	by, verb := m.To-m.From, "add %s before it"
	if by < 0 {
		by, verb = -by, "remove %s before it"
	}
	return "this line stands " + text.Count(by, "column") + map[bool]string{true: " too far to the left", false: " too far to the right"}[m.To > m.From],
		fmt.Sprintf(verb, text.Count(by, "blank")) + m.rest()
}

// Columns say the same for a reader who sees the columns.
func (m *Move) Columns() (saw, remedy string) {
	return fmt.Sprintf("this line begins in column %d", m.From), fmt.Sprintf("begin it in column %d", m.To) + m.rest()
}

func (m *Move) rest() string {
	switch m.Lines {
	case 1:
		return ""
	case 2:
		return ", and move the line below as far"
	}
	return fmt.Sprintf(", and move the %d lines below as far", m.Lines-1)
}

// moves tries other columns for lines: for one, for all that belongs to it, and for those that follow it.
func (f *finder) moves() {
	columns, usual := f.columns(), f.usual()
	for _, from := range f.above(f.broken, maxAbove) {
		indent := f.lines[from].indent()
		for _, end := range f.ends(from) {
			for column := max(0, indent-maxShift); column <= indent+maxShift; column++ {
				if column != indent && columns[column] {
					f.move(from, end, column-indent, usual)
				}
			}
		}
	}
}

// columns are those in which lines near the fault begin, or may.
func (f *finder) columns() map[int]bool {
	columns := map[int]bool{0: true}
	for i := max(0, f.broken-around); i < min(len(f.lines), f.broken+around); i++ {
		l := f.lines[i]
		if l.void {
			continue
		}
		columns[l.indent()], columns[l.indent()+2] = true, true
		columns[l.indent()+len(dashes.FindString(f.text[l.ink:l.end]))] = true
	}
	return columns
}

// usual counts how lines near the fault stand.
type usual struct {
	// steps are how far they stand to the right of the line that they belong to.
	steps map[int]int
	// dashes and others are the columns of lines with and without a dash.
	dashes, others map[int]int
}

func (f *finder) usual() usual {
	u := usual{steps: map[int]int{}, dashes: map[int]int{}, others: map[int]int{}}
	for i := max(0, f.broken-around); i < min(len(f.lines), f.broken+around); i++ {
		if l := f.lines[i]; !l.void {
			u.steps[f.step(i, l.indent())]++
			u.alike(f, i)[l.indent()]++
		}
	}
	return u
}

// alike are the columns of the lines of a kind.
func (u usual) alike(f *finder, i int) map[int]int {
	if dashes.MatchString(f.text[f.lines[i].ink:f.lines[i].end]) {
		return u.dashes
	}
	return u.others
}

// odd is what it costs that a line would stand where few others do.
func (f *finder) odd(u usual, i, column int) int {
	cost := oddColumn / (1 + u.alike(f, i)[column])
	if step := f.step(i, column); step > 0 {
		cost += oddStep / (1 + u.steps[step])
	}
	return cost
}

// step is how far a column stands to the right of the line above that a line belongs to.
func (f *finder) step(i, column int) int {
	for j := i - 1; j >= max(0, i-around); j-- {
		if l := f.lines[j]; !l.void && l.indent() < column {
			return column - l.indent()
		}
	}
	return 0
}

var (
	dashes  = regexp.MustCompile(`^(?:-[ ]+)+`)
	dashKey = regexp.MustCompile(`^-[ ]+["']?[\w.-]+["']?:(?:[ ]|$)`)
)

// ends are the indexes after the last line of what may move together with a line, each once.
func (f *finder) ends(from int) []int {
	first := f.lines[from]
	ends, entries, second := []int{from + 1}, 0, -1
	seen := map[int]bool{from + 1: true}
	add := func(end int) {
		for end > from+1 && f.lines[end-1].void {
			end--
		}
		if !seen[end] {
			seen[end] = true
			ends = append(ends, end)
		}
	}
	// Whatever is deeper belongs to it, whatever is as deep follows it.
	deeper, level := len(f.lines), len(f.lines)
	for i := from + 1; i < len(f.lines); i++ {
		l := f.lines[i]
		if l.void {
			continue
		}
		if i-from > maxLines {
			return ends
		}
		if i == f.broken {
			add(i)
		}
		if dashKey.MatchString(f.text[l.ink:l.end]) && entries < 3 {
			entries++
			add(i)
		}
		if second < 0 {
			second = l.indent()
		} else if l.indent() < second {
			second = 0
			add(i)
		}
		if l.indent() <= first.indent() && deeper == len(f.lines) {
			deeper = i
			add(deeper)
		}
		if l.indent() < first.indent() {
			level = i
			break
		}
	}
	add(deeper)
	add(level)
	return ends
}

// move adds the candidate that moves the lines by so many columns.
func (f *finder) move(from, end, by int, usual usual) {
	first, lines := f.lines[from], 0
	for _, l := range f.lines[from:end] {
		if l.ink == l.end {
			continue
		}
		if l.indent() < -by && !l.void {
			return
		}
		lines++
	}
	f.add(candidate{Fault: Fault{
		Span: yamlpos.Span{Start: first.ink, End: first.end},
		Move: &Move{From: first.indent() + 1, To: first.indent() + by + 1, Lines: lines},
	}, end: f.lines[end-1].ink, cost: costMove*lines + f.odd(usual, from, first.indent()+by), edits: func() []Edit { return f.shift(from, end, by) }})
}

// shift are the edits that move lines by so many columns.
func (f *finder) shift(from, end, by int) []Edit {
	var edits []Edit
	for _, l := range f.lines[from:end] {
		switch {
		case l.ink == l.end:
		case by > 0:
			edits = append(edits, Edit{Start: l.start, End: l.start, New: strings.Repeat(" ", by)})
		default:
			edits = append(edits, Edit{Start: l.start, End: l.start + min(-by, l.indent())})
		}
	}
	return edits
}
