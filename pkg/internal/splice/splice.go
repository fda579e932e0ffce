// Package splice replaces parts of a text and leaves every other byte.
//
// It is pure, and its packages stand below the whole engine.
package splice

import (
	"errors"
	"slices"
	"strings"
)

// Edit replaces the bytes [Start, End) of a text.
type Edit struct {
	Start, End int
	New        string
}

// ErrEdits says that edits can't be made together.
var ErrEdits = errors.New("edits overlap or lie outside the text")

// Apply makes the edits, in any order; of two at the same place the first comes first. It fails with ErrEdits where they
// overlap or lie outside the text.
func Apply(text string, edits []Edit) (string, error) {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b Edit) int { return a.Start - b.Start })
	var b strings.Builder
	at := 0
	for _, e := range sorted {
		if e.Start < at || e.End < e.Start || e.End > len(text) {
			return "", ErrEdits
		}
		b.WriteString(text[at:e.Start])
		b.WriteString(e.New)
		at = e.End
	}
	b.WriteString(text[at:])
	return b.String(), nil
}
