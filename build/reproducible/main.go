// Command reproducible builds the webhook twice, in folders of different names and the second time with an empty
// cache, so that nothing is used again, and compares the bytes.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/aws-auth-guard/aws-auth-guard/build/program"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	root := flag.String("root", "..", "folder of the repository")
	version := flag.String("version", "devel", "version of the program")
	architecture := flag.String("arch", "amd64", "architecture")
	flag.Parse()
	if err := run(ctx, program.Build{
		Root: *root, Package: "./cmd/webhook", Platform: program.Platform{OS: "linux", Architecture: *architecture}, Version: *version,
	}); err != nil {
		fmt.Fprintf(os.Stderr, "reproducible: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, build program.Build) error {
	dir, err := os.MkdirTemp("", "reproducible-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	first, err := content(ctx, build, filepath.Join(dir, "first"))
	if err != nil {
		return err
	}
	elsewhere := build
	elsewhere.Root, elsewhere.Cache = filepath.Join(dir, "a", "folder", "elsewhere"), filepath.Join(dir, "cache")
	if err := program.CopySource(build.Root, elsewhere.Root); err != nil {
		return err
	}
	second, err := content(ctx, elsewhere, filepath.Join(dir, "second"))
	if err != nil {
		return err
	}
	fmt.Printf("%x  %s, built here\n%x  %s, built in another folder with an empty cache\n",
		sha256.Sum256(first), build.Platform, sha256.Sum256(second), build.Platform)
	if !bytes.Equal(first, second) {
		return errors.New("the two builds differ")
	}
	return nil
}

func content(ctx context.Context, build program.Build, output string) ([]byte, error) {
	if err := build.Run(ctx, output); err != nil {
		return nil, err
	}
	return os.ReadFile(output)
}
