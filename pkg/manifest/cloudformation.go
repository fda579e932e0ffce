package manifest

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// cdkManifest is the type of the resource by which CDK applies manifests (aws-cdk-lib, aws-eks, KubernetesManifest).
const cdkManifest = "Custom::AWSCDK-EKS-KubernetesResource"

func cloudFormationCarrier() carrier {
	return carrier{name: "CloudFormation template", is: (*reader).isStack, read: (*reader).cloudFormation}
}

func (r *reader) isStack(o object) bool {
	if o.kind != "" || o.get("AWSTemplateFormatVersion") != nil {
		return o.kind == ""
	}
	return slices.ContainsFunc(r.fields(o.get("Resources")), func(f field) bool {
		kind := text(r.get(f.value, "Type"))
		return strings.HasPrefix(kind, "AWS::") || strings.HasPrefix(kind, "Custom::")
	})
}

// cloudFormation reads the manifests in a CloudFormation template.
func (r *reader) cloudFormation(o object) {
	for _, resource := range r.fields(o.get("Resources")) {
		if text(r.get(resource.value, "Type")) != cdkManifest {
			continue
		}
		manifest := r.get(r.get(resource.value, "Properties"), "Manifest")
		if !r.visit(manifest) {
			continue
		}
		r.origin = stack
		f := &fragments{refusal: stack.refusal()}
		r.assemble(f, manifest)
		r.manifests(f, manifest)
	}
}

// assemble puts together a text that intrinsic functions make. What only the deployment knows is there as ${…}.
// Aliases, which CloudFormation does not know, are not followed.
func (r *reader) assemble(f *fragments, n *yaml.Node) {
	at := r.span(n)
	name, argument := r.intrinsic(n)
	switch {
	case name == "" && n.Kind == yaml.ScalarNode, name == "Sub" && argument.Kind == yaml.ScalarNode:
		f.add(argument.Value, r.span(argument), r.value(argument))
	case name == "Sub" && argument.Kind == yaml.SequenceNode && len(argument.Content) > 0:
		r.assemble(f, argument.Content[0])
	case name == "Join" && argument.Kind == yaml.SequenceNode && len(argument.Content) == 2:
		separator, pieces := text(argument.Content[0]), argument.Content[1].Content
		for i, piece := range pieces {
			if i > 0 && separator != "" {
				f.add(separator, at, nil)
			}
			r.assemble(f, piece)
		}
	case name == "":
		f.add("${"+stackToken("", nil)+"}", at, nil)
	default:
		f.add("${"+stackToken(name, argument)+"}", at, nil)
	}
}

// intrinsic takes an intrinsic function in its long form, {"Fn::Join": […]}, or its short one, !Join […]. Of a plain scalar
// the name is "" and the argument the scalar itself.
func (r *reader) intrinsic(n *yaml.Node) (name string, argument *yaml.Node) {
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		return strings.TrimPrefix(n.Tag, "!"), n
	}
	if fields := r.fields(n); len(fields) == 1 {
		return strings.TrimPrefix(fields[0].name, "Fn::"), fields[0].value
	}
	return "", n
}

// stackToken names what a deployment fills in: Ref gives the name itself, GetAtt Name.Attribute, others the function.
func stackToken(name string, argument *yaml.Node) string {
	switch {
	case name == "Ref":
		return text(argument)
	case name == "GetAtt" && len(items(argument)) > 0:
		var parts []string
		for _, part := range items(argument) {
			parts = append(parts, text(part))
		}
		return strings.Join(parts, ".")
	case name == "GetAtt":
		return text(argument)
	case name == "":
		return "unknown"
	}
	return "Fn::" + name
}
