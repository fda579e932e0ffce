package awsauth

import (
	"regexp"
	"strings"
)

// entryStart is a line at which an entry begins, in block style.
var entryStart = regexp.MustCompile(`(?mi)^([ \t]*)-[ \t]+(?:["']?(?:rolearn|userarn|username|groups|userid)["']?[ \t]*:|\{)`)

// maxSalvaged bounds the pieces that are read one by one.
const maxSalvaged = 10_000

// Salvage reads what can still be read of a text whose list is lost: each piece from one entry's dash to the
// next by itself. The authenticator reads none of it; the entries tell what somebody meant to be there before.
// Their section is not this one, and they have no meaningful place.
func (s *Section) Salvage() []*Entry {
	if !s.Lost() || s.Key == MapAccounts {
		return nil
	}
	var entries []*Entry
	starts := entryStart.FindAllStringSubmatchIndex(s.Text, maxSalvaged)
	for i, m := range starts {
		end := len(s.Text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		piece := Read(map[string]string{string(s.Key): dedent(s.Text[m[0]:end], m[3]-m[2])}).Section(s.Key)
		for _, e := range piece.Entries {
			if e.Kept {
				entries = append(entries, e)
			}
		}
	}
	return entries
}

// dedent takes n blanks from the beginning of each line that has them.
func dedent(text string, n int) string {
	indent := strings.Repeat(" ", n)
	lines := strings.SplitAfter(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], indent)
	}
	return strings.Join(lines, "")
}
