package lint

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
)

// TestImmutable holds the line that map-immutable names in a manifest, 0 where it has nothing to say.
func TestImmutable(t *testing.T) {
	const head, data = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\n", "data:\n  mapRoles: \"[]\"\n"
	const plan = "{\"format_version\": \"1.2\", \"terraform_version\": \"1.9.8\", \"planned_values\": {\"root_module\": {\"resources\": [{\n"
	const metadata = `"metadata": [{"name": "aws-auth", "namespace": "kube-system"}],`
	inJSON, _ := json.Marshal(head + "immutable: true\n" + data)
	for name, tt := range map[string]struct {
		text string
		line int
	}{
		"in a Terraform plan": {plan + `"type": "kubernetes_config_map", "values": {` + metadata + "\n\"immutable\": true, \"data\": {\"mapRoles\": \"[]\"}}}]}}}", 3},
		"not in that plan":    {plan + `"type": "kubernetes_config_map", "values": {` + metadata + "\n\"immutable\": null, \"data\": {\"mapRoles\": \"[]\"}}}]}}}", 0},
		"of a manifest in a plan": {plan + `"type": "kubernetes_manifest", "values": {"manifest":` + "\n" +
			`{"kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"}, "immutable": true, "data": {"mapRoles": "[]"}}}}]}}}`, 3},
		"of a text in a plan": {plan + `"type": "kubectl_manifest", "values": {"yaml_body":` + "\n" + string(inJSON) + "}}]}}}", 3},
		"made by CDK": {"Resources:\n  A:\n    Type: Custom::AWSCDK-EKS-KubernetesResource\n    Properties:\n      Manifest: !Join\n      - ''\n" +
			`      - - '[{"kind":"ConfigMap","metadata":{"name":"aws-auth","namespace":"kube-system"},"data":{"mapRoles":"[]"},'` + "\n" +
			`        - '"immutable":true}]'` + "\n", 8},
		"after the data":  {head + data + "immutable: true\n", 6},
		"before the data": {head + "immutable: true\n" + data, 4},
		"as YAML 1.1":     {head + "immutable: yes\n" + data, 4},
		"false":           {head + "immutable: false\n" + data, 0},
		"not there":       {head + data, 0},
		"null":            {head + "immutable:\n" + data, 0},
		"a data key":      {head + data + "  immutable: \"true\"\n", 0},
		"in JSON":         {`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"aws-auth","namespace":"kube-system"},` + "\n" + `"immutable":true,"data":{"mapRoles":"[]"}}`, 2},
		"in a List":       {"apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(head+"immutable: true\n"+strings.TrimRight(data, "\n"), "\n", "\n  ") + "\n", 7},
	} {
		t.Run(name, func(t *testing.T) {
			p := policy.Default()
			b := &report.Builder{Action: p.Action}
			New(p).Add(b, manifest.Read("aws-auth.yaml", tt.text))
			line := 0
			for _, f := range b.Report().Findings {
				if f.Rule != "map-immutable" {
					t.Errorf("%s: %s", f.Rule, f.Message)
					continue
				}
				line = f.Start.Line
			}
			if line != tt.line {
				t.Errorf("reported at line %d, want %d", line, tt.line)
			}
		})
	}
}

// TestLiteral: what is written of an ARN is judged, whatever another tool fills in beside it.
func TestLiteral(t *testing.T) {
	for text, want := range map[string]string{
		"arn:aws:iam::${account}:role/team/dev":                                                           "role-path",
		"arn:${partition}:iam::${a:b}:role/team/${name}":                                                  "role-path",
		"arn:aws:iam::${account}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef": "sso-role-path",
		"arn:aws:sts::${account}:assumed-role/dev/jane":                                                   "arn-kind",
		"arn:aws:iam::${account}:user/jane":                                                               "arn-section",
		"arn:aws:iam::${account}:role/dev":                                                                "",
		"arn:aws:iam::${account}:role/${name}":                                                            "",
		"${role}":                                                                                         "",
	} {
		_, findings := New(policy.Default()).Check(manifest.Read("x", "mapRoles: |\n  - rolearn: "+text+"\n    username: dev\n").Documents[0])
		got := ""
		for _, f := range findings {
			got += f.Rule
			if f.Rule == "role-path" && (f.Fix == nil || !strings.Contains(f.Sentence().Text, strings.Replace(text, "team/", "", 1))) {
				t.Errorf("%s: %s", text, f.Sentence().Text)
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
