package lint

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

// entry is one of a random map.
type entry struct {
	ARN      string   `json:"rolearn"`
	Username string   `json:"username,omitempty"`
	Groups   []string `json:"groups,omitempty"`
}

func pick(r *rand.Rand, list ...string) string { return list[r.IntN(len(list))] }

// randomMap makes entries that are often wrong.
func randomMap(r *rand.Rand) []entry {
	var all []entry
	for range 1 + r.IntN(5) {
		e := entry{ARN: fmt.Sprintf("arn:aws:%s::%s:%s", pick(r, "iam", "iam", "sts"), pick(r, "111122223333", "111122223333", "12"),
			pick(r, "role/dev", "role/eu/build", "role/ops", "user/jane", "assumed-role/dev/x", "role/a b", "role/d\u00e9v", "group/x"))}
		e.Username = pick(r, "dev", "Dev", "", "{{SessionName}}", "system:node:{{EC2PrivateDNSName}}", "system:admin", "{{sessionName}}", "a\\b")
		for range r.IntN(3) {
			e.Groups = append(e.Groups, pick(r, "system:masters", "system:nodes", "system:bootstrappers", "devs", "System:Masters", " x"))
		}
		all = append(all, e)
	}
	return all
}

// randomText writes entries as people do, and sometimes spoils the text.
func randomText(r *rand.Rand, entries []entry) string {
	var b strings.Builder
	for _, e := range entries {
		if r.IntN(4) == 0 {
			b.WriteString("# a \"note\"\n\n")
		}
		fmt.Fprintf(&b, "- rolearn: %s\n", pick(r, e.ARN, "'"+e.ARN+"'", `"`+e.ARN+`"`))
		if e.Username != "" {
			fmt.Fprintf(&b, "  %s: %s\n", pick(r, "username", "username", "Username", "userName"), pick(r, "'"+e.Username+"'", e.Username))
		}
		if len(e.Groups) > 0 {
			b.WriteString(pick(r, "  groups:\n", "  groups:\n", "  group:\n"))
			for _, g := range e.Groups {
				fmt.Fprintf(&b, "%s- %s\n", pick(r, "  ", "  ", "    "), g)
			}
		}
	}
	if r.IntN(6) == 0 {
		b.WriteString(pick(r, "---\n- x\n", "x: y\n", "- null\n", " - [\n"))
	}
	return b.String()
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+by) + "\n"
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// inHCL is a text in quotes as Terraform has it.
func inHCL(text string) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // hcl knows these escapes too, and no others are made of what is in a map
	if err := encoder.Encode(text); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

