package writers

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/test/assets"
)

const page = "../../docs/writers.md"

// everyone are the writers whose steps are those of exercise.
func everyone(built assets.Writers) []*writer {
	return slices.Concat(kubectlWriters(), []*writer{clientGo()}, helmWriters(built))
}

// programs gives the programs of others; with `make writers` it builds those that are missing.
func programs(t *testing.T) assets.Writers {
	t.Helper()
	built, err := assets.BuiltWriters()
	if os.Getenv(allVariable) != "" {
		built, err = assets.EnsureWriters(t.Context(), os.Stderr)
	}
	check(t, err)
	return built
}

// unwrapped is a text in one line, without the frames that tools draw around messages.
func unwrapped(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(text)), " ")
}

// ofTheMoment is what tells one run from another.
var ofTheMoment = []struct { //nolint:gochecknoglobals // A table.
	is *regexp.Regexp
	so string
}{
	{regexp.MustCompile(`https?://127\.0\.0\.1:\d+`), "https://SERVER"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`), "TIME"},
	{regexp.MustCompile(`LAST DEPLOYED: .*`), "LAST DEPLOYED: TIME"},
	{regexp.MustCompile(`I\d{4} [\d:.]+ +\d+ warnings\.go:\d+\]`), "I… warnings.go]"},
	{regexp.MustCompile(`/[\w./-]*/audit\.log`), "audit.log"},
	{regexp.MustCompile(`"?/[\w./-]*kubectl-edit-\d+\.yaml"?`), "FILE"},
	{regexp.MustCompile(`(?m)[ \t]+$`), ""},
}

// record writes what the steps of a writer came to.
func record(steps []*step) string {
	var parts []string
	last := ""
	for _, s := range steps {
		output := s.output
		for _, m := range ofTheMoment {
			output = m.is.ReplaceAllString(output, m.so)
		}
		if output = strings.Trim(output, "\n"); output == last && output != "" {
			output = "(the same)"
		} else {
			last = output
		}
		parts = append(parts, fmt.Sprintf("## %v\n%s\n", s, output))
	}
	return strings.Join(parts, "\n")
}

// golden holds the steps of a writer to its file.
func golden(t *testing.T, name string, steps []*step) {
	t.Helper()
	path, got := filepath.Join("testdata", name+".golden"), record(steps)
	if *update {
		check(t, os.MkdirAll("testdata", 0o755))
		check(t, os.WriteFile(path, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	check(t, err)
	if got != string(want) {
		t.Errorf("%s differs (run with -update to take it):\n%s", path, got)
	}
}

func TestWriters(t *testing.T) {
	l := newLab(t)
	for _, w := range everyone(programs(t)) {
		t.Run(w.name, func(t *testing.T) {
			if w.missing {
				t.Skipf("%s is not built: `make writers` builds it", w.name)
			}
			golden(t, w.file(), exercise(t, l, w))
		})
	}
	ownCommands(t, l)
}
