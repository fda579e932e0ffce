package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

// TestTheReadmeShowsARealEdit makes the edit that the README begins with, and holds the README against all that
// kubectl prints.
func TestTheReadmeShowsARealEdit(t *testing.T) {
	const before = `# made when the cluster was
- rolearn: arn:aws:iam::111122223333:role/NodeInstanceRole
  username: system:node:{{EC2PrivateDNSName}}
  groups:
  - system:bootstrappers
  - system:nodes
- rolearn: arn:aws:iam::111122223333:role/Reporter
  username: reporter
  groups: [reports]
`
	const last = "      groups: [reports]\n"
	begin(t, mapRoles(before))
	result, _ := edit(t, guard.Step{Old: last, New: last + shown(`- rolearn: arn:aws:iam::111122223333:role/team/eng/Deployer # CI
  username: Deployer
  groups: [deployers]
- rolearn: arn:aws:iam::111122223333:role/AWSReservedSSO_AdminAccess_0123456789abcdef
  username: admin:{{SessionName}}
  groups:
  - system:masters
`)})
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```console\n$ kubectl edit configmap aws-auth -n kube-system\n")
	block, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the README does not begin with an edit")
	}
	if got := result.Errors + result.Output; got != block {
		t.Errorf("kubectl prints\n%s\nthe README shows\n%s", got, block)
	}
}
