package program

import (
	"errors"
	"os"
	"path/filepath"
)

// CopySource copies what programs are built from, and nothing else, to a folder that is made.
func CopySource(root, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	var problems []error
	for _, folder := range []string{"cmd", "internal", "pkg"} {
		problems = append(problems, os.CopyFS(filepath.Join(to, folder), os.DirFS(filepath.Join(root, folder))))
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, file))
		problems = append(problems, err, os.WriteFile(filepath.Join(to, file), text, 0o644))
	}
	return errors.Join(problems...)
}
