package access

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

const (
	nodes   = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	fargate = "- rolearn: arn:aws:iam::111122223333:role/fargate\n  username: system:node:{{SessionName}}\n  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	admin   = "- rolearn: arn:aws:iam::111122223333:role/admin\n  username: admin\n  groups: [system:masters]\n"
	dev     = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"
)

func doc(roles, users, accounts string) *awsauth.Document {
	return awsauth.Read(map[string]string{"mapRoles": roles, "mapUsers": users, "mapAccounts": accounts})
}

func TestDiff(t *testing.T) {
	for name, tt := range map[string]struct {
		old, new *awsauth.Document
		want     string
	}{
		"nothing":   {doc(nodes, "", ""), doc(nodes, "", ""), "no change of access\n"},
		"reordered": {doc(nodes+dev, "", ""), doc(dev+nodes, "", ""), "no change of access\n"},
		"nodes lost": {doc(nodes+dev, "", ""), doc(dev, "", ""),
			"LOSES  node role arn:aws:iam::111122223333:role/nodes (username system:node:{{EC2PrivateDNSName}}, groups system:bootstrappers, system:nodes)\n"},
		"text no longer parses": {doc(nodes+dev, "", ""), doc(nodes+dev+" x: y\n", "", ""),
			"LOSES  node role arn:aws:iam::111122223333:role/nodes (username system:node:{{EC2PrivateDNSName}}, groups system:bootstrappers, system:nodes)\n" +
				"LOSES  arn:aws:iam::111122223333:role/dev (username dev, no groups)\n"},
		"text starts to parse": {doc(dev+" x: y\n", "", ""), doc(dev, "", ""),
			"GAINS  arn:aws:iam::111122223333:role/dev (username dev, no groups)\n"},
		"deleted": {doc(dev, "", ""), nil, "LOSES  arn:aws:iam::111122223333:role/dev (username dev, no groups)\n"},
		"admin gained": {doc(dev, "", ""), doc(dev+admin, "", ""),
			"GAINS ADMIN  arn:aws:iam::111122223333:role/admin (username admin, groups system:masters)\n"},
		"admin lost and another": {doc(admin, "", "- \"111122223333\"\n"), doc("- rolearn: arn:aws:iam::111122223333:role/admin\n  username: other\n  groups: [devs]\n", "", ""),
			"LOSES ADMIN  arn:aws:iam::111122223333:role/admin (username \"admin\" becomes \"other\"; loses system:masters; gains devs)\n" +
				"LOSES        every principal of account 111122223333 (no groups)\n"},
		"a later duplicate overrules": {doc(nodes, "", ""), doc(nodes+"- rolearn: ARN:aws:iam::111122223333:role/Nodes\n  username: x\n", "", ""),
			"LOSES  node role ARN:aws:iam::111122223333:role/Nodes (username \"system:node:{{EC2PrivateDNSName}}\" becomes \"x\"; loses system:bootstrappers, system:nodes)\n"},
		"a dead entry is nobody": {doc(dev, "", ""), doc(dev+"- rolearn: arn:aws:iam::111122223333:role/t/admin\n  username: a\n  groups: [system:masters]\n", "", ""),
			"no change of access\n"},
		"all groups lost": {doc("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [devs, more]\n", "", ""), doc(dev, "", ""),
			"LOSES ALL GROUPS  arn:aws:iam::111122223333:role/dev (username dev; loses devs, more)\n"},
		"some groups lost, and renamed": {
			doc("- rolearn: arn:aws:iam::111122223333:role/a\n  username: a\n  groups: [x, z]\n- rolearn: arn:aws:iam::111122223333:role/b\n  username: b\n- rolearn: arn:aws:iam::111122223333:role/c\n  username: c\n", "", ""),
			doc("- rolearn: arn:aws:iam::111122223333:role/a\n  username: a\n  groups: [x]\n- rolearn: arn:aws:iam::111122223333:role/b\n  username: bb\n- rolearn: arn:aws:iam::111122223333:role/c\n  username: c\n  groups: [x]\n", "", ""),
			"CHANGES  arn:aws:iam::111122223333:role/a (username a; loses z)\n" +
				"CHANGES  arn:aws:iam::111122223333:role/b (username \"b\" becomes \"bb\")\n" +
				"CHANGES  arn:aws:iam::111122223333:role/c (username c; gains x)\n"},
		"half a node": {doc(nodes, "", ""), doc("- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups: [system:nodes]\n", "", ""),
			"LOSES  node role arn:aws:iam::111122223333:role/nodes (username system:node:{{EC2PrivateDNSName}}; loses system:bootstrappers)\n"},
		"another template": {doc(nodes, "", ""), doc(strings.Replace(nodes, "EC2PrivateDNSName", "SessionName", 1), "", ""),
			"LOSES  node role arn:aws:iam::111122223333:role/nodes (username \"system:node:{{EC2PrivateDNSName}}\" becomes \"system:node:{{SessionName}}\")\n"},
		"a session with @ or -": {doc(strings.Replace(nodes, "EC2PrivateDNSName", "SessionName", 1), "", ""), doc(strings.Replace(nodes, "EC2PrivateDNSName", "SessionNameRaw", 1), "", ""),
			"CHANGES  node role arn:aws:iam::111122223333:role/nodes (username \"system:node:{{SessionName}}\" becomes \"system:node:{{SessionNameRaw}}\")\n"},
		"a template that was misspelt": {doc(strings.Replace(nodes, "EC2Private", "ec2private", 1), "", ""), doc(nodes, "", ""),
			"CHANGES  node role arn:aws:iam::111122223333:role/nodes (username \"system:node:{{ec2privateDNSName}}\" becomes \"system:node:{{EC2PrivateDNSName}}\")\n"},
		"kube-proxy of Windows": {doc(nodes+"  - eks:kube-proxy-windows\n", "", ""), doc(nodes, "", ""),
			"LOSES  node role arn:aws:iam::111122223333:role/nodes (username system:node:{{EC2PrivateDNSName}}; loses eks:kube-proxy-windows)\n"},
		"kube-proxy of Fargate": {doc(nodes+"  - system:node-proxier\n", "", ""), doc(nodes+"  - eks:kube-proxy-windows\n", "", ""),
			"LOSES  node role arn:aws:iam::111122223333:role/nodes (username system:node:{{EC2PrivateDNSName}}; loses system:node-proxier; gains eks:kube-proxy-windows)\n"},
		"a group that needs an instance": {doc("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [devs]\n", "", ""),
			doc("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [devs, 'x-{{EC2PrivateDNSName}}']\n", "", ""),
			"LOSES  arn:aws:iam::111122223333:role/dev (username dev; gains x-{{EC2PrivateDNSName}}; EKS then denies everybody but EC2 instances)\n"},
		"that group gone": {doc("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [devs, 'x-{{EC2PrivateDNSName}}']\n", "", ""),
			doc("- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n  groups: [devs]\n", "", ""),
			"CHANGES  arn:aws:iam::111122223333:role/dev (username dev; loses x-{{EC2PrivateDNSName}}; EKS then lets in more than EC2 instances)\n"},
		"nodes by session and a group that needs an instance": {doc(fargate, "", ""), doc(fargate+"  - x-{{EC2PrivateDNSName}}\n", "", ""),
			"LOSES  node role arn:aws:iam::111122223333:role/fargate (username system:node:{{SessionName}}; gains x-{{EC2PrivateDNSName}}; EKS then denies everybody but EC2 instances)\n"},
		"nodes by instance and a group that needs one": {doc(nodes, "", ""), doc(nodes+"  - x-{{EC2PrivateDNSName}}\n", "", ""),
			"CHANGES  node role arn:aws:iam::111122223333:role/nodes (username system:node:{{EC2PrivateDNSName}}; gains x-{{EC2PrivateDNSName}})\n"},
		"a user who is no instance": {doc("", "- userarn: arn:aws:iam::111122223333:user/a\n  username: a\n", ""), doc("", "- userarn: arn:aws:iam::111122223333:user/a\n  username: a\n  groups: ['{{EC2PrivateDNSName}}']\n", ""),
			"LOSES  arn:aws:iam::111122223333:user/a (username a, no groups)\n"},
		"an administrator as a node": {doc(admin, "", ""), doc(strings.Replace(admin, "username: admin", "username: system:node:{{EC2PrivateDNSName}}", 1), "", ""),
			"LOSES ADMIN  arn:aws:iam::111122223333:role/admin (username \"admin\" becomes \"system:node:{{EC2PrivateDNSName}}\"; EKS then denies everybody but EC2 instances)\n"},
		"and back": {doc(strings.Replace(admin, "username: admin", "username: system:node:{{EC2PrivateDNSName}}", 1), "", ""), doc(admin, "", ""),
			"GAINS ADMIN  arn:aws:iam::111122223333:role/admin (username \"system:node:{{EC2PrivateDNSName}}\" becomes \"admin\")\n"},
		"another group of nodes": {doc(nodes+"  - devs\n", "", ""), doc(nodes, "", ""), "CHANGES  node role arn:aws:iam::111122223333:role/nodes (username system:node:{{EC2PrivateDNSName}}; loses devs)\n"},
	} {
		if got := Text(Diff(tt.old, tt.new)); got != tt.want {
			t.Errorf("%s:\n%swant\n%s", name, got, tt.want)
		}
	}
}

