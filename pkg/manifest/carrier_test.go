package manifest

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

var example = regexp.MustCompile("(?s)### ([^\n]+)\n\n<!-- file: (\\S+) -->\n```\\w+\n(.*?)```\n")

// examples are those of docs/carriers.md by the name of the carrier: the name of a file and its text.
func examples(t testing.TB) map[string][2]string {
	t.Helper()
	page, err := os.ReadFile("../../docs/carriers.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][2]string{}
	for _, m := range example.FindAllStringSubmatch(string(page), -1) {
		all[m[1]] = [2]string{m[2], m[3]}
	}
	return all
}

// TestCarriers: the page has a row and an example of every carrier, and every carrier of the page is one.
func TestCarriers(t *testing.T) {
	page, err := os.ReadFile("../../docs/carriers.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows, known []string
	for _, m := range regexp.MustCompile(`(?m)^\| ([^|]+) \|`).FindAllStringSubmatch(string(page), -1) {
		if m[1] != "carrier" {
			rows = append(rows, m[1])
		}
	}
	all := examples(t)
	for _, c := range carriers() {
		known = append(known, c.name)
		ex, ok := all[c.name]
		if !ok {
			t.Errorf("docs/carriers.md has no example of %s", c.name)
			continue
		}
		f := Read(ex[0], ex[1])
		// What is encrypted is a note.
		if len(f.Documents) != 1 && len(f.Documents)+len(f.Notes) != 1 || len(f.Problems) != 0 {
			t.Errorf("%s: %d documents, %s", c.name, len(f.Documents), problems(f))
		}
	}
	for _, name := range rows {
		if !slices.Contains(known, name) {
			t.Errorf("docs/carriers.md has a row for %s, which is no carrier", name)
		}
	}
	for _, name := range known {
		if !slices.Contains(rows, name) {
			t.Errorf("docs/carriers.md has no row for %s", name)
		}
	}
}
