package audit

import (
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
	"github.com/aws-auth-guard/aws-auth-guard/test/nodeclass"
)

// TestTheAuditorFollowsNodeClasses installs their kinds while the auditor runs, and removes them again.
func TestTheAuditorFollowsNodeClasses(t *testing.T) {
	k := openReports()
	k.install(t)
	begin(t, nodes+devs)
	auditor(t, "--interval", "10s")
	k.has(t, "node-class-unmapped", "pass", "")
	t.Run("while the cluster has the kinds", func(t *testing.T) {
		classes := nodeclass.Install(t, shared.AdminConfig, "../..")
		classes.Create(t, validate.EC2NodeClass, "default", "nodes")
		// The other class is of a role that an access entry lets in, for all that is known.
		classes.Create(t, validate.AutoNodeClass, "default", "auto")
		classes.Create(t, validate.EC2NodeClass, "gpu", "gpu-nodes")
		k.has(t, "node-class-unmapped", "warn", `EC2NodeClass "gpu" starts nodes with the role "gpu-nodes", which no mapping lets in as nodes`)
		k.has(t, "node-role-unused", "pass", "")
		if err := put(t, nodes+devs+"- rolearn: arn:aws:iam::111122223333:role/gpu-nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"); err != nil {
			t.Fatal(err)
		}
		k.has(t, "node-class-unmapped", "pass", "")
		classes.Delete(t, validate.EC2NodeClass, "default")
		k.has(t, "node-role-unused", "warn", "role/nodes")
		// A class with an instance profile alone may be what uses it.
		classes.Create(t, validate.EC2NodeClass, "old", "")
		k.lacks(t, "node-role-unused")
	})
	// The kinds are gone, and so is what the cluster could show.
	k.lacks(t, "node-role-unused")
	k.has(t, "node-class-unmapped", "pass", "")
}
