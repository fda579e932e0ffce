//go:build unix

package cli

import (
	"fmt"
	"os"
	"syscall"
)

// hardLinks is how many names a file has.
func hardLinks(info os.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Nlink)
	}
	return 1
}

// keepOwner gives a new file the owner and the group of the old one.
func keepOwner(f *os.File, old os.FileInfo) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	is, ok := info.Sys().(*syscall.Stat_t)
	was, known := old.Sys().(*syscall.Stat_t)
	if !ok || !known || is.Uid == was.Uid && is.Gid == was.Gid {
		return nil
	}
	if err := f.Chown(int(was.Uid), int(was.Gid)); err != nil {
		return fmt.Errorf("it belongs to the user %d and the group %d, which can't be kept: %w", was.Uid, was.Gid, reasonOf(err))
	}
	return nil
}

// syncDir makes a rename in a folder last.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return nil // a folder that may be written but not read: the file is in place
	}
	_ = f.Sync() // some file systems know no such thing
	return f.Close()
}
