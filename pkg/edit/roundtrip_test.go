package edit

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// untidyList is a list as people leave one: blanks at line ends, both line breaks, comments everywhere.
func untidyList(r *rand.Rand) string {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	indent := pick("", "", "  ")
	newline := pick("\n", "\n", "\r\n", "mixed")
	var b strings.Builder
	line := func(text string) {
		b.WriteString(text + pick("", "", " ", "\t", "   ", " # why", " # why  "))
		if newline == "mixed" {
			b.WriteString(pick("\n", "\r\n"))
		} else {
			b.WriteString(newline)
		}
	}
	comment := func(texts ...string) {
		if r.IntN(3) == 0 {
			line(pick("", indent, indent+"  ") + pick(texts...))
		}
	}
	comment("---", "# who gets in", "# ---- team ----")
	for i := range 1 + r.IntN(4) {
		comment("# asked for by x", "", "# - rolearn: old", "# ---- team ----")
		line(fmt.Sprintf("%s- rolearn: %sr%d", indent, role, i))
		comment("# of the entry")
		line(fmt.Sprintf("%s  username: r%d", indent, i))
		switch r.IntN(4) {
		case 0:
			line(indent + "  groups: [g, h]")
		case 1:
			line(indent + "  groups:")
			line(indent + "  - g")
			comment("# of the group")
		case 2:
			line(indent + "  groups: []")
		}
	}
	for range r.IntN(4) {
		comment("# end of list, add above", "", "# - rolearn: old", "# r9 comes here", "## end", "...")
	}
	if r.IntN(4) == 0 {
		return strings.TrimRight(b.String(), "\r\n")
	}
	return b.String()
}

// TestAddLeavesLinesAlone: in a list of any form every old line is as it was after an entry was added, and the entry removed
// again gives the old bytes.
func TestAddLeavesLinesAlone(t *testing.T) {
	made := 0
	for seed := range uint64(2000) {
		text := untidyList(rand.New(rand.NewPCG(seed, 1)))
		doc := awsauth.Read(map[string]string{"mapRoles": text})
		added, err := Add(doc, awsauth.MapRoles, Entry{ARN: role + "new", Username: "nn", Groups: []string{"g"}})
		if err != nil {
			continue
		}
		made++
		got := added.Doc.Roles.Text
		if lost := lostLine(text, got); lost != "" {
			t.Fatalf("seed %d: the line %q is gone or changed:\n%q\n%q", seed, lost, text, got)
		}
		back, err := Remove(added.Doc, Find(added.Doc, role+"new", "")[0])
		if err != nil {
			t.Fatalf("seed %d: %v\n%q", seed, err, got)
		}
		if back.Doc.Roles.Text != text {
			t.Fatalf("seed %d: the way back gives\n%q\nof\n%q\nover\n%q", seed, back.Doc.Roles.Text, text, got)
		}
	}
	if made < 1000 {
		t.Errorf("only %d lists could be edited", made)
	}
}

// lostLine is the first line of a text that is not in another one, in order; a last line without a break may get one.
func lostLine(before, after string) string {
	rest := strings.SplitAfter(after, "\n")
	for line := range strings.Lines(before) {
		for {
			if len(rest) == 0 {
				return line
			}
			next := rest[0]
			rest = rest[1:]
			if next == line || !strings.HasSuffix(line, "\n") && strings.TrimRight(next, "\r\n") == line {
				break
			}
		}
	}
	return ""
}
