package program

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
)

// releaseVariable is what the linker sets to the version; see internal/version.
const releaseVariable = "github.com/aws-auth-guard/aws-auth-guard/internal/version.release"

// Platform is a system and an architecture, as GOOS and GOARCH name them.
type Platform struct{ OS, Architecture string }

func (p Platform) String() string { return p.OS + "/" + p.Architecture }

// Environment is what a program for the platform is built with: static, and for the least processor of its
// architecture, whatever the settings of the machine are.
func (p Platform) Environment() []string {
	return []string{
		"CGO_ENABLED=0", "GOOS=" + p.OS, "GOARCH=" + p.Architecture, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOEXPERIMENT=", "GOWORK=off",
	}
}

// Arguments are those of `go build` that decide about the bytes of a program. They keep out the folder (-trimpath),
// the state of the checkout (-buildvcs=false; the version contains the commit) and the identity of the build, so that
// the same source gives the same bytes anywhere.
func Arguments(version string) []string {
	return []string{"-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid= -X " + releaseVariable + "=" + version}
}

// Build is one program to be made.
type Build struct {
	// Root is the folder of the module.
	Root string
	// Package is the program's, such as ./cmd/webhook.
	Package  string
	Platform Platform
	Version  string
}

// Run builds into the file output.
func (b Build) Run(ctx context.Context, output string) error {
	command := exec.CommandContext(ctx, "go", slices.Concat([]string{"build"}, Arguments(b.Version), []string{"-o", output, b.Package})...)
	command.Dir = b.Root
	command.Env = append(os.Environ(), b.Platform.Environment()...)
	if text, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s for %s: %w\n%s", b.Package, b.Platform, err, text)
	}
	return nil
}
