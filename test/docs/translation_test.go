package docs

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// indented are lines of a block without a fence.
var indented = regexp.MustCompile(`(?m)^ {4}\S.*$`)

// untranslated is what a translation must not change: fenced blocks (commands, outputs, files) and the lines of others.
func untranslated(text string) []string {
	found := fence.FindAllString(text, -1)
	for i := range found {
		found[i] = strings.TrimSpace(found[i])
	}
	return append(found, indented.FindAllString(fence.ReplaceAllString(text, ""), -1)...)
}

// numbered are the headings that begin with a number.
var numbered = regexp.MustCompile(`(?m)^## (\d+)\. `)

// TestTheTranslationAgrees wants the Japanese article to have the steps and the blocks of the English one, in their order. What follows the
// article in the English page is not translated.
func TestTheTranslationAgrees(t *testing.T) {
	english, japanese := read(t, "docs/unauthorized.md"), read(t, "docs/unauthorized.ja.md")
	steps := func(text string) []string {
		var found []string
		for _, m := range numbered.FindAllStringSubmatch(text, -1) {
			found = append(found, m[1])
		}
		return found
	}
	if e, j := steps(english), steps(japanese); len(e) == 0 || !slices.Equal(e, j) {
		t.Errorf("the steps are %v, in Japanese %v", e, j)
	}
	have := untranslated(english)
	at := 0
	blocks := untranslated(japanese)
	for _, b := range blocks {
		next := slices.Index(have[at:], b)
		if next < 0 {
			t.Errorf("the English page has no such block, or not there:\n%s", b)
			continue
		}
		at += next + 1
	}
	if len(blocks) < 12 {
		t.Errorf("only %d blocks", len(blocks))
	}
}
