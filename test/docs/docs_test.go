package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

const root = "../.."

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// marked is a fenced block under a comment that names it.
var marked = regexp.MustCompile("(?m)^<!-- ([a-z-]+): (\\S+) -->\n```([a-z]+)\n((?s:.*?))^```$")

// blocks are the blocks of a page that a comment names, such as "<!-- snippet: github -->", by that name.
func blocks(t *testing.T, page, kind string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, m := range marked.FindAllStringSubmatch(read(t, page), -1) {
		if m[1] == kind {
			found[m[2]] = m[4]
		}
	}
	return found
}
