// Gen writes what is generated from the code: the pages of rules, the man pages, the tables of README and operations, and the
// README's picture. It is run from the root of the repository by `make generate`.
package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/ruledoc"
)

func main() {
	// The picture is drawn from the README as the others have left it.
	for _, g := range []struct {
		generate func() (map[string]string, error)
		// all matches what is generated: files that no longer are, go.
		all string
	}{{rules, "docs/rules/*.md"}, {manPages, manFolder + "/*"}, {picture, pictureFile}} {
		files, err := g.generate()
		if err == nil {
			err = errors.Join(write(files), removeOthers(g.all, files))
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "generate:", err)
			os.Exit(1)
		}
	}
}

func rules() (map[string]string, error) {
	pages := map[string]string{}
	for _, path := range []string{ruledoc.Readme, ruledoc.Operations} {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		pages[path] = string(text)
	}
	return ruledoc.Files(pages)
}

// removeOthers removes the files that match a pattern and are generated no more.
func removeOthers(pattern string, files map[string]string) error {
	old, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	for _, path := range old {
		if _, wanted := files[path]; wanted {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

func write(files map[string]string) error {
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(files[path]), 0o644); err != nil {
			return err
		}
	}
	return nil
}
