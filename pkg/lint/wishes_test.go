package lint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/lint"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

const iamARN = "arn:aws:iam::111122223333:"

func ofWish(e snapshot.Entry) manifest.Wish {
	return manifest.Wish{Object: "AccessEntry x (ACK)", Cluster: "blue", Entry: &e, Line: 1}
}

func TestWanted(t *testing.T) {
	const roles = "- rolearn: " + iamARN + "role/dev\n  username: dev:{{SessionName}}\n  groups: [devs]\n" +
		"- rolearn: " + iamARN + "role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  groups: [system:bootstrappers, system:nodes]\n"
	dev := snapshot.Entry{PrincipalARN: iamARN + "role/dev", Type: snapshot.Standard, Username: "dev:{{SessionName}}", Groups: []string{"devs"}}
	with := func(change func(*snapshot.Entry)) manifest.Wish {
		e := dev
		change(&e)
		return ofWish(e)
	}
	policies := ofWish(snapshot.Entry{PrincipalARN: dev.PrincipalARN, Policies: []snapshot.Policy{{
		ARN: "arn:aws:eks::aws:cluster-access-policy/" + snapshot.ClusterAdmin, Scope: snapshot.Scope{Type: snapshot.ScopeCluster},
	}}})
	const takes = "once AccessEntry x (ACK) takes effect in the cluster blue, EKS takes its access entry and not this mapping: "
	for _, test := range []struct {
		name   string
		wishes []manifest.Wish
		want   []string
	}{
		{name: "nobody asks"},
		{name: "the same", wishes: []manifest.Wish{ofWish(dev)}},
		{name: "the same, with the path", wishes: []manifest.Wish{with(func(e *snapshot.Entry) { e.PrincipalARN = iamARN + "role/team/dev" })}},
		{name: "other groups", wishes: []manifest.Wish{with(func(e *snapshot.Entry) { e.Groups = []string{"viewers"} })}, want: []string{"mapRoles 0 " + takes + "group devs would be lost"}},
		{name: "the case of the ARN", wishes: []manifest.Wish{with(func(e *snapshot.Entry) { e.PrincipalARN, e.Groups = iamARN+"role/DEV", nil })}, want: []string{"mapRoles 0 " + takes + "group devs would be lost"}},
		{name: "more groups", wishes: []manifest.Wish{with(func(e *snapshot.Entry) { e.Groups = []string{"devs", "ops"} })}, want: []string{"mapRoles 0 " + takes + "it gives the same and more"}},
		{name: "the username that EKS sets", wishes: []manifest.Wish{with(func(e *snapshot.Entry) { e.Username = "" })}, want: []string{"mapRoles 0 " + takes + "username dev:{{SessionName}} would be lost"}},
		{name: "a policy of another object", wishes: []manifest.Wish{with(func(e *snapshot.Entry) { e.Groups = nil }), policies}, want: []string{
			"mapRoles 0 " + takes + "the access policy AmazonEKSClusterAdminPolicy allows everything; what asks for the name is not served: group devs",
		}},
		{name: "a policy alone is no entry", wishes: []manifest.Wish{policies}},
		{name: "one that EKS refuses", wishes: []manifest.Wish{with(func(e *snapshot.Entry) { e.Groups = []string{"system:masters"} })}},
		{name: "nodes", wishes: []manifest.Wish{ofWish(snapshot.Entry{PrincipalARN: iamARN + "role/nodes", Type: snapshot.EC2Linux})}},
		{name: "nodes that can't join", wishes: []manifest.Wish{ofWish(snapshot.Entry{PrincipalARN: iamARN + "role/nodes", Type: snapshot.FargateLinux})}, want: []string{"mapRoles 1 " + takes + "the nodes would be lost"}},
		{name: "somebody else", wishes: []manifest.Wish{with(func(e *snapshot.Entry) { e.PrincipalARN = iamARN + "user/dev" })}},
		{name: "the mode API", wishes: []manifest.Wish{{Object: "AWSManagedControlPlane x (Cluster API)", Mode: snapshot.API}}, want: []string{
			" -1 once AWSManagedControlPlane x (Cluster API) takes effect, the authentication mode is API and EKS does not read this map",
		}},
		{name: "another mode", wishes: []manifest.Wish{{Object: "AWSManagedControlPlane x (Cluster API)", Mode: snapshot.Both}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := lint.Wanted(awsauth.Read(map[string]string{"mapRoles": roles}), test.wishes)
			for i, f := range found {
				if !f.Advisory {
					t.Errorf("%s is more than a warning", f.What)
				}
				if said := fmt.Sprintf("%s %d %s", f.Section, f.Entry, f.What); i >= len(test.want) || !strings.HasPrefix(said, test.want[i]) {
					t.Errorf("found %s", said)
				}
			}
			if len(found) != len(test.want) {
				t.Errorf("%d findings, want %q", len(found), test.want)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for _, test := range []struct {
		name  string
		entry snapshot.Entry
		want  []string
	}{
		{name: "good", entry: snapshot.Entry{PrincipalARN: iamARN + "role/team/dev", Groups: []string{"devs", "system"}}},
		{name: "a role of IAM Identity Center", entry: snapshot.Entry{PrincipalARN: iamARN + "role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef"}},
		{name: "China", entry: snapshot.Entry{PrincipalARN: "arn:aws-cn:iam::111122223333:role/dev"}},
		{name: "GovCloud", entry: snapshot.Entry{PrincipalARN: "arn:aws-us-gov:iam::111122223333:role/dev"}},
		{name: "without its path", entry: snapshot.Entry{PrincipalARN: iamARN + "role/AWSReservedSSO_Admin_0123456789abcdef"}, want: []string{"leaves out the path of a role of IAM Identity Center"}},
		{name: "a session", entry: snapshot.Entry{PrincipalARN: "arn:aws:sts::111122223333:assumed-role/dev/x"}, want: []string{"is the ARN of no role and no user"}},
		{name: "no ARN", entry: snapshot.Entry{PrincipalARN: "dev"}, want: []string{"is the ARN of no role and no user"}},
		{name: "service-linked", entry: snapshot.Entry{PrincipalARN: iamARN + "role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"}, want: []string{"nobody but AWS"}},
		{name: "all five prefixes", entry: snapshot.Entry{PrincipalARN: iamARN + "role/dev", Groups: []string{"system:masters", "eks:a", "aws:a", "amazon:a", "iam:a"}}, want: []string{
			"the group system:masters begins with system:", "the group eks:a", "the group aws:a", "the group amazon:a", "the group iam:a",
		}},
		{name: "a username", entry: snapshot.Entry{PrincipalARN: iamARN + "role/dev", Username: "system:admin"}, want: []string{"the username system:admin begins with system:"}},
		{name: "nodes with groups", entry: snapshot.Entry{PrincipalARN: iamARN + "role/nodes", Type: snapshot.EC2Linux, Groups: []string{"system:nodes"}}, want: []string{"the type EC2_LINUX takes no username and no groups"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := lint.Refused(ofWish(test.entry))
			for i, f := range found {
				if i >= len(test.want) || !strings.Contains(f.What, test.want[i]) || !f.Advisory {
					t.Errorf("found %s", f.What)
				}
			}
			if len(found) != len(test.want) {
				t.Errorf("%d findings, want %q", len(found), test.want)
			}
		})
	}
}
