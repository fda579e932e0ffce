package typo

// Near reports whether two names differ by one slip: a byte put in, left out or changed, or two neighbors
// swapped. Names of fewer than three bytes are never near, equal ones always are.
func Near(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < 3 || len(b)-len(a) > 1 {
		return a == b
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	return i == len(a) || a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// Nearest returns the candidate that a name was most likely meant to be, or "": one that is near, or one whose
// beginning the name is.
func Nearest(name string, candidates []string) string {
	for _, c := range candidates {
		if Near(name, c) {
			return c
		}
	}
	best, bestDistance := "", 3
	for _, c := range candidates {
		if d := distance(name, c, bestDistance); d < bestDistance && d*3 < len(name) {
			best, bestDistance = c, d
		}
	}
	return best
}

// distance is the edit distance of two names, or limit where it is at least that.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return min(row[len(b)], limit)
}
