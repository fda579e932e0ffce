package admission

import (
	"fmt"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// writer is who writes, as far as field manager, user name and ARN show: a review carries no user agent.
type writer struct {
	// Name for messages.
	Name string
	// Source is where in that tool the text comes from and has to be corrected; empty for people at a terminal.
	Source string
}

// mustWrite says where the corrected text belongs.
func (w writer) mustWrite() string {
	if w.Source == "" {
		return "write this instead"
	}
	return fmt.Sprintf("fix this in %s: correct %s", w.Name, w.Source)
}

// writerMark recognizes one kind of writer.
type writerMark struct {
	managers []string
	writer
}

// writerMarks are the field managers that the tools write with, by their beginning in lower case. Terraform's
// provider for Kubernetes, Pulumi, Argo CD, the controllers of Flux and Helm name themselves so.
var writerMarks = []writerMark{
	{[]string{"terraform", "hashicorp", "opentofu"}, writer{"Terraform", "the resource that writes aws-auth (kubernetes_config_map_v1_data, or aws_auth_roles and aws_auth_users of the EKS module)"}},
	{[]string{"pulumi"}, writer{"Pulumi", "the role and user mappings of the cluster in the Pulumi program"}},
	{[]string{"argocd"}, writer{"Argo CD", "the manifest in Git; until then the application stays OutOfSync"}},
	{[]string{"kustomize-controller", "helm-controller", "flux"}, writer{"Flux", "the manifest in Git that this Kustomization or HelmRelease applies"}},
	{[]string{"helm"}, writer{"Helm", "the chart's template or its values"}},
	{[]string{"eksctl"}, writer{"eksctl", "iamIdentityMappings in the ClusterConfig, or the flags of eksctl create iamidentitymapping"}},
	{[]string{"k9s"}, writer{"k9s", ""}},
	{[]string{"vpclambda"}, writer{"EKS", ""}},
	{[]string{"kubectl"}, writer{"kubectl", ""}},
}

// The marks of AWS CDK, whose handler runs kubectl inside a Lambda function.
var cdkMarks = []string{"/awscdk.ekscluster", "kubectlhandler", "creationrole"}

// recognize says who writes.
func recognize(r *Request) writer {
	if strings.HasPrefix(r.User.Username, "eks:") {
		return writer{Name: "EKS"}
	}
	for _, mark := range cdkMarks {
		if strings.Contains(strings.ToLower(extra(r.User, extraARN)), mark) {
			return writer{"AWS CDK", "the mappings of cluster.awsAuth in the CDK app"}
		}
	}
	manager := strings.ToLower(r.FieldManager)
	for _, m := range writerMarks {
		for _, begin := range m.managers {
			if strings.HasPrefix(manager, begin) {
				return m.writer
			}
		}
	}
	if r.FieldManager == "" {
		return writer{Name: "this client"}
	}
	return writer{Name: text.Quote(r.Told().FieldManager), Source: "the source that it writes aws-auth from"}
}
