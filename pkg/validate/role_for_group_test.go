package validate

import (
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// TestRoleForGroup: a group that is named like a ClusterRole, or like a built-in group without its prefix, is spoken of, unless a
// binding names it.
func TestRoleForGroup(t *testing.T) {
	for group, want := range map[string]string{
		"cluster-admin":  "write system:masters for an administrator, or bind it: kubectl create clusterrolebinding NAME --clusterrole=cluster-admin --group=cluster-admin",
		"cluster-admins": "",
		"ClusterAdmin":   "--clusterrole=cluster-admin --group=ClusterAdmin",
		"cluster_admin":  "--clusterrole=cluster-admin --group=cluster_admin",
		"admin":          "bind it: kubectl create clusterrolebinding NAME --clusterrole=admin --group=admin",
		"edit":           "--clusterrole=edit --group=edit",
		"view":           "--clusterrole=view --group=view",
		"masters":        "Kubernetes has no group \"masters\", only system:masters",
		"nodes":          "only system:nodes",
		"bootstrappers":  "only system:bootstrappers",
		"node-proxier":   "only system:node-proxier",
		"viewers":        "",
		"admins":         "",
		"monitoring":     "",
		"dev-admin":      "",
		"system:masters": "",
	} {
		t.Run(group, func(t *testing.T) {
			doc := awsauth.Read(map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n  groups: [" + group + "]\n"})
			said := func(findings []Finding) (said string) {
				for _, f := range findings {
					if f.Rule == "group-unbound" {
						said += f.Sentence().Text
						if !f.Advisory && f.Touched == false {
							t.Errorf("it refuses: %s", f.Sentence().Text)
						}
					}
				}
				return said
			}
			names := map[string]string{group: "ClusterRoleBinding x"}
			if got := said(Check(doc, Options{})); want == "" && got != "" || !strings.Contains(got, want) {
				t.Errorf("offline: %q, want %q", got, want)
			}
			if got := said(Check(doc, Options{Bindings: &BindingFacts{Groups: names}})); got != "" {
				t.Errorf("with a binding among the files: %q", got)
			}
			if got := said(CheckChange(&Change{New: doc, Facts: Facts{Bindings: &BindingFacts{Groups: names}}}, Options{})); got != "" {
				t.Errorf("with a binding in the cluster: %q", got)
			}
			unbound := said(CheckChange(&Change{New: doc, Facts: Facts{Bindings: &BindingFacts{}}}, Options{}))
			if bare := meantFor(group); !strings.Contains(unbound, bare) {
				t.Errorf("without one in the cluster: %q, want %q", unbound, bare)
			}
		})
	}
}
