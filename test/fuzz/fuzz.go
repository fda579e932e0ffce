package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// fuzzer runs fuzz targets with a go command.
type fuzzer struct {
	program  string
	duration time.Duration
	out      io.Writer
}

// target is one fuzz function and the package it is in.
type target struct{ pkg, name string }

// modules fuzzes all targets of the modules in these folders and ends at the first that fails.
func (f fuzzer) modules(ctx context.Context, folders []string) error {
	for _, folder := range folders {
		targets, err := f.targets(ctx, folder)
		if err != nil {
			return fmt.Errorf("list the targets of %s: %w", folder, err)
		}
		for _, t := range targets {
			if err := f.target(ctx, folder, t); err != nil {
				return fmt.Errorf("%s of %s: %w", t.name, t.pkg, err)
			}
		}
	}
	return nil
}

// targets gives the fuzz functions of a module, in the order of its packages.
func (f fuzzer) targets(ctx context.Context, folder string) ([]target, error) {
	var printed bytes.Buffer
	if err := f.goTest(ctx, folder, &printed, "-list", "^Fuzz", "./..."); err != nil {
		return nil, fmt.Errorf("%w: %s", err, printed.String())
	}
	return listed(printed.String()), nil
}

// listed reads what go test -list prints: the names of a package's functions and then a line that begins with ok and names it.
func listed(printed string) []target {
	var targets []target
	var names []string
	for line := range strings.Lines(printed) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 1 && strings.HasPrefix(fields[0], "Fuzz"):
			names = append(names, fields[0])
		case len(fields) > 1 && fields[0] == "ok":
			for _, name := range names {
				targets = append(targets, target{fields[1], name})
			}
			names = nil
		}
	}
	return targets
}

// target fuzzes one target, and once more if all that went wrong was its end.
func (f fuzzer) target(ctx context.Context, folder string, t target) error {
	_, _ = fmt.Fprintln(f.out, t.pkg, t.name)
	for again := false; ; again = true {
		var printed bytes.Buffer
		err := f.goTest(ctx, folder, io.MultiWriter(f.out, &printed),
			"-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", f.duration.String(), "-fuzzminimizetime", "100x", t.pkg)
		if err == nil || again || !endedBadly(printed.String()) {
			return err
		}
		_, _ = fmt.Fprintln(f.out, "No input failed: go test took the end of the time for an error (golang/go#75804). Once more.")
	}
}

// deadline is a target whose only complaint is the end of its time.
var deadline = regexp.MustCompile(`(?m)^--- FAIL: Fuzz\w+ \([0-9.]+s\)\n    context deadline exceeded\n(FAIL\n|exit status|$)`)

// endedBadly reports that a run failed only because its time was over: up to Go 1.26, go test can take the end for an error
// (golang/go#75804).
func endedBadly(printed string) bool {
	return deadline.MatchString(printed) && !strings.Contains(printed, "Failing input written to")
}

// goTest runs go test in a folder. It is interrupted when the context ends, so that it ends its workers.
func (f fuzzer) goTest(ctx context.Context, folder string, out io.Writer, args ...string) error {
	command := exec.CommandContext(ctx, f.program, append([]string{"test"}, args...)...)
	command.Dir, command.Stdout, command.Stderr = folder, out, out
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGINT) }
	command.WaitDelay = 10 * time.Second
	err := command.Run()
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}