// textCarriers put the text of mapRoles into a file each.
func textCarriers(text string) map[string]string {
	configMap := map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "aws-auth", "namespace": "kube-system"}, "data": map[string]any{"mapRoles": text},
	}
	const head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\ndata:\n  mapRoles: |\n"
	yaml := head + indent(text, "    ")
	attributes := map[string]any{"metadata": []any{configMap["metadata"]}, "data": configMap["data"]}
	resource := func(name string, values any) any {
		return map[string]any{"address": name + ".x", "mode": "managed", "type": name, "name": "x", "values": values}
	}
	planned := func(resources ...any) string {
		return asJSON(map[string]any{"format_version": "1.2", "terraform_version": "1.9.8", "planned_values": map[string]any{"root_module": map[string]any{"resources": resources}}})
	}
	auditRef := map[string]any{"resource": "configmaps", "namespace": "kube-system", "name": "aws-auth"}
	block := func(value string) string {
		return "resource \"kubernetes_config_map\" \"x\" {\n  metadata {\n    name = \"aws-auth\"\n    namespace = \"kube-system\"\n  }\n  data = {\n    mapRoles = " + value + "\n  }\n}\n"
	}
	stack := func(kind string, properties any) string {
		return asJSON(map[string]any{"Resources": map[string]any{"X": map[string]any{"Type": kind, "Properties": properties}}})
	}
	return map[string]string{
		"JSON":                 asJSON(configMap),
		"data section":         "mapRoles: |\n" + indent(text, "  "),
		"plan":                 planned(resource("kubernetes_config_map_v1_data", attributes)),
		"plan, manifest":       planned(resource("kubernetes_manifest", map[string]any{"manifest": configMap})),
		"plan, text":           planned(resource("kubectl_manifest", map[string]any{"yaml_body": yaml})),
		"plan, file":           planned(resource("local_file", map[string]any{"content": asJSON(configMap)})),
		"state":                asJSON(map[string]any{"version": 4, "terraform_version": "1.9.8", "lineage": "x", "resources": []any{map[string]any{"mode": "managed", "type": "kubernetes_config_map", "name": "x", "instances": []any{map[string]any{"attributes": attributes}}}}}),
		"Terraform in JSON":    asJSON(map[string]any{"resource": map[string]any{"kubernetes_config_map": map[string]any{"x": attributes}}}),
		"heredoc":              block("<<EOT\n" + text + "EOT"),
		"indented heredoc":     block("<<-EOT\n" + indent(text, "      ") + "    EOT"),
		"quoted":               block(inHCL(text)),
		"manifest in a local":  "locals {\n  x = <<-EOT\n" + indent(yaml, "    ") + "  EOT\n}\n",
		"CDK":                  stack("Custom::AWSCDK-EKS-KubernetesResource", map[string]any{"Manifest": asJSON([]any{configMap})}),
		"CDK, pieces":          stack("Custom::AWSCDK-EKS-KubernetesResource", map[string]any{"Manifest": map[string]any{"Fn::Join": []any{"", halves(asJSON([]any{configMap}))}}}),
		"CDK patch":            stack("Custom::AWSCDK-EKS-KubernetesPatch", map[string]any{"ResourceName": "configmap/aws-auth", "ResourceNamespace": "kube-system", "ApplyPatchJson": asJSON(map[string]any{"data": configMap["data"]})}),
		"CloudFormation":       stack("AWSQS::Kubernetes::Resource", map[string]any{"Manifest": yaml}),
		"CloudFormation, Sub":  stack("AWSQS::Kubernetes::Resource", map[string]any{"Manifest": map[string]any{"Fn::Sub": yaml}}),
		"CloudFormation, JSON": stack("AWSQS::Kubernetes::Resource", map[string]any{"Manifest": map[string]any{"Fn::ToJsonString": configMap}}),
		"Pulumi":               asJSON(map[string]any{"version": 3, "deployment": map[string]any{"resources": []any{map[string]any{"urn": "urn:pulumi:a::b::kubernetes:core/v1:ConfigMap::x", "type": "kubernetes:core/v1:ConfigMap", "inputs": configMap}}}}),
		"Crossplane":           asJSON(map[string]any{"apiVersion": "kubernetes.m.crossplane.io/v1alpha1", "kind": "Object", "spec": map[string]any{"forProvider": map[string]any{"manifest": configMap}}}),
		"JSON patch":           asJSON([]any{map[string]any{"op": "test", "path": "/x", "value": 1}, map[string]any{"op": "add", "path": "/data/mapRoles", "value": text}}),
		"JSON patch in YAML":   "- op: replace\n  path: /data/mapRoles\n  value: |\n" + indent(text, "    "),
		"JSON patch, data":     asJSON([]any{map[string]any{"op": "replace", "path": "/data", "value": configMap["data"]}}),
		"merge patch":          asJSON(map[string]any{"data": configMap["data"]}),
		"generator":            "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\nconfigMapGenerator:\n- name: aws-auth\n  options: {disableNameSuffixHash: true}\n  literals:\n  - |\n    mapRoles=# x\n" + indent(text, "    "),
		"patch by kustomize":   "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\npatches:\n- target: {kind: ConfigMap}\n  patch: |\n" + indent(yaml, "    "),
		"JSON 6902":            "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\npatchesJson6902:\n- target: {kind: ConfigMap}\n  patch: |\n    - op: add\n      path: /data/mapRoles\n      value: |\n" + indent(text, "        "),
		"strategic merge":      "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\npatchesStrategicMerge:\n- |\n" + indent(strings.Replace(yaml, "  namespace: kube-system\n", "", 1), "  "),
		"Flux patch":           "kind: Kustomization\napiVersion: kustomize.toolkit.fluxcd.io/v1\nspec:\n  patches:\n  - patch: |\n" + indent(yaml, "      "),
		"Argo CD values":       "kind: Application\napiVersion: argoproj.io/v1alpha1\nspec:\n  sources:\n  - helm:\n      values: |\n        mapRoles: |\n" + indent(text, "          "),
		"HelmRelease, text":    "kind: HelmRelease\napiVersion: helm.toolkit.fluxcd.io/v2\nspec:\n  values:\n    x:\n      mapRoles: |\n" + indent(text, "        "),
		"Ansible":              "- hosts: x\n  tasks:\n  - name: x\n    kubernetes.core.k8s:\n      state: present\n      definition:\n" + indent(yaml, "        "),
		"Ansible, text":        "- name: x\n  k8s:\n    resource_definition: |\n" + indent(yaml, "      "),
		"Ansible, namespace":   "- block:\n  - name: x\n    community.kubernetes.k8s:\n      namespace: kube-system\n      definition:\n" + indent(strings.Replace(yaml, "  namespace: kube-system\n", "", 1), "        "),
		"audit event":          asJSON(map[string]any{"kind": "Event", "apiVersion": "audit.k8s.io/v1", "verb": "update", "objectRef": auditRef, "requestObject": configMap}) + "\n",
		"audit event, patch":   asJSON(map[string]any{"kind": "Event", "apiVersion": "audit.k8s.io/v1", "verb": "patch", "objectRef": auditRef, "requestObject": map[string]any{"data": configMap["data"]}}),
		"audit events":         asJSON(map[string]any{"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": []any{map[string]any{"kind": "Event", "apiVersion": "audit.k8s.io/v1", "verb": "create", "objectRef": auditRef, "requestObject": configMap}}}),
		"List":                 asJSON(map[string]any{"kind": "List", "apiVersion": "v1", "items": []any{map[string]any{"kind": "Pod"}, configMap}}),
		"EKS Anywhere":         "apiVersion: anywhere.eks.amazonaws.com/v1alpha1\nkind: AWSIamConfig\nspec:\n  mapRoles: |\n" + indent(text, "    "),
	}
}

