package assets

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
)

// Rivals are the programs of policy engines that the guard is compared with, and the folders of their sources.
type Rivals struct{ Gatekeeper, GatekeeperSource, Kyverno, KyvernoSource string }

const (
	gatekeeperModule, gatekeeperDependency = "test/gatekeeper", "github.com/open-policy-agent/gatekeeper/v3"
	kyvernoModule, kyvernoDependency       = "test/kyverno", "github.com/kyverno/kyverno"
)

// EnsureRivals builds the programs from their Go modules where an earlier run has not: some six minutes on two cores.
func EnsureRivals(ctx context.Context, progress io.Writer) (Rivals, error) {
	m, unlock, err := newMaker(ctx, progress)
	if err != nil {
		return Rivals{}, err
	}
	defer unlock()
	gatekeeper, err := m.group(ctx, &group{
		module: gatekeeperModule, dependency: gatekeeperDependency, folder: "gatekeeper", packages: []string{gatekeeperDependency},
	})
	if err != nil {
		return Rivals{}, fmt.Errorf("building Gatekeeper: %w", err)
	}
	kyverno, err := m.group(ctx, &group{
		module: kyvernoModule, dependency: kyvernoDependency, folder: "kyverno", packages: []string{kyvernoDependency + "/cmd/kyverno"},
	})
	if err != nil {
		return Rivals{}, fmt.Errorf("building Kyverno: %w", err)
	}
	// A package at the root of a module is named after its major version.
	r := Rivals{Gatekeeper: filepath.Join(gatekeeper, "v3"), Kyverno: filepath.Join(kyverno, "kyverno")}
	if r.GatekeeperSource, err = m.moduleFolder(ctx, gatekeeperModule, gatekeeperDependency); err != nil {
		return Rivals{}, err
	}
	r.KyvernoSource, err = m.moduleFolder(ctx, kyvernoModule, kyvernoDependency)
	return r, err
}
