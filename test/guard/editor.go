package guard

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// editorVariable holds the folder of the script in the environment of an editor.
const editorVariable = "AWS_AUTH_GUARD_TEST_EDITOR"

// Step is what a scripted editor does when it is opened: it replaces one text by another.
type Step struct{ Old, New string }

// Editor is a scripted editor for `kubectl edit`. It is the program that made it, started once more: that
// program must call EditorMain first of all.
type Editor struct{ dir string }

// NewEditor makes an editor that keeps its script in an empty folder. When it is opened more often than there
// are steps, it changes nothing.
func NewEditor(dir string, steps ...Step) (*Editor, error) {
	for i, s := range steps {
		for name, text := range map[string]string{"old": s.Old, "new": s.New} {
			if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)+"."+name), []byte(text), 0o600); err != nil {
				return nil, err
			}
		}
	}
	return &Editor{dir: dir}, nil
}

// Command is the value of KUBE_EDITOR. The path of this program must be free of blanks and quotes, with which
// kubectl would look for a shell.
func (e *Editor) Command() (string, error) { return os.Executable() }

// Environment is what `kubectl edit` must have in its environment.
func (e *Editor) Environment() []string { return []string{editorVariable + "=" + e.dir} }

// Seen are the texts that the editor was opened with, in order.
func (e *Editor) Seen() ([]string, error) {
	var seen []string
	for {
		text, err := os.ReadFile(filepath.Join(e.dir, strconv.Itoa(len(seen))+".seen"))
		if errors.Is(err, fs.ErrNotExist) {
			return seen, nil
		}
		if err != nil {
			return nil, err
		}
		seen = append(seen, string(text))
	}
}

// EditorMain edits the file that the last argument names and ends the process, where the process was started as
// an editor; else it does nothing.
func EditorMain() {
	dir := os.Getenv(editorVariable)
	if dir == "" {
		return
	}
	if err := edit(dir, os.Args[len(os.Args)-1]); err != nil {
		fmt.Fprintf(os.Stderr, "scripted editor: %v\n", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func edit(dir, file string) error {
	before, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	seen, err := (&Editor{dir: dir}).Seen()
	if err != nil {
		return err
	}
	step := filepath.Join(dir, strconv.Itoa(len(seen)))
	if err := os.WriteFile(step+".seen", before, 0o600); err != nil {
		return err
	}
	old, err := os.ReadFile(step + ".old")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	replacement, err := os.ReadFile(step + ".new")
	if err != nil {
		return err
	}
	if !strings.Contains(string(before), string(old)) {
		return fmt.Errorf("the text does not hold %q:\n%s", old, before)
	}
	return os.WriteFile(file, []byte(strings.Replace(string(before), string(old), string(replacement), 1)), 0o600)
}
