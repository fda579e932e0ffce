package awsauth

import "slices"

// reread reads a text that differs in few entries from one that was read before: only from the first entry that differs to
// the last is it read. False where the whole text has to be read.
//
// Of a regular text in block style, the reading is that of its entries one after the other: each begins with a dash at the
// same column, and nothing that it holds goes over its end. So the entries that are the same letter by letter say what they
// said before.
func (r *Reader) reread(s *Section) (list, bool) {
	if r == nil {
		return list{}, false
	}
	lines := s.lines()
	if lines == nil || len(lines.starts) == 0 {
		return list{}, false
	}
	before, ok := r.lastRegular(s.Key, lines.first)
	if !ok {
		return list{}, false
	}
	head, tail := inCommon(before.text, before.lines.starts, s.Text, lines.starts)
	if head+tail == 0 {
		return list{}, false
	}
	n := len(lines.starts)
	middle := list{shape: List}
	if head+tail < n {
		part := &Section{Key: s.Key, Present: true, Text: s.Text[startOf(lines.starts, head):endOf(s.Text, lines.starts, n-tail-1)]}
		middle = part.readList()
		if part.Err != nil || middle.shape != List || middle.typeErr != nil || middle.len() != n-head-tail {
			return list{}, false
		}
	}
	return list{
		shape: List,
		roles: splice(before.list.roles, head, tail, middle.roles),
		users: splice(before.list.users, head, tail, middle.users),
	}, true
}

// inCommon counts the entries that two texts have in common at their beginning, and those at their end.
func inCommon(a string, aStarts []int, b string, bStarts []int) (head, tail int) {
	return commonEnds(len(aStarts), len(bStarts), func(i, j int) bool {
		return a[startOf(aStarts, i):endOf(a, aStarts, i)] == b[startOf(bStarts, j):endOf(b, bStarts, j)]
	})
}

// startOf is where the i-th entry begins. What stands before the first belongs to it.
func startOf(starts []int, i int) int {
	if i == 0 {
		return 0
	}
	return starts[i]
}

func endOf(text string, starts []int, i int) int {
	if i+1 < len(starts) {
		return starts[i+1]
	}
	return len(text)
}

// splice replaces all but the head and the tail of a list, which stays as it is.
func splice[T any](l []T, head, tail int, middle []T) []T {
	if len(l) == 0 && len(middle) == 0 {
		return nil
	}
	return slices.Concat(l[:head], middle, l[len(l)-tail:])
}