func halves(text string) []string { return []string{text[:len(text)/2], text[len(text)/2:]} }

// nativeCarriers put entries into a file each that has lists of its own.
func nativeCarriers(entries []entry) map[string]string {
	object := func(version, kind string, spec any) string {
		return asJSON(map[string]any{"apiVersion": version, "kind": kind, "spec": spec})
	}
	lists := map[string]any{"mapRoles": entries}
	list := strings.NewReplacer(`":`, `"=`).Replace(asJSON(entries))
	return map[string]string{
		"Cluster API":      object("controlplane.cluster.x-k8s.io/v1beta2", "AWSManagedControlPlane", map[string]any{"iamAuthenticatorConfig": lists}),
		"values":           asJSON(lists),
		"values, deep":     asJSON(map[string]any{"a": []any{map[string]any{"awsAuth": lists}}}),
		"HelmRelease":      object("helm.toolkit.fluxcd.io/v2", "HelmRelease", map[string]any{"values": lists}),
		"Argo CD":          object("argoproj.io/v1alpha1", "Application", map[string]any{"source": map[string]any{"helm": map[string]any{"valuesObject": lists}}}),
		"Argo CD, values":  object("argoproj.io/v1alpha1", "ApplicationSet", map[string]any{"template": map[string]any{"spec": map[string]any{"source": map[string]any{"helm": map[string]any{"values": asJSON(lists)}}}}}),
		"aws-auth-manager": object("aws.maruina.k8s/v1alpha1", "AWSAuthItem", lists),
		"yamlencode": "resource \"kubernetes_config_map_v1_data\" \"x\" {\n  metadata {\n    name = \"aws-auth\"\n    namespace = \"kube-system\"\n  }\n" +
			"  data = { mapRoles = yamlencode(" + list + ") }\n}\n",
		"module": "module \"eks\" {\n  aws_auth_roles = " + list + "\n}\n",
	}
}

// found are the rules and places of all that is found in a file with one map, and all of its places must lie in it.
func found(t *testing.T, name, text string) []string {
	t.Helper()
	f := manifest.Read("x", text)
	if len(f.Documents) != 1 || len(f.Problems) > 0 {
		t.Fatalf("%s: %d documents, problems %+v, notes %+v in\n%s", name, len(f.Documents), f.Problems, f.Notes, text)
	}
	_, findings := New(policy.Default()).Check(f.Documents[0])
	all := []string{}
	for _, v := range findings {
		at := f.Documents[0].Span(string(v.Section), v.Span)
		if at.Start < 0 || at.End < at.Start || at.End > len(text) {
			t.Errorf("%s: %s is at %v of %d bytes", name, v.Path(), at, len(text))
		}
		all = append(all, v.Rule+" "+v.Path())
	}
	slices.Sort(all)
	return all
}

// TestCarriers_same: a map has the same findings in the same places of the map, whatever carries it.
func TestCarriers_same(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 1))
	kinds := map[string]bool{}
	for range 60 {
		entries := randomMap(r)
		text := randomText(r, entries)
		bare := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n" + indent(text, "    ")
		want := found(t, "bare", bare)
		for _, f := range want {
			kinds[strings.Fields(f)[0]] = true
		}
		for name, file := range textCarriers(text) {
			if got := found(t, name, file); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q, of\n%s", name, got, want, text)
			}
		}
		want = found(t, "bare", asJSON(map[string]any{"data": map[string]any{"mapRoles": asJSON(entries)}}))
		for name, file := range nativeCarriers(entries) {
			if got := found(t, name, file); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q, of\n%s", name, got, want, asJSON(entries))
			}
		}
	}
	if len(kinds) < 10 {
		t.Errorf("the maps break only %d rules: %v", len(kinds), kinds)
	}
}
