package writers

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/test/assets"
)

const (
	tableBegin = "<!-- writers: begin (held by test/writers) -->\n"
	tableEnd   = "<!-- writers: end -->"
)

// head is the first line of a step in a file of testdata.
var head = regexp.MustCompile(`(?m)^## ([a-z ]+): exit (\d+), (\d+) writes?, (\d+) dry runs?; (.+)\n`)

// recorded reads the steps of a writer from its file.
func recorded(t *testing.T, name string) map[string]*step {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".golden"))
	check(t, err)
	text, steps := string(raw), map[string]*step{}
	places := head.FindAllStringSubmatchIndex(text, -1)
	for i, p := range places {
		end := len(text)
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		number := func(at int) int {
			n, err := strconv.Atoi(text[p[at]:p[at+1]])
			check(t, err)
			return n
		}
		steps[text[p[2]:p[3]]] = &step{
			name: text[p[2]:p[3]], outcome: outcome{number(4), strings.TrimSpace(text[p[1]:end])},
			writes: number(6), dryRuns: number(8), fate: fate(text[p[10]:p[11]]),
		}
	}
	return steps
}

// cost says in words what a step asked the API server for.
func cost(s *step) string {
	if s == nil {
		return "–"
	}
	var parts []string
	if s.dryRuns > 0 {
		parts = append(parts, count(s.dryRuns, "dry run"))
	}
	if s.writes > 0 {
		parts = append(parts, count(s.writes, "write"))
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, " and ")
}

// repeated says what it costs to send once more what is stored already.
func repeated(s *step) string {
	if s == nil || s.requests() == 0 {
		return cost(s)
	}
	return cost(s) + " that changes nothing"
}

// row is the line of a writer in the table.
func row(t *testing.T, w *writer) string {
	s := recorded(t, w.file())
	result := "–"
	if r := s["repairable"]; r != nil && r.fate == stored {
		result = "repaired; the same again: " + repeated(s["repairable again"])
	} else if r != nil {
		result = "refused"
	}
	return fmt.Sprintf("| %s | %s | %s | refused; each try: %s | %s |\n", w.name, w.seen, result, cost(s["bad again"]), repeated(s["right again"]))
}

// shown are the outputs that the page shows: a writer's file and the step.
var shown = regexp.MustCompile("(?m)^<!-- output: ([a-z0-9.=-]+), ([a-z ]+) -->\n```text\n((?s:.*?))^```$")

// TestThePage holds the table and the outputs of docs/writers.md to what was recorded of all writers, also of those that did not run now.
func TestThePage(t *testing.T) {
	raw, err := os.ReadFile(page)
	check(t, err)
	text := string(raw)
	before, rest, ok := strings.Cut(text, tableBegin)
	_, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatal("the page has no place for the table")
	}
	table := "| writer | its user looks at | a map that can be repaired | a bad map | the corrected map, written again |\n|---|---|---|---|---|\n"
	for _, w := range everyone(assets.Writers{}) {
		table += row(t, w)
	}
	for _, w := range ownWriters() {
		table += row(t, &w.writer)
	}
	want := before + tableBegin + table + tableEnd + after
	want = shown.ReplaceAllStringFunc(want, func(block string) string {
		m := shown.FindStringSubmatch(block)
		s := recorded(t, m[1])[m[2]]
		if s == nil {
			t.Fatalf("%s has no step %q", m[1], m[2])
		}
		return fmt.Sprintf("<!-- output: %s, %s -->\n```text\n%s\n```", m[1], m[2], s.output)
	})
	if want == text {
		return
	}
	if *update {
		check(t, os.WriteFile(page, []byte(want), 0o644))
		return
	}
	t.Errorf("%s differs (run with -update to take it); wanted\n%s", page, want)
}
