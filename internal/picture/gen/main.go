// Gen draws the README's picture. It is run from the root of the repository by `make generate`.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws-auth-guard/aws-auth-guard/internal/picture"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run() error {
	readme, err := os.ReadFile(picture.Readme)
	if err != nil {
		return err
	}
	block, err := picture.Block(string(readme))
	if err != nil {
		return fmt.Errorf("%s: %w", picture.Readme, err)
	}
	if err := os.MkdirAll(filepath.Dir(picture.File), 0o755); err != nil {
		return err
	}
	return os.WriteFile(picture.File, []byte(picture.SVG(block)), 0o644)
}
