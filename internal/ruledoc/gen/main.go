// Gen writes the generated pages. It is run from the root of the repository by `make generate`.
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/internal/ruledoc"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run() error {
	pages := map[string]string{}
	for _, path := range []string{ruledoc.Readme, ruledoc.Operations} {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		pages[path] = string(text)
	}
	files, err := ruledoc.Files(pages)
	if err != nil {
		return err
	}
	old, err := filepath.Glob("docs/rules/*.md")
	if err != nil {
		return err
	}
	for _, path := range old {
		if _, wanted := files[filepath.ToSlash(path)]; !wanted {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	if err := os.MkdirAll("docs/rules", 0o755); err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(path, []byte(files[path]), 0o644); err != nil {
			return err
		}
	}
	return nil
}
