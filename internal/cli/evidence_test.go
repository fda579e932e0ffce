package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheEvidencePageShowsRealOutputs runs the commands of docs/evidence.md on the logs that it shows.
func TestTheEvidencePageShowsRealOutputs(t *testing.T) {
	path, err := filepath.Abs(filepath.Join("..", "..", "docs", "evidence.md"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	ran, updated := 0, string(page)
	for _, m := range runnable.FindAllStringSubmatch(string(page), -1) {
		if file, found := strings.CutPrefix(m[1], "file: "); found {
			if err := os.WriteFile(file, []byte(m[3]+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		ran++
		command, want, _ := strings.Cut(m[3], "\n")
		got := strings.TrimSuffix(output(t, strings.TrimPrefix(command, "$ kubectl aws-auth ")), "\n")
		updated = strings.Replace(updated, command+"\n"+want+"\n```", command+"\n"+got+"\n```", 1)
		if !*update && got != want {
			t.Errorf("%s\nprints\n%s\nthe page says\n%s", command, got, want)
		}
	}
	if ran != 5 {
		t.Errorf("%d commands", ran)
	}
	if *update {
		if err := os.WriteFile(path, []byte(updated), 0o644); err != nil { //nolint:gosec // It is a page.
			t.Fatal(err)
		}
	}
}
