package accessentry

import (
	"io"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// The part of a ClusterConfig that is used: eksctl, pkg/apis/eksctl.io/v1alpha5/access_entry.go.
type (
	eksctlEntry struct {
		PrincipalARN       scalar         `yaml:"principalARN"`
		Type               snapshot.Type  `yaml:"type"`
		KubernetesUsername scalar         `yaml:"kubernetesUsername,omitempty"`
		KubernetesGroups   []scalar       `yaml:"kubernetesGroups,omitempty"`
		AccessPolicies     []eksctlPolicy `yaml:"accessPolicies,omitempty"`
	}
	eksctlPolicy struct {
		PolicyARN   string      `yaml:"policyARN"`
		AccessScope eksctlScope `yaml:"accessScope"`
	}
	eksctlScope struct {
		Type string `yaml:"type"`
	}
	eksctlMetadata struct {
		Name   string `yaml:"name"`
		Region string `yaml:"region"`
	}
)

// ForEksctl is the plan as far as eksctl can carry it out: a ready access entry that it can't express needs attention.
func (p *Plan) ForEksctl() *Plan {
	return p.limited(func(it *Item) {
		if it.Entry.Lookup != "" {
			it.attend("put in what aws iam get-role --role-name "+it.Entry.Lookup+" --query Role.Arn prints, or give --sso-region", "a ClusterConfig can't ask for the ARN")
		}
	})
}

// Eksctl writes the plan as a ClusterConfig. The region may be missing; eksctl wants one.
func (p *Plan) Eksctl(w io.Writer) error {
	p = p.ForEksctl()
	metadata, err := yamlText(map[string]eksctlMetadata{"metadata": {p.Cluster, p.Region}})
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(commented(p.before("eksctl create accessentry -f THIS-FILE")) + "\napiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\n")
	if p.Region == "" {
		b.WriteString("# Put the cluster's region in.\n")
	}
	b.WriteString(metadata + "accessConfig:\n  authenticationMode: API_AND_CONFIG_MAP\n  accessEntries:" + p.emptyUnless("[]"))
	for i := range p.Items {
		it := &p.Items[i]
		b.WriteString("\n" + indented(indented(commented(it.explanation()))))
		if it.Entry == nil {
			continue
		}
		e := eksctlEntry{
			PrincipalARN: scalar(it.Entry.PrincipalARN), Type: it.Entry.Type,
			KubernetesUsername: scalar(it.Entry.Username), KubernetesGroups: scalars(it.Entry.Groups),
		}
		if it.Entry.Policy != "" {
			e.AccessPolicies = []eksctlPolicy{{it.Entry.Policy, eksctlScope{"cluster"}}}
		}
		text, err := yamlText([]eksctlEntry{e})
		if err != nil {
			return err
		}
		b.WriteString(indented(indented(active(it, text))))
	}
	b.WriteString("\n" + commented(p.after()))
	_, err = io.WriteString(w, b.String())
	return err
}
