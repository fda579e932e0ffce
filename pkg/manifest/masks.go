package manifest

import (
	"cmp"
	"slices"
	"strings"

	show "github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// masks finds in a text all that other tools fill in at once, however many there are.
type masks struct {
	// token is what a mask stands for.
	token   map[string]string
	restore *strings.Replacer
	// given are the masks and tokens, the longest first: a shorter one can be the beginning of another.
	given []string
	// fillings put one text in the place of all of them.
	fillings map[string]*strings.Replacer
	// sorted are the masks, and reversed those that are written backwards, for what is left of one that was cut.
	sorted, reversed []string
}

// masks are those of the document. Its tokens don't change once they are read.
func (d *Document) masks() *masks {
	if d.index != nil {
		return d.index
	}
	m := &masks{token: map[string]string{}, fillings: map[string]*strings.Replacer{}}
	for _, t := range d.tokens {
		m.token[t.mask] = t.token
		m.given = append(m.given, t.mask)
		m.sorted, m.reversed = append(m.sorted, t.mask), append(m.reversed, backwards(t.mask))
		if t.from == "" && !isOwn(t.token) {
			m.given = append(m.given, t.token)
		}
	}
	longestFirst := func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) }
	slices.SortFunc(m.given, longestFirst)
	slices.Sort(m.sorted)
	slices.Sort(m.reversed)
	var pairs []string
	for _, mask := range slices.SortedFunc(slices.Values(m.sorted), longestFirst) {
		pairs = append(pairs, mask, m.token[mask])
	}
	m.restore = strings.NewReplacer(pairs...)
	d.index = m
	return m
}

func (m *masks) filledWith(text, filling string) string {
	if m.fillings[filling] == nil {
		pairs := make([]string, 0, 2*len(m.given))
		for _, one := range m.given {
			pairs = append(pairs, one, filling)
		}
		m.fillings[filling] = strings.NewReplacer(pairs...)
	}
	return m.fillings[filling].Replace(text)
}

// unmasked puts the tokens back, also where a message that was shortened has only a part of a mask.
func (m *masks) unmasked(text string) string {
	const ellipsis = "…"
	pieces := strings.Split(m.restore.Replace(text), ellipsis)
	for i := range pieces {
		if i+1 < len(pieces) {
			if mask, size := cutMask(m.sorted, pieces[i], func(s string) string { return s }); size > 0 {
				token := m.token[mask]
				pieces[i] = pieces[i][:len(pieces[i])-size] + token[:show.Boundary(token, size)]
			}
		}
		if i > 0 {
			if mask, size := cutMask(m.reversed, backwards(pieces[i]), backwards); size > 0 {
				token := m.token[mask]
				pieces[i] = token[show.Boundary(token, len(token)-size):] + pieces[i][size:]
			}
		}
	}
	return strings.Join(pieces, ellipsis)
}

// cutMask finds the longest end of a text that is the beginning of a mask, and says how long it is; 0 where there is none. The
// masks are sorted, and mask makes one of what is in the list.
func cutMask(sorted []string, text string, mask func(string) string) (string, int) {
	const least = 3 // shorter parts can be text
	run := len(text) - len(strings.TrimRight(text, maskLetters))
	for size := run; size >= least; size-- {
		end := text[len(text)-size:]
		if i, _ := slices.BinarySearch(sorted, end); i < len(sorted) && strings.HasPrefix(sorted[i], end) {
			return mask(sorted[i]), size
		}
	}
	return "", 0
}

// backwards is a text with its bytes in the other order.
func backwards(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}
