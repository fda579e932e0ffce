package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
)

// runnable is a fenced block of the page under a comment that says what to do with it.
var runnable = regexp.MustCompile("(?m)^ *<!-- (run|query|file: \\S+) -->\n( *)```[a-z]*\n((?s:.*?))\n *```$")

// TestTheUnauthorizedPageShowsRealOutputs runs the commands of docs/unauthorized.md. A line of … stands for the rest of
// an output.
func TestTheUnauthorizedPageShowsRealOutputs(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "unauthorized.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	kubeconfig, err := os.ReadFile(filepath.Join("testdata", "unauthorized.kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config"), kubeconfig, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	count := map[string]int{}
	for _, m := range runnable.FindAllStringSubmatch(string(page), -1) {
		what, file, _ := strings.Cut(m[1], ": ")
		text := strings.ReplaceAll("\n"+m[3], "\n"+m[2], "\n")[1:]
		count[what]++
		switch what {
		case "file":
			if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		case "query":
			if text != trace.CreatorQuery {
				t.Errorf("the page's query differs from the program's:\n%s", trace.CreatorQuery)
			}
		case "run":
			command, want, _ := strings.Cut(text, "\n")
			got := output(t, strings.TrimPrefix(command, "$ kubectl aws-auth "))
			before, _, cut := strings.Cut(want+"\n", "…\n")
			if cut && !strings.HasPrefix(got, before) || !cut && got != before {
				t.Errorf("%s\nprints\n%s\nthe page says\n%s", command, got, want)
			}
		}
	}
	if count["run"] != 3 || count["query"] != 1 || count["file"] != 1 {
		t.Errorf("found %v blocks to run", count)
	}
}

// output runs a command and returns all that it prints.
func output(t *testing.T, command string) string {
	t.Helper()
	var out bytes.Buffer
	Run(strings.Fields(command), Streams{In: strings.NewReader(""), Out: &out, Err: &out})
	return out.String()
}
