package assets

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
)

// Rivals are the programs of policy engines that the guard is compared with, as absolute paths.
type Rivals struct{ Gatekeeper, Kyverno string }

// EnsureRivals builds the programs from their Go modules where an earlier run has not: some six minutes on two cores.
func EnsureRivals(ctx context.Context, progress io.Writer) (Rivals, error) {
	if progress == nil {
		progress = io.Discard
	}
	root, err := repositoryRoot()
	if err != nil {
		return Rivals{}, err
	}
	m := maker{root: root, cache: filepath.Join(root, ".cache"), progress: progress}
	unlock, err := m.lock(ctx)
	if err != nil {
		return Rivals{}, err
	}
	defer unlock()
	gatekeeper, err := m.group(ctx, &group{
		module: "test/gatekeeper", dependency: "github.com/open-policy-agent/gatekeeper/v3", folder: "gatekeeper",
		packages: []string{"github.com/open-policy-agent/gatekeeper/v3"},
	})
	if err != nil {
		return Rivals{}, fmt.Errorf("building Gatekeeper: %w", err)
	}
	kyverno, err := m.group(ctx, &group{
		module: "test/kyverno", dependency: "github.com/kyverno/kyverno", folder: "kyverno", packages: []string{"github.com/kyverno/kyverno/cmd/kyverno"},
	})
	if err != nil {
		return Rivals{}, fmt.Errorf("building Kyverno: %w", err)
	}
	// A package at the root of a module is named after its major version.
	return Rivals{Gatekeeper: filepath.Join(gatekeeper, "v3"), Kyverno: filepath.Join(kyverno, "kyverno")}, nil
}
