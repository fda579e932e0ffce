package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
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
	must(t, replace(t.Context(), path, "old", "new"))
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

// TestFix_interrupted: what ends the command while a file is replaced leaves that file as it is, nothing beside it, and the
// files after it are not touched.
func TestFix_interrupted(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "b.yaml")
	const broken = "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/team/dev\n    username: dev\n    groups: [devs]\n"
	must(t, os.WriteFile(first, []byte(broken), 0o640))
	must(t, os.WriteFile(second, []byte(broken), 0o640))
	before := contents(t, dir)
	ctx, end := context.WithCancel(t.Context())
	end()
	var problems bytes.Buffer
	root := newRoot(Streams{Out: &problems, Err: &problems})
	root.SetArgs([]string{"fix", dir})
	err := root.ExecuteContext(ctx)
	if !errors.Is(err, errInterrupted) || strings.Contains(err.Error(), second) {
		t.Errorf("%v\n%s", err, &problems)
	}
	if after := contents(t, dir); after != before {
		t.Errorf("the folder holds\n%s\nbefore it held\n%s", after, before)
	}
	must(t, os.Remove(first))
	if code := Run([]string{"fix", dir}, Streams{Out: &problems, Err: &problems}); code != exitOK {
		t.Errorf("the file alone: exit code %d\n%s", code, &problems)
	}
}
