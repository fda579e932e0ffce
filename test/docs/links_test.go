package docs

import (
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	fence = regexp.MustCompile("(?ms)^ *```.*?^ *```[ ]*$")
	code  = regexp.MustCompile("`[^`\n]*`")
	link  = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	// heading is one in the style of "## Title".
	heading = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *#*$`)
)

// pages are all pages of the repository, by their path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		// Names with a dot before them are caches and tools, but for that of GitHub; testdata is input.
		if base := entry.Name(); entry.IsDir() && (strings.HasPrefix(base, ".") && base != "." && base != ".github" || base == "testdata") {
			return fs.SkipDir
		}
		if path.Ext(name) != ".md" || !entry.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		all[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// targets are the links of a page that stay in the repository, with their anchors.
func targets(text string) []string {
	var found []string
	for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(fence.ReplaceAllString(text, ""), ""), -1) {
		if u, err := url.Parse(m[1]); err != nil || u.Scheme == "" {
			found = append(found, m[1])
		}
	}
	return found
}

// anchors are those that GitHub gives to the headings of a page.
func anchors(text string) map[string]bool {
	all := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		title := link.ReplaceAllString(m[1], "]")
		anchor := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
				return unicode.ToLower(r)
			}
			return -1
		}, title)
		all[anchor] = true
	}
	return all
}

func TestAnchors(t *testing.T) {
	got := anchors("# The `auditor`: what it's for\n```\n# no heading\n```\n## 1. Wer? «Ja», [a link](x.md)\n### 原因の一覧\n")
	for _, want := range []string{"the-auditor-what-its-for", "1-wer-ja-a-link", "原因の一覧"} {
		if !got[want] {
			t.Errorf("%q is not among %v", want, got)
		}
	}
	if len(got) != 3 {
		t.Error(got)
	}
}

// TestLinksLeadSomewhere wants every relative link to lead to a file of the repository, and its anchor to a heading there.
func TestLinksLeadSomewhere(t *testing.T) {
	all := pages(t)
	checked := 0
	for name, text := range all {
		for _, target := range targets(text) {
			checked++
			file, anchor, _ := strings.Cut(target, "#")
			to := name
			if file != "" {
				to = path.Join(path.Dir(name), file)
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(to))); err != nil {
				t.Errorf("%s: %s leads nowhere", name, target)
				continue
			}
			if anchor == "" {
				continue
			}
			if decoded, err := url.PathUnescape(anchor); err != nil || !anchors(all[to])[decoded] {
				t.Errorf("%s: %s has no heading #%s", name, to, anchor)
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d links were found", checked)
	}
}

// TestEveryPageIsFound wants the index to lead to every page of the documentation, itself or by the index of the rules.
func TestEveryPageIsFound(t *testing.T) {
	all := pages(t)
	found := map[string]bool{}
	for _, index := range []string{"docs/index.md", "docs/rules/README.md"} {
		found[index] = index == "docs/index.md" || found[index]
		if !found[index] {
			t.Errorf("the index does not lead to %s", index)
		}
		for _, target := range targets(all[index]) {
			file, _, _ := strings.Cut(target, "#")
			found[path.Join(path.Dir(index), file)] = true
		}
	}
	for name := range all {
		if strings.HasPrefix(name, "docs/") && !found[name] {
			t.Errorf("docs/index.md does not lead to %s", name)
		}
	}
}
