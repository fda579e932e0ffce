package awsauth

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// entriesOf is a plain text with so many entries.
func entriesOf(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "- rolearn: arn:aws:iam::111122223333:role/%d\n  username: u%d\n  groups:\n  - g\n", i, i)
	}
	return b.String()
}

// insertions are what an edit may put into a plain text; most of it makes it one that is not.
var insertions = []string{
	"- rolearn: y\n  username: y\n", "- rolearn: y\n  username: \"y: z\"\n", "- username: 'y'\n  rolearn: x\n", "- rolearn: z\n",
	"", "#", "# é\n", "# \r- rolearn: z\n", "\n", "---\n", "...\n", "\t", "  ", "- ", "-\n", ": ", ":\n", "\"", "'", "\\", "|\n", ">-\n", "&a ", "*a", "!!str ", "<<: ", "{", "}", "[", "]", ", ", "1", "~", "yes", "null",
	"  - rolearn: y\n    username: y\n", "  groups:\n  - a\n  - \"b\"\n", "  groups:\n    - a\n    - b\n", "  username: again\n", "  userid: x\n", "  Groups:\n  - c\n", "  sso:\n    accountID: '1'\n", "- g\n",
}

// TestRandomEditsOfPlainTexts makes edits that are small and often wrong, one after the other as long as the text stays plain.
func TestRandomEditsOfPlainTexts(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	checked := 0
	for _, key := range []Key{MapRoles, MapUsers} {
		field := (&Entry{Section: &Section{Key: key}}).ARNField()
		for range 300 {
			text := strings.ReplaceAll(entriesOf(1+random.IntN(6)), "rolearn", field)
			for range 12 {
				at := random.IntN(len(text) + 1)
				switch random.IntN(4) {
				case 0, 1:
					at = max(0, strings.LastIndex(text[:at], "\n- ")+1)
				case 2:
					at = strings.LastIndexByte(text[:at], '\n') + 1
				}
				drop := 0
				if random.IntN(3) == 0 {
					drop = random.IntN(min(30, len(text)-at) + 1)
				}
				next := text[:at] + strings.ReplaceAll(insertions[random.IntN(len(insertions))], "rolearn", field) + text[at+drop:]
				if s := Read(map[string]string{string(key): next}).Section(key); s.isPlain() {
					checkPlainText(t, s)
					checked++
					text = next
				}
			}
		}
	}
	if checked < 300 {
		t.Errorf("only %d of the texts were plain", checked)
	}
}
