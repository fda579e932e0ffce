package cli

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestReplace_owner: the new file belongs to whom the old one did, and has its attributes.
func TestReplace_owner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	must(t, os.WriteFile(path, []byte("old"), 0o640))
	uid, gid := os.Getuid(), os.Getgid()
	if uid == 0 {
		uid, gid = 12345, 23456
		must(t, os.Chown(path, uid, gid))
	}
	attribute := syscall.Setxattr(path, "user.note", []byte("kept"), 0)
	if attribute != nil && !errors.Is(attribute, syscall.ENOTSUP) {
		t.Fatal(attribute)
	}
	must(t, replace(path, "old", "new"))
	info, err := os.Stat(path)
	must(t, err)
	if s, ok := info.Sys().(*syscall.Stat_t); !ok || int(s.Uid) != uid || int(s.Gid) != gid || info.Mode().Perm() != 0o640 {
		t.Errorf("owner and mode are %+v", info.Sys())
	}
	if attribute != nil {
		return
	}
	value := make([]byte, 10)
	if n, err := syscall.Getxattr(path, "user.note", value); err != nil || string(value[:n]) != "kept" {
		t.Errorf("the attribute is %q, %v", value[:max(n, 0)], err)
	}
}
