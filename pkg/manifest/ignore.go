package manifest

import (
	"regexp"
	"strings"
)

// Ignore is a comment that asks lint to pass over the findings of some rules in one line:
//
//	# aws-auth-guard: ignore RULE[, RULE] -- REASON
type Ignore struct {
	// Rules as they are written.
	Rules []string
	// Reason is empty where there is none.
	Reason string
	// At is the comment, and For the line that it speaks of: its own, or the next where it stands alone.
	At, For Span
}

// addressed begins every comment to us.
const addressed = "aws-auth-guard:"

// ignoring takes a comment apart: the rules, and the reason.
var ignoring = regexp.MustCompile(`^#+[ \t]*` + addressed + `[ \t]*ignore\b[ \t:]*(.*?)(?:--[ \t]*(.*?))?[ \t]*$`)

// Ignores finds the comments in the manifest and in the texts of its maps, each once.
func (f *File) Ignores() []Ignore {
	if !strings.Contains(f.Text, addressed) {
		return nil
	}
	found := ignoresIn(f.Text)
	known := map[int]bool{}
	for _, i := range found {
		known[i.At.Start] = true
	}
	// Of a text in quotes, as in JSON, the comments are not the manifest's own.
	for _, d := range f.Documents {
		for key, value := range d.Data {
			for _, i := range ignoresIn(value) {
				i.At, i.For = d.Span(key, i.At), d.Span(key, i.For)
				if !known[i.At.Start] {
					found = append(found, i)
				}
			}
		}
	}
	return found
}

// Covers reports whether a finding of a rule that begins at an offset is to be passed over.
func (i *Ignore) Covers(rule string, offset int) bool {
	if i.Reason == "" || offset < i.For.Start || offset > i.For.End {
		return false
	}
	for _, r := range i.Rules {
		if r == rule {
			return true
		}
	}
	return false
}

// ignoresIn finds the comments of one text.
func ignoresIn(text string) []Ignore {
	var found []Ignore
	// waiting are the comments that stand alone and wait for their line.
	waiting, start := 0, 0
	for line := range strings.Lines(text) {
		bare := strings.TrimRight(line, "\r\n")
		at := comment(bare)
		alone := at >= 0 && strings.TrimSpace(bare[:at]) == ""
		if !alone {
			for ; waiting > 0; waiting-- {
				found[len(found)-waiting].For = Span{Start: start, End: start + len(bare)}
			}
		}
		if at >= 0 {
			if m := ignoring.FindStringSubmatch(bare[at:]); m != nil {
				found = append(found, Ignore{
					Rules: strings.FieldsFunc(m[1], func(r rune) bool { return strings.ContainsRune(", \t", r) }), Reason: strings.TrimSpace(m[2]),
					At: Span{Start: start + at, End: start + len(bare)}, For: Span{Start: start, End: start + len(bare)},
				})
				if alone {
					waiting++
				}
			}
		}
		start += len(line)
	}
	return found
}

// comment is where the comment of a line begins, -1 where it has none: a # at its start or after a blank, outside quotes.
func comment(line string) int {
	var quote byte
	for i := range len(line) {
		switch c := line[i]; {
		case quote == '"' && c == '"' && line[i-1] != '\\', quote == '\'' && c == '\'':
			quote = 0
		case quote != 0:
		case (c == '"' || c == '\'') && (i == 0 || strings.IndexByte(" \t[{,", line[i-1]) >= 0):
			quote = c
		case c == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t'):
			return i
		}
	}
	return -1
}
