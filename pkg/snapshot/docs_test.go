package snapshot

import (
	"os"
	"strings"
	"testing"
)

// TestTheExampleOfTheDocsIsASnapshot reads what docs/operations.md shows.
func TestTheExampleOfTheDocsIsASnapshot(t *testing.T) {
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## Access entries\n")
	_, example, _ := strings.Cut(section, "```json\n")
	example, _, found := strings.Cut(example, "```")
	if !found {
		t.Fatal("the page has no example")
	}
	if _, err := Read([]byte(example)); err != nil {
		t.Error(err)
	}
}
