package cases

import (
	"slices"
	"testing"
)

// The families of the reference table, with the number of rows of each.
func TestTableIsComplete(t *testing.T) {
	want := map[byte]int{'A': 59, 'B': 63, 'C': 27, 'D': 23, 'E': 82, 'F': 21, 'G': 11, 'H': 11, 'L': 5}
	got := map[byte]int{}
	var ids []string
	for _, c := range All() {
		got[c.ID[0]]++
		ids = append(ids, c.ID)
		if c.Title == "" || len(c.Calls) == 0 {
			t.Errorf("%s has no title or no caller", c.ID)
		}
	}
	for family, count := range want {
		if got[family] != count {
			t.Errorf("family %c has %d rows, want %d", family, got[family], count)
		}
	}
	if unique := slices.Compact(slices.Clone(ids)); len(unique) != len(ids) {
		t.Errorf("%d rows share an ID with another", len(ids)-len(unique))
	}
}
