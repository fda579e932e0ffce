package cli

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
)

// corpus is a folder of real maps that is kept beside the repository, where there is one.
var corpus = filepath.Join("..", "..", "..", "shared", "corpus")

// TestCorpus lints and repairs every file of the corpus: what fix leaves must be no more than lint found, and other
// bytes than those of the repairs must stay.
func TestCorpus(t *testing.T) {
	var files []string
	err := filepath.WalkDir(corpus, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".yaml") {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Skip("no corpus beside the repository")
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			code, out := run(t, string(raw), "lint", path)
			f := manifest.Read(path, string(raw))
			found := len(f.Documents)+len(f.Problems) > 0
			if code != exitOK && code != exitFindings || code == exitFindings && !found {
				t.Errorf("lint exits with %d:\n%s", code, out)
			}
			_, repaired := run(t, string(raw), "fix", "-")
			again, twice := run(t, repaired, "fix", "-")
			if twice != repaired {
				t.Errorf("a second fix changes the file again:\n%s", twice)
			}
			if code == exitOK && again != exitOK {
				t.Errorf("lint finds nothing, and fix leaves something (exit %d)", again)
			}
			if code == exitOK && repaired != string(raw) {
				t.Errorf("lint finds nothing, and fix changes the file:\n%s", repaired)
			}
		})
	}
}

func run(t *testing.T, in string, args ...string) (code int, out string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = Run(args, Streams{In: strings.NewReader(in), Out: &stdout, Err: &stderr})
	if code > exitFindings {
		t.Errorf("%s: exit %d: %s", strings.Join(args, " "), code, stderr.String())
	}
	return code, stdout.String()
}