func TestTable(t *testing.T) {
	d := doc(nodes+dev, "- userarn: arn:aws:iam::111122223333:role/dev\n  username: loses\n- userarn: arn:aws:iam::111122223333:user/A\n  username: one\n- userarn: arn:aws:iam::111122223333:user/a\n  username: two\n", "- 111122223333\n- x\n")
	rows := Table(d)
	want := []struct {
		arn, username string
		random        bool
	}{
		{"arn:aws:iam::111122223333:role/nodes", "system:node:{{EC2PrivateDNSName}}", false},
		{"arn:aws:iam::111122223333:role/dev", "dev", false},
		{"arn:aws:iam::111122223333:user/a", "two", true},
		{"111122223333", "", false},
	}
	if len(rows) != len(want) {
		t.Fatalf("%d rows, want %d: %+v", len(rows), len(want), rows)
	}
	for i, w := range want {
		if rows[i].ARN != w.arn || rows[i].Username != w.username || rows[i].Random != w.random {
			t.Errorf("row %d: %+v, want %+v", i, rows[i], w)
		}
	}
}

// TestNoGroupsIsAList: in JSON the groups are a list for those who have none, too.
func TestNoGroupsIsAList(t *testing.T) {
	out, err := json.Marshal([]any{Table(doc(dev, "", "")), Diff(doc(dev, "", ""), doc(admin, "", ""))})
	if err != nil || strings.Contains(string(out), `"groups":null`) || !strings.Contains(string(out), `"groups":[]`) {
		t.Errorf("%s, %v", out, err)
	}
}
