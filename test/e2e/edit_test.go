package e2e

import (
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

const (
	node = "- rolearn: arn:aws:iam::111122223333:role/nodes # made by hand\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	// assumedRole can't be repaired.
	assumedRole = "- rolearn: arn:aws:sts::111122223333:assumed-role/qa/session\n  username: qa\n  groups: [qa]\n"
	withPath    = "- rolearn: arn:aws:iam::111122223333:role/team/eng/dev\n  username: dev\n  groups: [devs]\n"
	withoutPath = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [devs]\n"
	good        = "- rolearn: arn:aws:iam::111122223333:role/qa\n  username: qa\n  groups: [qa]\n"
	last        = "  - system:nodes\n"
)

// appending adds entries after the node entry, as a person does in the editor.
func appending(text string) guard.Step {
	return guard.Step{Old: shown(last), New: shown(last) + shown(text)}
}

func TestKubectlEditIsRepairedAndThePersonIsTold(t *testing.T) {
	begin(t, mapRoles(node))
	result, seen := edit(t, appending(`- rolearn: "arn:aws:iam::111122223333:role/team/eng/Deployer"   # CI
  username: Deployer
  groups: [deployers]
- rolearn: arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_AdminAccess_0123456789abcdef
  username: admin:{{SessionName}}
  groups:
  - system:masters
`))
	if result.ExitCode != 0 || len(seen) != 1 {
		t.Fatalf("exit %d after the editor was opened %d times", result.ExitCode, len(seen))
	}
	contains(t, result.Output, "configmap/aws-auth edited")
	warned(t, result.Errors,
		`repaired mapRoles[1].rolearn 6:12: "arn:aws:iam::111122223333:role/team/eng/Deployer" -> "arn:aws:iam::111122223333:role/Deployer" [role-path]`,
		`repaired mapRoles[2].rolearn 9:12: arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_AdminAccess_0123456789abcdef -> arn:aws:iam::111122223333:role/AWSReservedSSO_AdminAccess_0123456789abcdef [sso-role-path]`,
		`repaired mapRoles[1].username 7:13: Deployer -> deployer [username-uppercase]`,
		`mapRoles[2].groups[0] 12:5: THIS EDIT GRANTS system:masters to "arn:aws:iam::111122223333:role/AWSReservedSSO_AdminAccess_0123456789abcdef": it may then do anything in the cluster; bind cluster-admin to a group of your own instead [system-masters]`,
	)
	holds(t, node+`- rolearn: "arn:aws:iam::111122223333:role/Deployer"   # CI
  username: deployer
  groups: [deployers]
- rolearn: arn:aws:iam::111122223333:role/AWSReservedSSO_AdminAccess_0123456789abcdef
  username: admin:{{SessionName}}
  groups:
  - system:masters
`)
}

func TestAnUnquotedTemplateIsPutInQuotes(t *testing.T) {
	begin(t, mapRoles(node))
	result, _ := edit(t, appending("- rolearn: arn:aws:iam::111122223333:role/ci\n  username: {{SessionName}}-ci\n  groups: [ci]\n"))
	warned(t, result.Errors, `repaired mapRoles 7:13: {{SessionName}}-ci -> "{{SessionName}}-ci" [unquoted-template]`,
		`mapRoles[1].username 7:13: whoever assumes this role can take the name of every user of the form "{{SessionName}}-ci"; `+
			`put a prefix that no other user has, with a colon, before {{SessionName}} [template-unsafe]`)
	holds(t, node+"- rolearn: arn:aws:iam::111122223333:role/ci\n  username: \"{{SessionName}}-ci\"\n  groups: [ci]\n")
}

func TestARefusedKubectlEditOpensTheEditorAgainWithTheReasonsAndTheText(t *testing.T) {
	begin(t, mapRoles(node))
	before := stored(t).ResourceVersion
	result, seen := edit(t,
		appending(assumedRole+withPath),
		guard.Step{Old: "arn:aws:sts::111122223333:assumed-role/qa/session", New: "arn:aws:iam::111122223333:role/qa"},
	)
	if result.ExitCode != 0 || len(seen) != 2 {
		t.Fatalf("exit %d after the editor was opened %d times, want 2", result.ExitCode, len(seen))
	}
	contains(t, seen[1],
		`# configmaps "aws-auth" was not valid:`+"\n"+
			`# * data.mapRoles[1].rolearn: 6:12: EKS would never match this ARN: it names an assumed-role session; map the role: arn:aws:iam::111122223333:role/NAME lets all of its sessions in [arn-kind]`+"\n#\n",
		// the person's text, not the repaired one
		shown(assumedRole), shown(withPath))
	if strings.Contains(seen[1], "forbidden") {
		t.Errorf("the editor says that the edit is forbidden:\n%s", seen[1])
	}
	holds(t, node+good+withoutPath)
	if stored(t).ResourceVersion == before {
		t.Error("nothing was stored")
	}
}

func TestARefusedKubectlEditThatIsGivenUpChangesNothing(t *testing.T) {
	begin(t, mapRoles(node))
	before := stored(t).ResourceVersion
	result, seen := edit(t, appending(assumedRole))
	if result.ExitCode == 0 || len(seen) != 2 {
		t.Errorf("exit %d after the editor was opened %d times", result.ExitCode, len(seen))
	}
	contains(t, result.Errors, "no valid changes were saved.", "A copy of your changes has been stored to")
	if after := stored(t); after.ResourceVersion != before || after.Data["mapRoles"] != node {
		t.Errorf("a refusal changed the object:\n%v", after)
	}
}

func TestABrokenMapIsFixedWithoutAnObjection(t *testing.T) {
	begin(t, mapRoles(node+"  broken: [\n"))
	result, _ := edit(t, guard.Step{Old: "      broken: [\n", New: ""})
	if result.ExitCode != 0 {
		t.Fatalf("exit %d", result.ExitCode)
	}
	warned(t, result.Errors)
	holds(t, node)
}

func TestWhatWasThereBeforeIsLeftAlone(t *testing.T) {
	begin(t, mapRoles(node+assumedRole+withPath))
	result, seen := edit(t, appending(good))
	if result.ExitCode != 0 || len(seen) != 1 {
		t.Fatalf("exit %d after the editor was opened %d times", result.ExitCode, len(seen))
	}
	warned(t, result.Errors,
		`mapRoles[2].username 10:13: mapRoles[1] (line 6) has the username "qa" too: audit logs can't tell the two apart; write a name of its own for each [username-shared]`,
		`was there before: mapRoles[2].rolearn 9:12: EKS would never match this ARN: it names an assumed-role session; map the role: arn:aws:iam::111122223333:role/NAME lets all of its sessions in [arn-kind]`,
		`was there before: mapRoles[3].rolearn 12:12: this role ARN has the path team/eng/: callers arrive without it, so EKS would never match it; write arn:aws:iam::111122223333:role/dev [role-path]`,
	)
	holds(t, node+good+assumedRole+withPath)
}
