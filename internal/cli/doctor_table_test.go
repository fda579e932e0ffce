package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/internal/doctor"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// unseen says why no test has a cause.
func unseen() map[int]string {
	return map[int]string{
		50: "as the row above: that the creator is gone only CloudTrail and IAM know, and neither is here",
		58: "an API server takes an empty username from EKS's authenticator alone, which is not here; the doctor sees it in what the server answers",
	}
}

const (
	causesBegin = "<!-- causes: begin -->\n"
	causesEnd   = "<!-- causes: end -->\n"
)

// TestTheTableOfCauses writes what the scripts and the tests on an API server have seen into docs/unauthorized.md, one row a
// cause, with -update; without, it wants the page to have it.
func TestTheTableOfCauses(t *testing.T) {
	var b strings.Builder
	b.WriteString(causesBegin + "| | what is wrong | what the doctor says |\n|---|---|---|\n")
	for i, c := range doctor.Causes() {
		if c.Number != i+1 {
			t.Fatalf("cause %d is in place %d", c.Number, i+1)
		}
		fmt.Fprintf(&b, "| %d | %s | %s |\n", c.Number, c.Title, sentenceOf(t, c))
	}
	b.WriteString(causesEnd)
	path := filepath.Join("..", "..", "docs", "unauthorized.md")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	begin, end := strings.Index(page, causesBegin), strings.Index(page, causesEnd)
	if begin < 0 || end < begin {
		t.Fatal("the page has no place for the table")
	}
	want := page[:begin] + b.String() + page[end+len(causesEnd):]
	if want == page {
		return
	}
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("the page differs from what the doctor says; go test ./internal/cli -run TableOfCauses -update writes it:\n%s", b.String())
}

// sentenceOf is the line of the transcript that names the cause, or why there is none.
func sentenceOf(t *testing.T, c doctor.Known) string {
	t.Helper()
	var found []string
	for _, dir := range []string{filepath.Join("testdata", "doctor"), filepath.Join("..", "..", "test", "plugin", "testdata", "doctor")} {
		files, err := filepath.Glob(filepath.Join(dir, fmt.Sprintf("%02d-*.t*", c.Number)))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, files...)
	}
	why := unseen()[c.Number]
	if len(found) == 0 && why != "" {
		return "not reproduced: " + why + " [" + c.Name + "]"
	}
	if len(found) != 1 || why != "" {
		t.Fatalf("cause %d has the transcripts %v, and why it has none: %q", c.Number, found, why)
	}
	raw, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^   ((?:wrong|maybe): .* \[` + c.Name + `\])$`).FindSubmatch(raw)
	if m == nil {
		t.Fatalf("%s does not name %s", found[0], c.Name)
	}
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "{{", "{{").Replace(text.OneLine(string(m[1])))
}
