// Gen writes what is generated from the code: the pages of rules, the man pages, the tables of README and operations, and the
// README's picture. It is run from the root of the repository by `make generate`.
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/aws-auth-guard/aws-auth-guard/internal/mandoc"
	"github.com/aws-auth-guard/aws-auth-guard/internal/picture"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/ruledoc"
)

func main() {
	// The picture is drawn from the README as the others have left it.
	for _, generate := range []func() (map[string]string, error){rules, manPages, drawing} {
		files, err := generate()
		if err == nil {
			err = write(files)
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
	files, err := ruledoc.Files(pages)
	if err != nil {
		return nil, err
	}
	return files, removeOthers("docs/rules/*.md", files)
}

func manPages() (map[string]string, error) {
	pages, err := mandoc.Pages()
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for name, text := range pages {
		files[filepath.Join(mandoc.Folder, name)] = text
	}
	return files, removeOthers(filepath.Join(mandoc.Folder, "*"), files)
}

func drawing() (map[string]string, error) {
	readme, err := os.ReadFile(picture.Readme)
	if err != nil {
		return nil, err
	}
	block, err := picture.Block(string(readme))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", picture.Readme, err)
	}
	return map[string]string{picture.File: picture.SVG(block)}, nil
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
