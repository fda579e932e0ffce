package figures

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestATableInBothForms(t *testing.T) {
	table := &Table{Title: "Times", Header: []string{"what", "value"}, Note: "The note."}
	table.Add("a", 12)
	table.Add("bcd", Round(1234567*time.Nanosecond))
	var text, page strings.Builder
	table.Text(&text)
	table.Markdown(&page)
	if want := "Times\nwhat  value\na     12\nbcd   1.23ms\nThe note.\n\n"; text.String() != want {
		t.Errorf("text %q, want %q", &text, want)
	}
	if want := "### Times\n\n| what | value |\n| --- | --- |\n| a | 12 |\n| bcd | 1.23ms |\n\nThe note.\n\n"; page.String() != want {
		t.Errorf("page %q, want %q", &page, want)
	}
}

func TestReplacingAPart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	begin, end := Marks("soak")
	if err := os.WriteFile(path, []byte("before\n"+begin+"old\n"+end+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	table := &Table{Header: []string{"x"}}
	for range 2 {
		if err := Replace(path, "soak", "line", []*Table{table}); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := os.ReadFile(path)
	if want := "before\n" + begin + "\nline\n\n| x |\n| --- |\n\n" + end + "after\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := Replace(path, "bench", "line", nil); err == nil {
		t.Error("a page without the marks was written")
	}
}

func TestQuantileAndRatio(t *testing.T) {
	sorted := []time.Duration{1, 2, 3, 4}
	if Quantile(sorted, 0.5) != 3 || Quantile(sorted, 0.99) != 4 || Quantile(nil, 0.5) != 0 {
		t.Error("a quantile is wrong")
	}
	if Ratio(3, 2) != "1.50" || Ratio(1, 0) != "-" {
		t.Error("a ratio is wrong")
	}
}
