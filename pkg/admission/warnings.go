package admission

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxWarning and maxWarnings bound one warning and all of them, in code points and in bytes: the API server
	// cuts warnings at 256 once there are 4096 (k8s.io/apiserver, pkg/endpoints/filters/warning.go), and other
	// webhooks want to be heard too.
	maxWarning  = 256
	maxWarnings = 3000
	// maxReason bounds what a warning repeats of an override's reason.
	maxReason = 60
	// moreReserve is kept for the last line.
	moreReserve = 64
)

// findingWarnings are the warnings about what is not refused, the worst first. Beside a refusal only what the
// same edit brings in is told.
func findingWarnings(d *Decision) []string {
	var told []Judged
	for _, j := range d.Findings {
		if !j.Refused && (j.Touched || d.Result != Refused) {
			told = append(told, j)
		}
	}
	slices.SortStableFunc(told, worst)
	lines := make([]string, 0, len(told))
	for _, j := range told {
		before := ""
		switch {
		case !j.Touched:
			before = "was there before: "
		case j.Overridden:
			before = fmt.Sprintf("overridden (%s): ", clean(d.Override.Reason, maxReason))
		case d.Exempt && j.Action != "warn":
			before = "not refused, the writer is exempt: "
		}
		lines = append(lines, warning(before+place(&j.Finding, j.Position)+": "+j.Message, j.Rule))
	}
	if d.Result != Refused {
		for _, line := range accessLines(d.Access, false) {
			lines = append(lines, clean("this edit: "+line, maxWarning))
		}
	}
	return lines
}

func repairWarnings(changes []Change) []string {
	lines := make([]string, 0, len(changes))
	for _, c := range changes {
		head, tail := "repaired "+c.Place+": ", " -> "+clean(c.New, maxShown)
		left := maxWarning - utf8.RuneCountInString(head+tail) - len(c.Rule) - len(" []")
		lines = append(lines, warning(head+clean(c.Old, left)+tail, c.Rule))
	}
	return bound(lines)
}

// warning ends a line with the rule's name, which is never cut.
func warning(text, rule string) string {
	suffix := " [" + rule + "]"
	return clean(text, maxWarning-utf8.RuneCountInString(suffix)) + suffix
}

// bound drops what was said already and what is too much, and says how much that is.
func bound(lines []string) []string {
	var kept []string
	seen := map[string]bool{}
	size, dropped := 0, 0
	for _, line := range lines {
		switch {
		case seen[line]:
			continue
		case dropped > 0 || size+len(line) > maxWarnings-moreReserve:
			dropped++
		default:
			size += len(line)
			kept = append(kept, line)
		}
		seen[line] = true
	}
	if dropped > 0 {
		kept = append(kept, fmt.Sprintf("+%d more: %s", dropped, moreFrom))
	}
	return kept
}

// clean makes text fit for one line of a warning: runs of white space and control characters become one blank
// (the API server drops a warning that has any), invisible and invalid characters become U+FFFD, and what is
// over limit code points is cut with an ellipsis.
func clean(text string, limit int) string {
	var b strings.Builder
	runes, blank := 0, false
	for _, r := range text {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			blank = b.Len() > 0
			continue
		}
		if !unicode.IsPrint(r) {
			r = utf8.RuneError
		}
		needed := 1
		if blank {
			needed = 2
		}
		if runes+needed > limit {
			return ellipsis(b.String(), runes, limit)
		}
		if blank {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		runes, blank = runes+needed, false
	}
	return b.String()
}

// ellipsis ends a cut text of so many code points within the limit.
func ellipsis(text string, runes, limit int) string {
	for ; runes >= limit && text != ""; runes-- {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return strings.TrimRight(text, " ") + "…"
}
