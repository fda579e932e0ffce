package lockout

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/await"
	"github.com/aws-auth-guard/aws-auth-guard/test/nodeclass"
)

// TestANodeRoleThatANodeClassNamesStaysAtZeroNodes installs the kinds while the guard runs: it knows them with the next edit.
func TestANodeRoleThatANodeClassNamesStaysAtZeroNodes(t *testing.T) {
	w := root(t)
	// removed takes the mapping of the nodes away.
	removed := func() error {
		begin(t, roles(nodes+devs))
		return w.put(t, roles(devs), "")
	}
	await.Success(t, "the count of nodes", removed)
	classes := nodeclass.Install(t, shared.AdminConfig, "../..")
	for _, kind := range []validate.NodeClassKind{validate.EC2NodeClass, validate.AutoNodeClass} {
		t.Run(string(kind), func(t *testing.T) {
			await.Success(t, "a cluster without node classes", removed)
			classes.Create(t, kind, "default", "nodes")
			await.Success(t, "a refusal", func() error {
				if err := removed(); err == nil {
					return fmt.Errorf("the mapping may go: %q", w.warnings)
				}
				return nil
			})
			before := begin(t, roles(nodes+devs))
			refused(t, before, w.put(t, roles(devs), ""), "node-access-lost", "the cluster has no nodes now, but "+string(kind)+` "default" starts nodes with it`, override)
			w.passed(t, w.put(t, roles(devs), "node-access-lost: the class goes too"), "overridden (the class goes too)")

			classes.Delete(t, kind, "default")
			await.Success(t, "a cluster without node classes", removed)
			w.silent(t, "node-access-lost")

			// A class with an instance profile alone names no role.
			classes.Create(t, kind, "default", "")
			await.Success(t, "a warning", func() error {
				if err := removed(); err != nil {
					t.Fatal(err)
				}
				w.mu.Lock()
				defer w.mu.Unlock()
				if !strings.Contains(strings.Join(w.warnings, "\n"), "which role its instance profile has is not known") {
					return fmt.Errorf("warned of %q", w.warnings)
				}
				return nil
			})
			classes.Delete(t, kind, "default")
		})
	}
}
