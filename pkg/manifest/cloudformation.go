package manifest

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// kubernetesPatch is the type of the resource by which CDK patches an object (aws-cdk-lib, aws-eks, KubernetesPatch).
const kubernetesPatch = "Custom::AWSCDK-EKS-KubernetesPatch"

// stackManifests are the properties with manifests, or with values of a chart, by the type of their resource.
func stackManifests() map[string][]string {
	return map[string][]string{
		"Custom::AWSCDK-EKS-KubernetesResource": {"Manifest"}, // aws-cdk-lib, aws-eks, KubernetesManifest
		kubernetesPatch:                         {"ApplyPatchJson", "RestorePatchJson"},
		"Custom::AWSCDK-EKS-HelmChart":          {"Values"},
		"AWSQS::Kubernetes::Resource":           {"Manifest"},
		"AWSQS::Kubernetes::Helm":               {"ValueYaml"},
	}
}

func cloudFormationCarrier() carrier {
	return carrier{name: "CloudFormation template", is: (*reader).isStack, read: (*reader).cloudFormation}
}

func (r *reader) isStack(o object) bool {
	if o.kind != "" || o.get("AWSTemplateFormatVersion") != nil {
		return o.kind == ""
	}
	return slices.ContainsFunc(r.fields(o.get("Resources")), func(f field) bool {
		return strings.Contains(text(r.get(f.value, "Type")), "::")
	})
}

// cloudFormation reads the manifests in a CloudFormation template.
func (r *reader) cloudFormation(o object) {
	r.origin = stack
	for _, resource := range r.fields(o.get("Resources")) {
		kind, properties := text(r.get(resource.value, "Type")), r.fields(r.get(resource.value, "Properties"))
		if kind == kubernetesPatch && !r.patchesAWSAuth(resource, properties) {
			continue
		}
		r.resource, r.givenNamespace = resource.name, text(properties.get("Namespace"))
		if kind == kubernetesPatch {
			r.aim = aimed
		}
		for _, property := range stackManifests()[kind] {
			r.stackText(properties.get(property), strings.Contains(property, "Value"))
		}
		r.aim = r.file.aim
	}
	r.resource, r.givenNamespace = "", ""
}

// patchesAWSAuth reports whether a patch is for aws-auth. The namespace stands beside it.
func (r *reader) patchesAWSAuth(resource field, properties fields) bool {
	kind, name, _ := strings.Cut(text(properties.get("ResourceName")), "/")
	if name != awsauth.Name || !slices.Contains([]string{"configmap", "configmaps", "cm"}, strings.ToLower(kind)) {
		return false
	}
	ns := properties.get("ResourceNamespace")
	if intrinsic, _ := r.intrinsic(ns); ns == nil || isText(ns) && intrinsic == "" && ns.Value != awsauth.Namespace {
		r.resource = resource.name
		r.shapeProblem(r.span(cmp.Or(ns, properties.get("ResourceName"))), "",
			"EKS reads aws-auth only in the namespace "+awsauth.Namespace, "write `ResourceNamespace: "+awsauth.Namespace+"`")
	}
	return true
}

// stackText reads a property: a text, what makes one, or an object; of a manifest or of a chart's values.
func (r *reader) stackText(n *yaml.Node, values bool) {
	if n == nil || n.Kind != yaml.ScalarNode && r.seen[n] {
		return
	}
	switch name, argument := r.intrinsic(n); {
	case name == "ToJsonString":
		r.object(argument)
	case name == "" && n.Kind != yaml.ScalarNode:
		r.object(n)
	default:
		r.seen[n] = true
		f := &fragments{refusal: stack.refusal()}
		r.assemble(f, n)
		if values {
			r.valuesOf(f, n)
		} else {
			r.manifests(f, n)
		}
	}
}

// stackDatum reads a datum that an intrinsic function makes, and reports whether it is one.
func (r *reader) stackDatum(d *Document, f field) bool {
	if name, _ := r.intrinsic(f.value); r.origin != stack || name == "" {
		return false
	}
	pieces := &fragments{refusal: stack.refusal()}
	r.assemble(pieces, f.value)
	d.Data[f.name], d.values[f.name] = pieces.text.String(), pieces
	return true
}

// assemble puts together a text that intrinsic functions make. What only the deployment knows is there as ${…}.
// Aliases, which CloudFormation does not know, are not followed.
func (r *reader) assemble(f *fragments, n *yaml.Node) {
	at := r.span(n)
	name, argument := r.intrinsic(n)
	switch {
	case name == "" && n.Kind == yaml.ScalarNode:
		f.add(n.Value, r.span(n), r.value(n))
	case name == "Sub" && argument.Kind == yaml.ScalarNode:
		r.substitute(f, argument, nil)
	case name == "Sub" && len(items(argument)) > 0:
		var values fields
		if len(argument.Content) > 1 {
			values = r.fields(argument.Content[1])
		}
		r.substitute(f, argument.Content[0], values)
	case name == "Join" && len(items(argument)) == 2:
		separator := text(argument.Content[0])
		for i, piece := range items(argument.Content[1]) {
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

// substitute adds the text of Fn::Sub with those of its variables that the template itself gives as text.
func (r *reader) substitute(f *fragments, n *yaml.Node, values fields) {
	whole, exact := n.Value, r.value(n)
	add := func(start, end int) {
		f.add(whole[start:end], exact.span(Span{Start: start, End: end}), part{exact, start})
	}
	at := 0
	for _, m := range interpolation.FindAllStringIndex(whole, -1) {
		name := whole[m[0]+2 : m[1]-1]
		value := values.get(name)
		literal := strings.HasPrefix(name, "!")
		if !literal && (value == nil || value.Kind != yaml.ScalarNode || value.Tag != "!!str") {
			continue // stays as it is
		}
		add(at, m[0])
		at = m[1]
		if literal {
			f.addLiteral("${"+name[1:]+"}", exact.span(Span{Start: m[0], End: m[1]}), nil)
		} else {
			f.add(value.Value, r.span(value), r.value(value))
		}
	}
	add(at, len(whole))
}

// intrinsic takes an intrinsic function in its long form, {"Fn::Join": […]}, or its short one, !Join […]. Of anything else the
// name is "".
func (r *reader) intrinsic(n *yaml.Node) (name string, argument *yaml.Node) {
	if n == nil {
		return "", nil
	}
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		return strings.TrimPrefix(n.Tag, "!"), n
	}
	if fields := r.fields(n); len(fields) == 1 && (fields[0].name == "Ref" || strings.HasPrefix(fields[0].name, "Fn::")) {
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
