// Command bom writes the SBOM of a program that is released.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/build/notices"
	"github.com/aws-auth-guard/aws-auth-guard/build/program"
	"github.com/aws-auth-guard/aws-auth-guard/build/sbom"
)

// options say of which program to write what.
type options struct {
	// root is the folder of the module that the program is of.
	root string
	// packageName is the program's, such as ./cmd/webhook: what its licenses are looked up by.
	packageName string
	// binary is the program, out the file to write.
	binary, out string
	platform    program.Platform
	version     string
	time        time.Time
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var o options
	var at int64
	flag.StringVar(&o.root, "root", "..", "folder of the module that the program is of")
	flag.StringVar(&o.packageName, "package", "./cmd/webhook", "package of the program")
	flag.StringVar(&o.binary, "binary", "", "the program")
	flag.StringVar(&o.out, "out", "", "file to write")
	flag.StringVar(&o.platform.OS, "os", "linux", "its system")
	flag.StringVar(&o.platform.Architecture, "arch", "amd64", "its architecture")
	flag.StringVar(&o.version, "version", "devel", "its version")
	flag.Int64Var(&at, "time", 0, "time in the SBOM, in seconds since 1970")
	flag.Parse()
	o.time = time.Unix(at, 0)
	if err := run(ctx, o); err != nil {
		fmt.Fprintf(os.Stderr, "bom: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	modules, err := notices.Collect(ctx, o.root, []program.Platform{o.platform}, o.packageName)
	if err != nil {
		return err
	}
	if err := notices.Check(modules); err != nil {
		return err
	}
	binary, err := os.Open(o.binary)
	if err != nil {
		return err
	}
	defer func() { _ = binary.Close() }()
	document, err := sbom.Make([]io.ReaderAt{binary}, o.version, o.time, modules)
	if err != nil {
		return err
	}
	return os.WriteFile(o.out, document, 0o644)
}
