package edit

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// TestRemoveItems: many items go at once, and nothing else does.
func TestRemoveItems(t *testing.T) {
	entry := func(name string) string { return "- rolearn: " + role + name + "\n  username: " + name + "\n" }
	flow := func(names ...string) string {
		items := make([]string, len(names))
		for i, n := range names {
			items[i] = "{rolearn: " + role + n + ", username: " + n + "}"
		}
		return "[" + strings.Join(items, ", ") + "] # all\n"
	}
	four := entry("a") + entry("b") + entry("c") + entry("d")
	for _, tt := range []struct {
		name, text string
		at         []int
		want       string
	}{
		{name: "the first two", text: four, at: []int{0, 1}, want: entry("c") + entry("d")},
		{name: "in the middle", text: four, at: []int{1, 2}, want: entry("a") + entry("d")},
		{name: "the last two", text: four, at: []int{2, 3}, want: entry("a") + entry("b")},
		{name: "every other", text: four, at: []int{0, 2}, want: entry("b") + entry("d")},
		{name: "all", text: four, at: []int{0, 1, 2, 3}, want: "[]\n"},
		{name: "all, with what belongs to nobody", text: "# the list of all\n" + entry("a") + "# ---- team ----\n" + entry("b") + "# end\n", at: []int{0, 1}, want: "# the list of all\n# ---- team ----\n[]\n# end\n"},
		{name: "with their comments", text: entry("a") + "# who asked\n" + entry("b") + "  # of b\n# c\n" + entry("c") + "\n" + entry("d"), at: []int{1, 2}, want: entry("a") + "\n" + entry("d")},
		{name: "no line end", text: strings.TrimSuffix(four, "\n"), at: []int{1, 3}, want: strings.TrimSuffix(entry("a")+entry("c"), "\n")},
		{name: "an anchor that goes with its alias", text: entry("a") + "- rolearn: " + role + "b\n  username: b\n  groups: &g [x]\n- rolearn: " + role + "c\n  username: c\n  groups: *g\n", at: []int{1, 2}, want: entry("a")},
		{name: "an anchor that another one needs", text: entry("a") + "- rolearn: " + role + "b\n  username: &n b\n- rolearn: " + role + "c\n  username: *n\n", at: []int{0, 1}, want: "error: " + ErrStyle.Error()},
		{name: "in brackets, the first", text: flow("a", "b", "c", "d"), at: []int{0, 1}, want: flow("c", "d")},
		{name: "in brackets, in the middle", text: flow("a", "b", "c", "d"), at: []int{1, 2}, want: flow("a", "d")},
		{name: "in brackets, the last", text: flow("a", "b", "c", "d"), at: []int{0, 2, 3}, want: flow("b")},
		{name: "in brackets, all", text: flow("a", "b"), at: []int{0, 1}, want: flow()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := RemoveItems(awsauth.Read(map[string]string{"mapRoles": tt.text}), awsauth.MapRoles, tt.at)
			if got := edited(t, tt.text, r, err); got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

// listOf is a list of n entries, and the places of every second one.
func listOf(n int) (doc *awsauth.Document, at []int) {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "# %[1]d\n- rolearn: %[2]sr%[1]d\n  username: r%[1]d\n  groups:\n  - g\n", i, role)
		if i%2 == 0 {
			at = append(at, i)
		}
	}
	return awsauth.Read(map[string]string{"mapRoles": b.String()}), at
}

// TestRemoveItems_linear: four times as many cuts make about four times the work, counted in allocations. A proof of each cut by
// itself would make sixteen times the work.
func TestRemoveItems_linear(t *testing.T) {
	allocations := func(n int) float64 {
		doc, at := listOf(n)
		return testing.AllocsPerRun(1, func() {
			if _, err := RemoveItems(doc, awsauth.MapRoles, at); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := allocations(50), allocations(200); many > 6*few {
		t.Errorf("%.0f allocations for 25 of 50 entries, %.0f for 100 of 200", few, many)
	}
}

func BenchmarkRemoveItems(b *testing.B) {
	doc, at := listOf(2000)
	for b.Loop() {
		if _, err := RemoveItems(doc, awsauth.MapRoles, at); err != nil {
			b.Fatal(err)
		}
	}
}
