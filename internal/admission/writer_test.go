package admission

import (
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
)

func TestRecognise(t *testing.T) {
	for _, tt := range []struct{ manager, user, arn, want, source string }{
		{"kubectl-edit", "jane", "", "kubectl", ""},
		{"Terraform", "ci", "", "Terraform", "kubernetes_config_map_v1_data"},
		{"HashiCorp", "ci", "", "Terraform", "aws_auth_roles"},
		{"argocd-controller", "system:serviceaccount:argocd:argocd-application-controller", "", "Argo CD", "Git"},
		{"kustomize-controller", "x", "", "Flux", "Kustomization"},
		{"helm", "x", "", "Helm", "values"},
		{"eksctl", "x", "", "eksctl", "iamIdentityMappings"},
		{"kubectl-client-side-apply", "kubernetes-admin", "arn:aws:sts::111122223333:assumed-role/X-ClusterCreationRole-Y/AWSCDK.EKSCluster.Create.1", "AWS CDK", "cluster.awsAuth"},
		{"vpcLambda", "x", "", "EKS", ""},
		{"anything", "eks:node-manager", "", "EKS", ""},
		{"", "x", "", "this client", ""},
		{"my-tool", "x", "", `"my-tool"`, "the source"},
	} {
		r := &Request{FieldManager: tt.manager, User: authenticationv1.UserInfo{Username: tt.user}}
		if tt.arn != "" {
			r.User.Extra = map[string]authenticationv1.ExtraValue{"arn": {tt.arn}}
		}
		w := recognize(r)
		if w.Name != tt.want || (tt.source == "") != (w.Source == "") || !strings.Contains(w.Source, tt.source) {
			t.Errorf("%q, %q: %+v, want %s", tt.manager, tt.user, w, tt.want)
		}
	}
}
