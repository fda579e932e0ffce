package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// replace puts a new text in the place of a file at once: readers see the old text or the new one, and an error leaves the
// old. It keeps the owner and the mode of the file, and writes through a link. before is the text that the new one was made
// from. What it can't keep, it refuses: other hard links would go on to show the old text. Where the context ends in time,
// nothing is changed, and nothing is left beside the file.
func replace(ctx context.Context, path, before, after string) (err error) {
	defer func() {
		if pathError, ok := errors.AsType[*os.PathError](err); ok {
			err = pathError.Err
		}
		if err != nil {
			err = fmt.Errorf("%s: not changed: %w", text.Visible(path), err)
		}
	}()
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(target)
	if err != nil {
		return err
	}
	if err := replaceable(target, info); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(target), tempPrefix+"*")
	if err != nil {
		return fmt.Errorf("no file can be made beside it: %w", reasonOf(err))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temp.Name()))
		}
	}()
	if err := write(temp, after, target, info); err != nil {
		return err
	}
	now, err := os.ReadFile(target)
	if err != nil {
		return err
	}
	if present, err := os.Stat(target); err != nil || !os.SameFile(info, present) || string(now) != before {
		return errors.Join(err, errors.New("somebody else has changed it meanwhile"))
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	if err := os.Rename(temp.Name(), target); err != nil {
		return reasonOf(err)
	}
	removeStale(filepath.Dir(target), time.Now())
	return syncDir(filepath.Dir(target))
}

// tempPrefix is how the name of a new text begins that is to take the place of a file.
const tempPrefix = ".aws-auth-fix-"

// staleAfter is the age at which no run is still writing such a text.
const staleAfter = time.Hour

var tempName = regexp.MustCompile(`^` + regexp.QuoteMeta(tempPrefix) + `[0-9]+$`)

// removeStale removes the new texts that runs have left in a folder which somebody killed. What can't be removed is in nobody's way.
func removeStale(dir string, now time.Time) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !tempName.MatchString(e.Name()) || !e.Type().IsRegular() {
			continue
		}
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > staleAfter {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// errInterrupted says that somebody wants the command to end.
var errInterrupted = errors.New("interrupted")

// replaceable says why a file is not written. A rename asks only the folder for permission, so the file itself is asked.
func replaceable(target string, info os.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return errors.New("it is not a regular file")
	case info.Mode().Perm()&0o222 == 0:
		return errors.New("it is write-protected")
	case hardLinks(info) > 1:
		return fmt.Errorf("the file has %d hard links, and the others would keep the old text: edit it by hand", hardLinks(info))
	}
	f, err := os.OpenFile(target, os.O_WRONLY, 0)
	if err != nil {
		return reasonOf(err)
	}
	return f.Close()
}

// write fills and closes a file that is to take the place of another.
func write(f *os.File, text, target string, info os.FileInfo) error {
	_, err := f.WriteString(text)
	if err == nil {
		err = keepOwner(f, info)
	}
	if err == nil {
		err = f.Chmod(info.Mode() & (os.ModePerm | os.ModeSetuid | os.ModeSetgid | os.ModeSticky))
	}
	if err == nil {
		err = keepAttributes(f.Name(), target)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// reasonOf gives an error of the file system without the names of files.
func reasonOf(err error) error {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return path.Err
	}
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return link.Err
	}
	return err
}
