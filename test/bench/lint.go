package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/aws-auth-guard/aws-auth-guard/test/figures"
)

const (
	manifests = 1000
	entries   = 10
	// Each tenth manifest has an entry that lint calls an error.
	faultyEach = 10
	// turns is odd, so that the median is one of the measurements.
	turns = 9
	// peer is the linter to compare with, and peerPackage where go install finds it.
	peer        = "kube-linter"
	peerPackage = "golang.stackrox.io/kube-linter/cmd/kube-linter@latest"
)

// lintTable measures kubectl aws-auth lint as a process on a folder of manifests, and kube-linter on the same folder
// where that is installed, taking turns.
func lintTable(plugin string) (*figures.Table, error) {
	folder, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	bytes, err := plant(folder)
	if err != nil {
		return nil, err
	}
	if err := checksAll(plugin, folder); err != nil {
		return nil, err
	}
	programs := []string{plugin}
	if path, err := exec.LookPath(peer); err == nil {
		programs = append(programs, path)
	}
	medians, err := compare(programs, "lint", folder)
	if err != nil {
		return nil, err
	}
	t := &figures.Table{Title: "Linting a folder", Header: []string{"what", "kubectl aws-auth lint", peer + " lint", "ratio"}}
	theirs, ratio := "", ""
	if len(medians) > 1 {
		theirs, ratio = figures.Round(medians[1]), figures.Ratio(medians[0], medians[1])
	} else {
		t.Note = "No " + peer + " on the PATH to compare with: go install " + peerPackage + "."
	}
	t.Add(fmt.Sprintf("%d manifests, %.1f MB", manifests, float64(bytes)/1e6), figures.Round(medians[0]), theirs, ratio)
	return t, nil
}

// compare runs each program in turn, many times, and gives the median of each. Taking turns spreads the disturbances of a
// busy machine over all of them. The first turn, which fills the caches of files, does not count.
func compare(programs []string, args ...string) ([]time.Duration, error) {
	all := make([][]time.Duration, len(programs))
	for round := range turns + 1 {
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
		medians = append(medians, times[turns/2])
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
