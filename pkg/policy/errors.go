package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/typo"
)

// Problem is one thing that is wrong with a policy document.
type Problem struct {
	// Line and Column count from 1, the column in Unicode code points.
	Line, Column int
	// Message says what is wrong and what to write instead.
	Message string
}

// String writes the problem as line:column: message.
func (p Problem) String() string { return fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Message) }

// Error is everything that is wrong with a policy document, in the order of its text.
type Error struct {
	// File is the path that the document was read from, or empty.
	File     string
	Problems []Problem
}

// Error writes one problem a line.
func (e *Error) Error() string {
	lines := make([]string, 0, len(e.Problems))
	for _, p := range e.Problems {
		if e.File != "" {
			lines = append(lines, e.File+":"+p.String())
		} else {
			lines = append(lines, p.String())
		}
	}
	return strings.Join(lines, "\n")
}

func (e *Error) sort() {
	slices.SortStableFunc(e.Problems, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
}

// suggest says which of the known words was probably meant, as an ending for a message, or lists them all where
// they are few.
func suggest(word string, known []string) string {
	if best := typo.Nearest(word, known); best != "" {
		return fmt.Sprintf(": did you mean %q?", best)
	}
	if len(known) <= maxListed {
		return ": it can be " + strings.Join(known, ", ")
	}
	return ""
}

// maxListed is how many words a message lists.
const maxListed = 12
