// Command image makes the OCI image of the webhook without a Docker daemon: the same that the Dockerfile makes, with
// an SBOM attached. It can push both to a registry.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "image: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	var o options
	var architectures string
	var push bool
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	flags.StringVar(&o.root, "root", "../..", "folder of the repository")
	flags.StringVar(&o.out, "out", "../../dist/image", "folder for the OCI layout, the tars and the SBOMs")
	flags.StringVar(&o.name, "name", "", "name of the image, with its tag (default: ghcr.io/aws-auth-guard/aws-auth-guard:VERSION)")
	flags.StringVar(&o.version, "version", "devel", "version that the program and the image tell")
	flags.StringVar(&o.revision, "revision", "", "commit in the image's labels")
	flags.StringVar(&architectures, "arch", "amd64,arm64", "architectures, with commas between them")
	flags.BoolVar(&push, "push", false, "push the image and its SBOMs to the registry of its name, with the credentials of `docker login`")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	o.architectures = strings.Split(architectures, ",")
	if o.name == "" {
		o.name = "ghcr.io/aws-auth-guard/aws-auth-guard:" + strings.ReplaceAll(o.version, "+", "-")
	}
	var err error
	if o.time, err = sourceDate(os.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		return err
	}
	made, err := o.make(ctx)
	if err != nil {
		return err
	}
	if push {
		return made.push(ctx)
	}
	return nil
}

// sourceDate is the time that everything in the image has: the start of 1970 unless SOURCE_DATE_EPOCH
// (reproducible-builds.org/specs/source-date-epoch) says another.
func sourceDate(text string) (time.Time, error) {
	if text == "" {
		return time.Unix(0, 0).UTC(), nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH is %q: give the seconds since 1970", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
