package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestReplace: what replace refuses stays as it is, and nothing is left beside it.
func TestReplace(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("has no such modes and links")
	}
	type replacement struct {
		// prepare changes the folder that holds a file x with the text "old", mode 0640.
		prepare func(t *testing.T, dir string)
		// path is x where it is empty.
		path   string
		reason string
		// ended is set where the context has ended.
		ended bool
	}
	for name, tt := range map[string]replacement{
		"a file":            {},
		"through a link":    {path: "link", prepare: func(t *testing.T, dir string) { must(t, os.Symlink("x", filepath.Join(dir, "link"))) }},
		"a link to nowhere": {path: "link", prepare: func(t *testing.T, dir string) { must(t, os.Symlink("y", filepath.Join(dir, "link"))) }, reason: "no such file"},
		"hard links":        {prepare: func(t *testing.T, dir string) { must(t, os.Link(filepath.Join(dir, "x"), filepath.Join(dir, "y"))) }, reason: "2 hard links"},
		"write-protected":   {prepare: func(t *testing.T, dir string) { must(t, os.Chmod(filepath.Join(dir, "x"), 0o440)) }, reason: "write-protected"},
		"changed meanwhile": {prepare: func(t *testing.T, dir string) { must(t, os.WriteFile(filepath.Join(dir, "x"), []byte("newer"), 0)) }, reason: "meanwhile"},
		"interrupted":       {ended: true, reason: "interrupted"},
		"a folder":          {path: ".", reason: "not a regular file"},
		"a long name": {path: strings.Repeat("x", 255), prepare: func(t *testing.T, dir string) {
			must(t, os.WriteFile(filepath.Join(dir, strings.Repeat("x", 255)), []byte("old"), 0o640))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, os.WriteFile(filepath.Join(dir, "x"), []byte("old"), 0o640))
			if tt.prepare != nil {
				tt.prepare(t, dir)
			}
			before := contents(t, dir)
			if tt.path == "" {
				tt.path = "x"
			}
			path := filepath.Join(dir, tt.path)
			ctx, end := context.WithCancel(t.Context())
			if tt.ended {
				end()
			}
			defer end()
			switch err := replace(ctx, path, "old", "new"); {
			case tt.reason != "" && (err == nil || !strings.Contains(err.Error(), tt.reason) || !strings.HasPrefix(err.Error(), path+": not changed: ")):
				t.Errorf("got %v, want %q", err, tt.reason)
			case tt.reason == "" && err != nil:
				t.Error(err)
			}
			want := before
			if tt.reason == "" {
				target := filepath.Base(resolved(t, path))
				want = strings.Replace(before, target+" -rw-r----- old", target+" -rw-r----- new", 1)
			}
			if after := contents(t, dir); after != want {
				t.Errorf("the folder holds\n%s\nwant\n%s", after, want)
			}
		})
	}
}

// TestReplace_byRename: the bytes of the old file are never written over, so that there is no moment at which the file has a part
// of the new text, and kill -9 leaves one or the other. Nothing is killed here: whoever has the old one open reads all of it, and the
// name leads to another file.
func TestReplace_byRename(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("replaces no file that is open")
	}
	path := filepath.Join(t.TempDir(), "x")
	before, after := strings.Repeat("old\n", 100_000), strings.Repeat("new\n", 200_000)
	must(t, os.WriteFile(path, []byte(before), 0o600))
	old, err := os.Open(path)
	must(t, err)
	defer func() { _ = old.Close() }()
	must(t, replace(t.Context(), path, before, after))
	read, err := io.ReadAll(old)
	must(t, err)
	if string(read) != before {
		t.Error("the old file was written over")
	}
	was, err := old.Stat()
	must(t, err)
	is, err := os.Stat(path)
	must(t, err)
	if os.SameFile(was, is) || is.Size() != int64(len(after)) {
		t.Errorf("the new file has %d bytes of %d, or is the old one", is.Size(), len(after))
	}
}

func resolved(t *testing.T, path string) string {
	t.Helper()
	target, err := filepath.EvalSymlinks(path)
	must(t, err)
	return target
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// contents has a line for each file of a folder: name, mode, text or target of a link.
func contents(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var b strings.Builder
	for _, e := range entries {
		info, err := e.Info()
		must(t, err)
		path := filepath.Join(dir, e.Name())
		content, err := os.Readlink(path)
		if err != nil {
			raw, err := os.ReadFile(path)
			must(t, err)
			content = string(raw)
		}
		b.WriteString(e.Name() + " " + info.Mode().String() + " " + content + "\n")
	}
	return b.String()
}

// TestStale: a run removes what killed runs have left beside the file, and nothing else.
func TestStale(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-2 * staleAfter)
	for name, at := range map[string]time.Time{
		"x": old, ".aws-auth-fix-1234": old, ".aws-auth-fix-99": time.Now(), ".aws-auth-fix-": old, ".aws-auth-fix-12.yaml": old, "a.aws-auth-fix-12": old, ".aws-auth-fix-x": old,
	} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte("old"), 0o600))
		must(t, os.Chtimes(filepath.Join(dir, name), at, at))
	}
	if err := os.Symlink("x", filepath.Join(dir, ".aws-auth-fix-5")); err != nil {
		t.Skip(err)
	}
	before := contents(t, dir)
	if err := replace(t.Context(), filepath.Join(dir, "x"), "other", "new"); err == nil || contents(t, dir) != before {
		t.Errorf("a run that fails: %v, and leaves %v", err, contents(t, dir))
	}
	must(t, replace(t.Context(), filepath.Join(dir, "x"), "old", "new"))
	want := strings.NewReplacer(".aws-auth-fix-1234 -rw------- old\n", "", "\nx -rw------- old\n", "\nx -rw------- new\n").Replace(before)
	if after := contents(t, dir); after != want || want == before {
		t.Errorf("left\n%s\nwant\n%s", after, want)
	}
}
