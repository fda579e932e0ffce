// Bench measures kubectl aws-auth lint as a process on a folder of manifests, and kube-linter on the same folder where
// that is installed, taking turns. The only argument is the plugin's program.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"text/tabwriter"
	"time"
)

const (
	manifests = 1000
	entries   = 10
	// Each tenth manifest has an entry that lint calls an error.
	faultyEach = 10
	// rounds is odd, so that the median is one of the measurements.
	rounds = 9
	// peer is the linter to compare with, and peerPackage where go install finds it.
	peer        = "kube-linter"
	peerPackage = "golang.stackrox.io/kube-linter/cmd/kube-linter@latest"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: bench PLUGIN, the path of kubectl-aws_auth")
	}
	folder, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	bytes, err := plant(folder)
	if err != nil {
		return err
	}
	if err := checksAll(args[0], folder); err != nil {
		return err
	}
	programs := []string{args[0]}
	if path, err := exec.LookPath(peer); err == nil {
		programs = append(programs, path)
	}
	medians, err := compare(programs, "lint", folder)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "manifests\tbytes\tkubectl-aws_auth lint\t%s lint\tratio\t\n", peer)
	theirs, ratio := "-", "-"
	if len(medians) > 1 {
		theirs, ratio = medians[1].String(), fmt.Sprintf("%.2f", float64(medians[0])/float64(medians[1]))
	}
	fmt.Fprintf(w, "%d\t%d\t%v\t%s\t%s\t\n", manifests, bytes, medians[0], theirs, ratio)
	if err := w.Flush(); err != nil {
		return err
	}
	if len(medians) == 1 {
		fmt.Printf("no %s on the PATH to compare with: go install %s\n", peer, peerPackage)
	}
	return nil
}

// compare runs each program in turn, many times, and gives the median of each. Taking turns spreads the disturbances of a
// busy machine over all of them. The first turn, which fills the caches of files, does not count.
func compare(programs []string, args ...string) ([]time.Duration, error) {
	all := make([][]time.Duration, len(programs))
	for round := range rounds + 1 {
		for i, program := range programs {
			taken, err := lint(program, args)
			if err != nil {
				return nil, err
			}
			if round > 0 {
				all[i] = append(all[i], taken)
			}
		}
	}
	var medians []time.Duration
	for _, times := range all {
		slices.Sort(times)
		medians = append(medians, times[rounds/2].Round(time.Millisecond/10))
	}
	return medians, nil
}

// lint runs a linter once. Exit code 1 says that it found something.
func lint(program string, args []string) (time.Duration, error) {
	c := exec.Command(program, args...)
	start := time.Now()
	err := c.Run()
	taken := time.Since(start)
	if err != nil && c.ProcessState.ExitCode() != 1 {
		return 0, fmt.Errorf("%s %v: %w", program, args, err)
	}
	return taken, nil
}
