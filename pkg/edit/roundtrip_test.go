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

// untidyFlow is such a list in brackets.
func untidyFlow(r *rand.Rand) string {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	newline, indent := pick("\n", "\n", "\r\n"), pick("", " ", "  ", "    ")
	comment := func() string { return pick("", "", " ", " # why", "  # a, [b] {c} ") }
	lines := func(texts ...string) string {
		all := ""
		for range r.IntN(3) {
			all += pick("", indent, indent+"  ") + pick(texts...) + newline
		}
		return all
	}
	var b strings.Builder
	b.WriteString(pick("", "", "---"+newline, "# who gets in"+newline) + "[" + pick("", comment()+newline, comment()+newline))
	b.WriteString(lines("", "# all of them", "# ---- team ----"))
	count := r.IntN(4)
	if count == 0 { // An empty list without a comment makes room for a new one.
		b.WriteString(indent + "# nobody" + newline)
	}
	for i := range count {
		field := newline + indent + "  "
		b.WriteString(pick(indent, indent, "") + pick(
			fmt.Sprintf("{rolearn: %sr%d, username: r%d}", role, i, i),
			fmt.Sprintf("{%srolearn: %sr%d,%s%susername: r%d%s%s}", field, role, i, comment(), field, i, comment(), newline+indent),
			fmt.Sprintf(`{"rolearn": "%sr%d", "username": "r%d", "groups": ["g"]}`, role, i, i)))
		switch {
		case i < count-1:
			b.WriteString(pick(",", ",", comment()+newline+indent+","))
		case r.IntN(3) == 0:
			b.WriteString(pick(",", comment()+newline+indent+","))
		}
		b.WriteString(pick(" ", comment()+newline, comment()+newline, comment()+newline+lines("", "# then", "# - rolearn: old")))
	}
	text := b.String()
	if line := text[strings.LastIndexByte(text, '\n')+1:]; strings.Contains(line, "#") {
		text += newline
	}
	return text + pick("", indent) + "]" + comment() + newline
}

// TestAddLeavesFlowAlone: in a list in brackets too every byte stays, and each comment after what it stood after.
func TestAddLeavesFlowAlone(t *testing.T) {
	made, back := 0, 0
	for seed := range uint64(2000) {
		text := untidyFlow(rand.New(rand.NewPCG(seed, 2)))
		doc := awsauth.Read(map[string]string{"mapRoles": text})
		added, err := Add(doc, awsauth.MapRoles, Entry{ARN: role + "new", Username: "nn", Groups: []string{"g"}})
		if err != nil {
			continue
		}
		made++
		got := added.Doc.Roles.Text
		for _, e := range added.Edits {
			if e.Start != e.End {
				t.Fatalf("seed %d: %q is gone:\n%s\n%s", seed, text[e.Start:e.End], text, got)
			}
		}
		if lost := lostLine(comments(text), comments(got)); lost != "" {
			t.Fatalf("seed %d: the comment of %q moved:\n%s\n%s", seed, lost, text, got)
		}
		removed, err := Remove(added.Doc, Find(added.Doc, role+"new", "")[0])
		if err != nil {
			continue
		}
		back++
		if removed.Doc.Roles.Text != text {
			t.Fatalf("seed %d: the way back gives\n%q\nof\n%q\nover\n%q", seed, removed.Doc.Roles.Text, text, got)
		}
	}
	if made < 1900 || back < made*9/10 {
		t.Errorf("%d lists could be edited, %d of them back", made, back)
	}
	t.Logf("%d lists edited, %d of them back", made, back)
}

// TestSetLeavesCommentsInBraces: a field that comes to an entry in braces leaves the comments after what they stand after.
func TestSetLeavesCommentsInBraces(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"after the last field", "[\n  {\n    rolearn: " + role + "a # who\n  } # a\n]\n", "[\n  {\n    rolearn: " + role + "a, # who\n    username: z\n  } # a\n]\n"},
		{"after a comma", "[\n  {\n    rolearn: " + role + "a, # who\n    # end\n  }\n]\n", "[\n  {\n    rolearn: " + role + "a, # who\n    username: z,\n    # end\n  }\n]\n"},
		{"on one line", "[\n  {rolearn: " + role + "a} # who\n]\n", "[\n  {rolearn: " + role + "a, username: z} # who\n]\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc := awsauth.Read(map[string]string{"mapRoles": tt.text})
			z := "z"
			r, err := Set(doc, Find(doc, role+"a", "")[0], Update{Username: &z})
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Doc.Roles.Text; got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

// comments are the lines with comments before the end of a list in brackets, without commas.
func comments(text string) string {
	out := ""
	for line := range strings.Lines(text) {
		if before, after, ok := strings.Cut(line, "#"); ok && !strings.HasSuffix(strings.TrimSpace(before), "]") {
			out += strings.TrimSpace(strings.ReplaceAll(before, ",", "")) + "#" + strings.TrimSpace(after) + "\n"
		}
	}
	return out
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
