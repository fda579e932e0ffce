package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/test/figures"
)

// TestThePageHasEveryRow keeps the page from lacking a row, or a figure where nothing says why.
func TestThePageHasEveryRow(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "performance.md"))
	if err != nil {
		t.Fatal(err)
	}
	begin, end := figures.Marks("bench")
	_, page, found := strings.Cut(string(text), begin)
	page, _, ended := strings.Cut(page, end)
	if !found || !ended || !strings.Contains(page, "processors") {
		t.Fatal("the page has no generated part, or one that does not name the machine")
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(page, "\n### ") {
		title, rest, _ := strings.Cut(part, "\n")
		parts[title] = rest
	}
	row := func(title, name string) {
		t.Helper()
		for line := range strings.Lines(parts[title]) {
			cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
			if strings.TrimSpace(cells[0]) != name {
				continue
			}
			if strings.TrimSpace(cells[1]) == "" && !strings.Contains(parts[title], name+" could not be measured: ") {
				t.Errorf("%s: the row %q has no figure and nothing says why", title, name)
			}
			return
		}
		t.Errorf("%s: the row %q is missing", title, name)
	}
	for _, s := range editSizes {
		for _, v := range variants() {
			row(fmt.Sprintf("An edit of a map of %d entries, through the API server", s.entries), v.name)
		}
	}
	for _, v := range variants() {
		row(quietTitle, v.name)
	}
	for _, name := range []string{rowNoop, rowValidate, rowBoth, rowGatekeeper, rowKyverno} {
		row(memoryTitle, name)
	}
	for _, name := range []string{rowReady, rowIdle, rowNoopIdle, rowLoaded, rowAfter} {
		row("The process", name)
	}
	for _, entries := range []int{10, 100, 1000, 6000} {
		row("Reading and judging a map, against the authenticator's ParseMap", strconv.Itoa(entries))
	}
	for _, name := range []string{rowWebhookSize, rowPluginSize, rowImageSize} {
		row("Sizes", name)
	}
}

func TestTheMapsOfTheBenchmark(t *testing.T) {
	for _, s := range editSizes {
		text := mapOf(s.entries, 0)
		if n := strings.Count(text, "- rolearn: "); n != s.entries {
			t.Errorf("a map of %d entries has %d", s.entries, n)
		}
		if text == mapOf(s.entries, 1) {
			t.Error("an edit changes nothing")
		}
	}
}
