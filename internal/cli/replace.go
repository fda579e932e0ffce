package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// replace puts a new text in the place of a file at once: readers see the old text or the new one, and an error leaves the
// old. It keeps the mode of the file, and writes through a link. before is the text that the new one was made from.
func replace(path, before, after string) (err error) {
	defer func() {
		if pathError, ok := errors.AsType[*os.PathError](err); ok {
			err = pathError.Err
		}
		if err != nil {
			err = fmt.Errorf("%s: not changed: %w", path, err)
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
	if !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	temp, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temp.Name()))
		}
	}()
	if err := write(temp, after, info.Mode().Perm()); err != nil {
		return err
	}
	now, err := os.ReadFile(target)
	if err != nil {
		return err
	}
	if string(now) != before {
		return errors.New("somebody else has changed it meanwhile")
	}
	return os.Rename(temp.Name(), target)
}

// write fills and closes a file.
func write(f *os.File, text string, mode os.FileMode) error {
	_, err := f.WriteString(text)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
