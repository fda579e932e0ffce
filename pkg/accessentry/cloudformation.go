package accessentry

import (
	"io"
	"strings"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// The part of a CloudFormation template that is used: AWS::EKS::AccessEntry in the CloudFormation template reference.
type (
	cfnResource struct {
		Type       string        `yaml:"Type"`
		Properties cfnProperties `yaml:"Properties"`
	}
	cfnProperties struct {
		ClusterName      string        `yaml:"ClusterName"`
		PrincipalArn     any           `yaml:"PrincipalArn"`
		Type             snapshot.Type `yaml:"Type"`
		Username         scalar        `yaml:"Username,omitempty"`
		KubernetesGroups []scalar      `yaml:"KubernetesGroups,omitempty"`
		AccessPolicies   []cfnPolicy   `yaml:"AccessPolicies,omitempty"`
	}
	cfnPolicy struct {
		PolicyArn   string   `yaml:"PolicyArn"`
		AccessScope cfnScope `yaml:"AccessScope"`
	}
	cfnScope struct {
		Type string `yaml:"Type"`
	}
	cfnParameter struct {
		Type        string `yaml:"Type"`
		Description string `yaml:"Description"`
	}
	cfnReference struct {
		Ref string `yaml:"Ref"`
	}
)

// CloudFormation writes the plan as a template. ARNs that IAM must be asked for become parameters.
func (p *Plan) CloudFormation(w io.Writer) error {
	var parameters, resources strings.Builder
	names := namer{}
	for i := range p.Items {
		it := &p.Items[i]
		resources.WriteString("\n" + indented(commented(it.explanation())))
		if it.Entry == nil {
			continue
		}
		name := names.name(it.Entry, "AccessEntry", "", capital)
		properties := cfnProperties{
			ClusterName: p.Cluster, PrincipalArn: scalar(it.Entry.PrincipalARN), Type: it.Entry.Type,
			Username: scalar(it.Entry.Username), KubernetesGroups: scalars(it.Entry.Groups),
		}
		if it.Entry.Lookup != "" {
			properties.PrincipalArn = cfnReference{name + "Arn"}
			text, err := yamlText(map[string]cfnParameter{name + "Arn": {"String", "What aws iam get-role --role-name " + it.Entry.Lookup + " --query Role.Arn prints"}})
			if err != nil {
				return err
			}
			parameters.WriteString(indented(active(it, text)))
		}
		if it.Entry.Policy != "" {
			properties.AccessPolicies = []cfnPolicy{{it.Entry.Policy, cfnScope{"cluster"}}}
		}
		text, err := yamlText(map[string]cfnResource{name: {"AWS::EKS::AccessEntry", properties}})
		if err != nil {
			return err
		}
		resources.WriteString(indented(active(it, text)))
	}
	var b strings.Builder
	b.WriteString(commented(p.before("deploy this template.")) + "\nAWSTemplateFormatVersion: \"2010-09-09\"\n")
	if p.hasReady(func(e *Entry) bool { return e.Lookup != "" }) {
		b.WriteString("Parameters:\n" + parameters.String())
	}
	b.WriteString("Resources:" + p.emptyUnless("{}") + resources.String() + "\n" + commented(p.after()))
	_, err := io.WriteString(w, b.String())
	return err
}

// hasReady reports whether one of the access entries that are made has a property.
func (p *Plan) hasReady(has func(*Entry) bool) bool {
	for i := range p.Items {
		if it := &p.Items[i]; it.Status == Ready && it.Entry != nil && has(it.Entry) {
			return true
		}
	}
	return false
}

// emptyUnless ends the line of a key: with what is for nothing where no access entry is made.
func (p *Plan) emptyUnless(nothing string) string {
	if p.hasReady(func(*Entry) bool { return true }) {
		return "\n"
	}
	return " " + nothing + "\n"
}
