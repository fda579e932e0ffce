// Command licenses checks the licenses of all that is linked into the programs, and writes the texts that they ask
// to be passed on.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/build/notices"
	"github.com/aws-auth-guard/aws-auth-guard/build/program"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	root := flag.String("root", "..", "folder of the module whose programs are checked")
	packages := flag.String("packages", "./cmd/...", "programs, with commas between them")
	platforms := flag.String("platforms", "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64,windows/arm64", "platforms, with commas between them")
	out := flag.String("out", "", "file to write the notices to (default: list modules and licenses)")
	flag.Parse()
	if err := run(ctx, *root, *platforms, *packages, *out); err != nil {
		fmt.Fprintf(os.Stderr, "licenses: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root, platforms, packages, out string) error {
	var on []program.Platform
	for p := range strings.SplitSeq(platforms, ",") {
		system, architecture, ok := strings.Cut(p, "/")
		if !ok {
			return fmt.Errorf("-platforms: %q is not of the form linux/amd64", p)
		}
		on = append(on, program.Platform{OS: system, Architecture: architecture})
	}
	modules, err := notices.Collect(ctx, root, on, strings.Split(packages, ",")...)
	if err != nil {
		return err
	}
	if err := notices.Check(modules); err != nil {
		return err
	}
	if out == "" {
		for _, m := range modules {
			fmt.Printf("%s %s: %s\n", m.Path, m.Version, strings.Join(m.Licenses, ", "))
		}
		return nil
	}
	var b bytes.Buffer
	if err := notices.Write(&b, modules); err != nil {
		return err
	}
	return os.WriteFile(out, b.Bytes(), 0o644)
}
