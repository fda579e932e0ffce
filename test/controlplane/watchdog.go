package controlplane

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// watchdogScript waits on its standard input, whose other end only the starting process holds. A word means that
// all is ended in order. The end of input means that the starter is gone: then it ends the servers whose process
// ids lie in the folder given, and removes that folder.
const watchdogScript = `
read -r word && exit 0
for signal in TERM TERM TERM TERM TERM KILL; do
	left=
	for file in "$1"/*.pid; do
		[ -s "$file" ] && kill -s "$signal" "$(cat "$file")" 2>/dev/null && left=yes
	done
	[ -z "$left" ] && break
	sleep 1
done
rm -rf "$1"
`

// watchdog is a process that ends the servers when the process that started them dies without doing so:
// a panic, a test timeout, an interrupt or a kill.
type watchdog struct {
	directory string
	command   *exec.Cmd
	line      io.WriteCloser
}

func startWatchdog(directory string) (*watchdog, error) {
	command := exec.Command("/bin/sh", "-c", watchdogScript, "watchdog", directory)
	// A session of its own, so that an interrupt from the keyboard does not end it too.
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	line, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting the watchdog of the test servers: %w", err)
	}
	return &watchdog{directory: directory, command: command, line: line}, nil
}

// wrap gives a program that runs the one given under the same process id, which it notes for the watchdog: envtest
// starts the servers and does not tell it.
func (w *watchdog) wrap(name, program string) (string, error) {
	path := filepath.Join(w.directory, name+".sh")
	script := fmt.Sprintf("#!/bin/sh\necho $$ > %s\nexec %s \"$@\"\n", quote(filepath.Join(w.directory, name+".pid")), quote(program))
	return path, os.WriteFile(path, []byte(script), 0o700)
}

// release ends the watchdog; the servers are its starter's own again.
func (w *watchdog) release() error {
	_, err := io.WriteString(w.line, "done\n")
	return errors.Join(err, w.line.Close(), w.command.Wait())
}

// quote makes text one word of a POSIX shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
