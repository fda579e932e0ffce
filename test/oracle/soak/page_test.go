package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/test/figures"
)

func TestThePageHasEveryRow(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "reliability.md"))
	if err != nil {
		t.Fatal(err)
	}
	begin, end := figures.Marks("soak")
	_, page, _ := strings.Cut(string(text), begin)
	page, _, found := strings.Cut(page, end)
	if !found {
		t.Fatal("the page has no generated part")
	}
	var rows []string
	for _, i := range (&evidence{}).invariants() {
		rows = append(rows, i.promise+" | yes | 0 |")
	}
	for i := range faults {
		rows = append(rows, faults[i].name+" | ")
	}
	for _, row := range rows {
		if !strings.Contains(page, "\n| "+row) {
			t.Errorf("the page has no row %q", row)
		}
	}
}
