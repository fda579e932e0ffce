package supply

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEachMetricIsInTheTable holds the table of docs/operations.md to the metrics that the programs' source names.
func TestEachMetricIsInTheTable(t *testing.T) {
	_, table, ok := strings.Cut(read(t, "docs/operations.md"), "\n## Metrics\n")
	if !ok {
		t.Fatal("the page has no part about metrics")
	}
	var told []string
	for line := range strings.Lines(table) {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " |"); ok {
			for _, m := range regexp.MustCompile("`(awsauth_[a-z_]+)(?:\\{[a-z,]+\\})?`").FindAllStringSubmatch(name, -1) {
				told = append(told, m[1])
			}
		}
	}
	var named []string
	for _, folder := range []string{"cmd", "internal", "pkg"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range regexp.MustCompile(`"(awsauth_[a-z_]+)"`).FindAllSubmatch(text, -1) {
				named = append(named, string(m[1]))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(told)
	slices.Sort(named)
	if named = slices.Compact(named); len(named) < 20 || !slices.Equal(told, named) {
		t.Errorf("the table has\n%s\nand the source\n%s", strings.Join(told, "\n"), strings.Join(named, "\n"))
	}
}
