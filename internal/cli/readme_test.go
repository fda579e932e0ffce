package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	pageFile    = regexp.MustCompile("(?s)<!-- file: (\\S+) -->\n```\\w+\n(.*?)```\n")
	pageChecked = regexp.MustCompile("(?s)(<!-- checked -->\n```console\n)(.*?)(```\n)")
)

// TestPages runs the commands that pages show and holds their output against what they say; with -update it updates the
// pages.
func TestPages(t *testing.T) {
	for _, page := range []string{"README.md", "docs/carriers.md", "docs/access-entries.md"} {
		path, err := filepath.Abs(filepath.Join("..", "..", page))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(page, func(t *testing.T) { checkPage(t, path) })
	}
}

func checkPage(t *testing.T, path string) {
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, m := range pageFile.FindAllStringSubmatch(string(page), -1) {
		if err := os.WriteFile(m[1], []byte(m[2]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	blocks := 0
	text := pageChecked.ReplaceAllStringFunc(string(page), func(block string) string {
		blocks++
		m := pageChecked.FindStringSubmatch(block)
		command, _, _ := strings.Cut(m[2], "\n")
		var out bytes.Buffer
		Run(strings.Fields(strings.TrimPrefix(command, "$ kubectl aws-auth ")), Streams{In: strings.NewReader(""), Out: &out, Err: &out})
		return m[1] + command + "\n" + out.String() + m[3]
	})
	if blocks == 0 {
		t.Fatal("the page has no checked example")
	}
	if text == string(page) {
		return
	}
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("the page shows other output than the commands give; go test ./internal/cli -run Pages -update updates it:\n%s", text)
}
