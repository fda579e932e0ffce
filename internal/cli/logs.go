package cli

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/evidence"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// eachLog opens the logs that arguments name, one after the other: files, folders with all that is in them, and - for standard
// input. It shows how far the reading is.
func eachLog(args []string, s Streams, visit func(io.Reader) error) error {
	if err := once(args); err != nil {
		return err
	}
	var files []string
	for _, arg := range args {
		found, err := logsIn(arg)
		if err != nil {
			return unreadable(err)
		}
		files = append(files, found...)
	}
	if err := differentLogs(files); err != nil {
		return usage(err)
	}
	p := newProgress(s.Err)
	defer p.done()
	for _, name := range files {
		if err := oneLog(name, s, p, visit); err != nil {
			return unreadable(fmt.Errorf("%s: %w", text.Visible(name), err))
		}
	}
	return nil
}

// differentLogs refuses a file that is named twice, by itself or in a folder: what is in it would count twice.
func differentLogs(files []string) error {
	seen := map[string]bool{}
	for _, name := range files {
		path, err := filepath.Abs(name)
		if err == nil {
			path, err = filepath.EvalSymlinks(path)
		}
		if err != nil || name == "-" {
			continue // A pipe has no path, and reading reports what can't be opened.
		}
		if seen[path] {
			return fmt.Errorf("%s is named twice, and what it holds would count twice: leave one out", text.Visible(name))
		}
		seen[path] = true
	}
	return nil
}

// testFile is what CloudWatch Logs leaves in the bucket of an export.
const testFile = "aws-logs-write-test"

func logsIn(arg string) ([]string, error) {
	if arg == "-" {
		return []string{arg}, nil
	}
	info, err := os.Stat(arg)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{arg}, nil
	}
	var files []string
	err = filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && d.Name() != testFile {
			files = append(files, path)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		return nil, fmt.Errorf("%s: no files in this folder", text.Visible(arg))
	}
	return files, err
}

func oneLog(name string, s Streams, p *progress, visit func(io.Reader) error) error {
	if name == "-" {
		p.step("standard input")
		return visit(&counted{Reader: s.In, name: "standard input", progress: p})
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // It was read only.
	info, err := f.Stat()
	if err != nil {
		return err
	}
	p.step(text.Visible(name))
	return visit(&counted{Reader: f, name: text.Visible(name), size: info.Size(), progress: p})
}

// counted says how far the reading is.
type counted struct {
	io.Reader
	name       string
	done, size int64
	progress   *progress
}

// Read implements io.Reader.
func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.done += int64(n)
	c.progress.mebibytes(c.done, c.size, c.name)
	return n, err
}

// lostOf says in words what of a log could not be read, nothing where all was.
func lostOf(c *evidence.Counts) string {
	var parts []string
	add := func(n int64, one, many string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, text.Choose(int(min(n, 2)), one, many)))
		}
	}
	add(c.Broken, "broken record", "broken records")
	add(c.TooLong, "record over 8 MiB", "records over 8 MiB")
	add(c.Cut, "compressed log that is damaged or ends too early", "compressed logs that are damaged or end too early")
	if len(parts) == 0 {
		return ""
	}
	return "Not read: " + strings.Join(parts, ", ") + ". What the log has there is missing here.\n"
}

// covers says in words which time a log is about.
func covers(s *evidence.Span) string {
	if s.From.IsZero() {
		return "a time that it does not say"
	}
	return s.From.UTC().Format(time.RFC3339) + " to " + s.To.UTC().Format(time.RFC3339)
}

// someAddresses bounds the addresses of a row.
const someAddresses = 3

func addressesOf(list []string) string {
	if len(list) == 0 {
		return "unknown"
	}
	shown := slices.Clone(list[:min(len(list), someAddresses+1)])
	for i := range shown {
		shown[i] = text.Short(shown[i], maxShown)
	}
	return text.Some(shown, someAddresses)
}

// maxShown bounds a text of a log in a row, in bytes: writers choose some.
const maxShown = 120
