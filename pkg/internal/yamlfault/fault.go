package yamlfault

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/splice"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
)

// Edit replaces a part of the text.
type Edit = splice.Edit

// Move says how far lines have to move, left or right.
type Move struct {
	// From and To are columns, counted from 1.
	From, To int
	// Lines is how many lines move.
	Lines int
}

// Fault is the place where a text stops being YAML.
type Fault struct {
	// Span is where somebody has to type.
	yamlpos.Span
	// Saw says what stands there, Advice what to write; both are empty where no change fixes the text.
	Saw, Advice string
	// Move is set, in place of both, where lines only stand in the wrong column.
	Move *Move
	// Edits fix the text, in ascending order.
	Edits []Edit
}

// Words say what stands there and what to write; the second is "" where no change fixes the text.
func (f *Fault) Words() (saw, remedy string) {
	if f.Move != nil {
		return f.Move.words()
	}
	return f.Saw, f.Advice
}

// Reader reads a text. The sense says how much of what was read is what such a text should hold: of two changes after
// which the text is YAML, the one that gives more sense is what somebody meant.
type Reader func(text string) (sense int, err error)

// maxRead bounds in bytes how much text is read in search of one fault.
const maxRead = 2 << 20

// maxTries bounds how many changes are tried, in the order of what they cost.
const maxTries = 250

// Find finds the fault of a text that read fails on. The line is the one that the reader names, counted from 1, or 0.
func Find(text string, line int, read Reader) Fault {
	f := &finder{text: text, lines: split(text), read: read, budget: max(maxRead, 4*len(text))}
	if fault, ok := f.flow(); ok && len(fault.Edits) > 0 {
		if fixed, err := splice.Apply(text, fault.Edits); err == nil {
			if _, failed := f.fails(fixed); !failed {
				return fault
			}
		}
	}
	f.broken = f.firstBroken(line)
	f.candidates()
	slices.SortStableFunc(f.all, func(a, b candidate) int { return a.cost - b.cost })
	f.all = f.all[:min(len(f.all), maxTries)]
	best := f.best(f.whole)
	if best == nil {
		best = f.best(f.farther)
	}
	if best == nil {
		l := f.lines[f.broken]
		return Fault{Span: yamlpos.Span{Start: l.ink, End: l.end}}
	}
	return best.Fault
}

// candidate is a change that may fix the text.
type candidate struct {
	Fault
	// cost says how much it changes.
	cost int
	// end is where its last edit ends.
	end int
	// edits makes the Edits when they are first asked for, nil where they are there: a long text has many lines to move.
	edits func() []Edit
}

// merit is how good a candidate is: what it reaches, and what sense that makes.
type merit struct{ reach, sense int }

type finder struct {
	text  string
	lines []line
	// broken is the index of the first line that can't continue what stands before it.
	broken int
	// before is the sense of what stands before that line.
	before int
	read   Reader
	budget int
	all    []candidate
}

// line is one line of the text: where it begins, where its first character that is no blank stands, and where its text and
// its break end.
type line struct {
	start, ink, end, next int
	// void lines are empty or comments.
	void bool
}

func (l line) indent() int { return l.ink - l.start }

func split(text string) []line {
	starts := yamlpos.LineStarts(text)
	lines := make([]line, 0, len(starts))
	for i, start := range starts {
		next := len(text)
		if i+1 < len(starts) {
			next = starts[i+1]
		}
		body := strings.TrimRight(text[start:next], "\r\n")
		ink := start + len(body) - len(strings.TrimLeft(body, " "))
		end := max(ink, start+len(strings.TrimRight(body, " \t")))
		lines = append(lines, line{start: start, ink: ink, end: end, next: next, void: ink == end || text[ink] == '#'})
	}
	return lines
}

// fails reports whether a text can't be read; what is too much to try fails.
func (f *finder) fails(text string) (sense int, failed bool) {
	if f.budget -= len(text); f.budget < 0 {
		return 0, true
	}
	sense, err := f.read(text)
	return sense, err != nil
}

// firstBroken finds the first line after which no beginning of the text can be read. Readers look ahead, so they may name a
// later one, and count some lines wrong.
func (f *finder) firstBroken(named int) int {
	last := len(f.lines) - 1
	if named == 0 {
		// Such errors are of the characters of the text, so all that is longer has them too.
		return min(last, sort.Search(len(f.lines), func(i int) bool {
			_, failed := f.fails(f.text[:f.lines[i].next])
			return failed
		}))
	}
	from := min(last, named+1)
	for i := from; i > 0; i-- {
		if f.lines[i-1].void && i > 1 {
			continue
		}
		if sense, failed := f.fails(f.text[:f.lines[i-1].next]); !failed {
			f.before = sense
			return f.inked(i)
		}
		if f.budget < 0 {
			return f.inked(min(last, max(named-1, 0)))
		}
	}
	return f.inked(0)
}

// inked is the first line from i on that is not void, or i.
func (f *finder) inked(i int) int {
	for j := i; j < len(f.lines); j++ {
		if !f.lines[j].void {
			return j
		}
	}
	return i
}

func (f *finder) add(c candidate) {
	if len(c.Edits) > 0 {
		c.end = c.Edits[len(c.Edits)-1].End
	}
	f.all = append(f.all, c)
}

// apply gives the text with the candidate's edits.
func (c *candidate) apply(text string) string {
	if c.edits != nil {
		c.Edits, c.edits = c.edits(), nil
	}
	changed, err := splice.Apply(text, c.Edits)
	if err != nil {
		return text
	}
	return changed
}

// best is the best candidate by a measure, nil where none is any good. They are tried in the order of their costs; of two that
// are equal the cheaper one counts, and what costs much more than one that is good is not tried.
func (f *finder) best(measure func(*candidate) (merit, bool)) *candidate {
	var best *candidate
	var most merit
	for i := range f.all {
		c := &f.all[i]
		if f.budget < 0 || best != nil && most.sense > f.before && c.cost > costlier*best.cost+costlier*costMove {
			break
		}
		m, ok := measure(c)
		if order := cmp.Or(cmp.Compare(m.reach, most.reach), cmp.Compare(m.sense, most.sense)); ok && (best == nil || order > 0) {
			best, most = c, m
		}
	}
	return best
}

// costlier is how many times as much as the best candidate another may cost.
const costlier = 5

// whole takes candidates with which all of the text can be read.
func (f *finder) whole(c *candidate) (merit, bool) {
	sense, failed := f.fails(c.apply(f.text))
	return merit{sense: sense}, !failed
}

// costFarther bounds what a change costs that leaves other faults in the text.
const costFarther = 60

// beyond are the lines after the fault up to which a text with more than one is read.
var beyond = [...]int{1, 2, 3, 5, 8}

// farther takes candidates with which the text can be read farther than without.
func (f *finder) farther(c *candidate) (merit, bool) {
	var m merit
	if c.cost > costFarther {
		return m, false
	}
	for i, n := range beyond {
		if f.broken+n >= len(f.lines) {
			break
		}
		end := f.lines[f.broken+n].start
		if c.end > end {
			continue
		}
		if sense, failed := f.fails(c.apply(f.text[:end])); !failed {
			m = merit{reach: i + 1, sense: sense}
		}
	}
	return m, m.reach > 0
}

// above are the indexes of lines with text, going up from one, that one first.
func (f *finder) above(i, n int) []int {
	var found []int
	for ; i >= 0 && len(found) < n; i-- {
		if !f.lines[i].void {
			found = append(found, i)
		}
	}
	return found
}
