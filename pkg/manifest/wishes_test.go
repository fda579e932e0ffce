package manifest

import (
	"fmt"
	"strings"
	"testing"
)

func TestWishes(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{
			name: "ACK",
			text: `apiVersion: v1
kind: Namespace
---
apiVersion: eks.services.k8s.aws/v1alpha1
kind: AccessEntry
metadata: {name: dev, namespace: team}
spec:
  clusterName: blue
  principalARN: arn:aws:iam::111122223333:role/dev
  username: dev:{{SessionName}}
  kubernetesGroups: [devs, viewers]
  accessPolicies:
    - policyARN: arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy
      accessScope: {type: namespace, namespaces: [dev]}
`,
			want: []string{"4 AccessEntry team/dev (ACK) blue STANDARD arn:aws:iam::111122223333:role/dev dev:{{SessionName}} [devs viewers] [{arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy {namespace [dev]}}] "},
		},
		{
			name: "Crossplane, in a List",
			text: `{"apiVersion": "v1", "kind": "List", "items": [
{"apiVersion": "eks.aws.m.upbound.io/v1beta1", "kind": "AccessEntry", "metadata": {"name": "dev"},
 "spec": {"forProvider": {"clusterName": "blue", "principalArn": "arn:aws:iam::111122223333:role/dev", "userName": "dev", "type": "STANDARD"}}},
{"apiVersion": "eks.aws.upbound.io/v1beta1", "kind": "AccessPolicyAssociation", "metadata": {"name": "view"},
 "spec": {"forProvider": {"clusterName": "blue", "principalArn": "arn:aws:iam::111122223333:role/dev", "policyArn": "p", "accessScope": [{"type": "cluster"}]}}}]}`,
			want: []string{
				"2 AccessEntry dev (Crossplane) blue STANDARD arn:aws:iam::111122223333:role/dev dev [] [] ",
				"4 AccessPolicyAssociation view (Crossplane) blue  arn:aws:iam::111122223333:role/dev  [] [{p {cluster []}}] ",
			},
		},
		{
			name: "Cluster API",
			text: `apiVersion: controlplane.cluster.x-k8s.io/v1beta2
kind: AWSManagedControlPlane
metadata: {name: blue, namespace: clusters}
spec:
  eksClusterName: blue
  accessConfig: {authenticationMode: api}
  accessEntries:
    - principalARN: arn:aws:iam::111122223333:role/nodes
      type: ec2_linux
`,
			want: []string{
				"1 AWSManagedControlPlane clusters/blue (Cluster API) blue API",
				"8 AWSManagedControlPlane clusters/blue (Cluster API) blue EC2_LINUX arn:aws:iam::111122223333:role/nodes  [] [] ",
			},
		},
		{
			name: "whom a reference names is not known",
			text: "apiVersion: eks.aws.upbound.io/v1beta1\nkind: AccessEntry\nmetadata: {name: dev}\nspec: {forProvider: {principalArnFromRoleRef: {name: dev}}}\n",
		},
		{
			name: "a value that is filled in later",
			text: "apiVersion: eks.services.k8s.aws/v1alpha1\nkind: AccessEntry\nmetadata: {name: dev}\nspec: {principalARN: '${ROLE}'}\n",
		},
		{name: "another tool's AccessEntry", text: "apiVersion: example.com/v1\nkind: AccessEntry\nspec: {principalARN: 'arn:aws:iam::111122223333:role/dev'}\n"},
		{name: "what is not YAML", text: "kind: AccessEntry\n  x: [\n"},
		{name: "fields of other shapes", text: "apiVersion: eks.services.k8s.aws/v1alpha1\nkind: AccessEntry\nmetadata: []\nspec: [principalARN]\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, w := range Wishes(test.text) {
				said := fmt.Sprintf("%d %s %s ", w.Line, w.Object, w.Cluster)
				if w.Entry != nil {
					said += fmt.Sprintf("%s %s %s %v %v ", w.Entry.Type, w.Entry.PrincipalARN, w.Entry.Username, w.Entry.Groups, w.Entry.Policies)
				}
				got = append(got, said+string(w.Mode))
			}
			if strings.Join(got, "\n") != strings.Join(test.want, "\n") {
				t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

// FuzzWishes holds that no text ends the program, and that what is found is in the text.
func FuzzWishes(f *testing.F) {
	f.Add("apiVersion: eks.services.k8s.aws/v1alpha1\nkind: AccessEntry\nmetadata: {name: dev}\nspec: {principalARN: 'arn:aws:iam::111122223333:role/dev'}\n")
	f.Add("apiVersion: controlplane.cluster.x-k8s.io/v1beta2\nkind: AWSManagedControlPlane\nspec: &a {accessEntries: [{principalARN: x}, *a]}\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, w := range Wishes(text) {
			if lines := 1 + strings.Count(text, "\n"); w.Line < 1 || w.Line > lines {
				t.Errorf("line %d of %d", w.Line, lines)
			}
		}
	})
}
