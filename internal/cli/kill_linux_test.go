package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// TestKilledWhileItWrites kills the plugin (kill -9) after each of the things that it does in the folder of the file that it
// edits. The file is the old one or the new one then, never a part of it.
func TestKilledWhileItWrites(t *testing.T) {
	self, err := os.Executable()
	must(t, err)
	const added = "arn:aws:iam::111122223333:role/added"
	var text strings.Builder
	text.WriteString("mapRoles: |\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "  - rolearn: arn:aws:iam::111122223333:role/role-%d\n    username: name-%d\n    groups: [group-%d]\n", i, i, i)
	}
	before := text.String()
	after := before + "  - rolearn: " + added + "\n    username: added\n    groups: [g]\n"
	for kills := 1; ; kills++ {
		dir := t.TempDir()
		path := filepath.Join(dir, "map.yaml")
		must(t, os.WriteFile(path, []byte(before), 0o600))
		events := watch(t, dir)
		run := exec.CommandContext(t.Context(), self, "add", "role", added, "--username", "added", "--group", "g", "--yes", "--no-config", "-f", path)
		run.Args[0] = "kubectl-aws_auth"
		must(t, run.Start())
		ended := make(chan error, 1)
		go func() { ended <- run.Wait() }()
		err, over := error(nil), false
		for seen := 0; seen < kills && !over; {
			select {
			case <-events:
				seen++
			case err = <-ended:
				over = true
			}
		}
		if !over {
			// It may have come to its end in this moment.
			if err := run.Process.Kill(); !errors.Is(err, os.ErrProcessDone) {
				must(t, err)
			}
			<-ended
		}
		got, readErr := os.ReadFile(path)
		must(t, readErr)
		if string(got) != before && string(got) != after {
			t.Fatalf("killed at event %d it left %d bytes: neither the old file of %d nor the new one of %d", kills, len(got), len(before), len(after))
		}
		if over {
			// It came to its end before it was killed.
			if err != nil || string(got) != after {
				t.Errorf("it ended with %v, %d kills before, and left %d bytes, want %d", err, kills-1, len(got), len(after))
			}
			return
		}
	}
}

// watch reports each thing that is done in a folder beside reading.
func watch(t *testing.T, dir string) <-chan struct{} {
	t.Helper()
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	must(t, err)
	const what = syscall.IN_CREATE | syscall.IN_MODIFY | syscall.IN_ATTRIB | syscall.IN_CLOSE_WRITE | syscall.IN_MOVED_TO | syscall.IN_DELETE
	_, err = syscall.InotifyAddWatch(fd, dir, what)
	must(t, err)
	f := os.NewFile(uintptr(fd), "inotify")
	t.Cleanup(func() { _ = f.Close() })
	events := make(chan struct{}, 1000)
	go func() {
		buffer := make([]byte, 64<<10)
		for {
			n, err := f.Read(buffer)
			if err != nil {
				return
			}
			for at := 0; at < n; {
				event := (*syscall.InotifyEvent)(unsafe.Pointer(&buffer[at]))
				at += syscall.SizeofInotifyEvent + int(event.Len)
				events <- struct{}{}
			}
		}
	}()
	return events
}
