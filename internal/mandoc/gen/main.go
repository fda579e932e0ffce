// Gen writes the man pages. It is run from the root of the repository by `make generate`.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws-auth-guard/aws-auth-guard/internal/mandoc"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run() error {
	pages, err := mandoc.Pages()
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(mandoc.Folder, "*"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if _, wanted := pages[filepath.Base(path)]; !wanted {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	if err := os.MkdirAll(mandoc.Folder, 0o755); err != nil {
		return err
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(mandoc.Folder, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
