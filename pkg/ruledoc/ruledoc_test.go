package ruledoc

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

func TestGeneratedFilesAreUpToDate(t *testing.T) {
	pages := map[string]string{}
	for _, path := range []string{Readme, Operations} {
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		pages[path] = string(text)
	}
	files, err := Files(pages)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range files {
		got, err := os.ReadFile(filepath.Join(root, path))
		if err != nil || string(got) != want {
			t.Errorf("%s is not what the rules say (%v); run make generate", path, err)
		}
	}
	onDisk, err := filepath.Glob(filepath.Join(root, "docs/rules/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range onDisk {
		if _, ok := files["docs/rules/"+filepath.Base(p)]; !ok {
			t.Errorf("%s belongs to no rule; run make generate", p)
		}
	}
}

func TestFilesNeedTheMarks(t *testing.T) {
	for _, readme := range []string{"", rulesBegin} {
		if _, err := Files(map[string]string{Readme: readme}); err == nil || !strings.Contains(err.Error(), "has no line") {
			t.Errorf("%q: %v", readme, err)
		}
	}
}
