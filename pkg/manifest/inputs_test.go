package manifest

import (
	"fmt"
	"strings"
	"testing"
)

// plan is what `terraform show -json` prints of a plan, with a resource in a module of a module.
const plan = `{
  "format_version": "1.2", "terraform_version": "1.9.8",
  "planned_values": {"root_module": {
    "resources": [{"address": "aws_iam_role.x", "type": "aws_iam_role", "values": {"name": "aws-auth"}},
      {"address": "kubernetes_config_map.other", "type": "kubernetes_config_map", "values": {"metadata": [{"name": "other", "namespace": "x"}], "data": {"mapRoles": "no"}}},
      {"address": "kubernetes_manifest.a", "type": "kubernetes_manifest", "values": {"manifest": {"kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"}, "data": {"mapRoles": "manifest"}}}},
      {"address": "kubectl_manifest.a", "type": "kubectl_manifest", "values": {"yaml_body": "kind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n    MARK\n"}}],
    "child_modules": [{"child_modules": [{"resources": [{
      "address": "module.eks.kubernetes_config_map_v1_data.aws_auth[0]", "type": "kubernetes_config_map_v1_data",
      "values": {"metadata": [{"name": "aws-auth", "namespace": "kube-system"}], "data": {"mapRoles": "- \"rolearn\": \"${MARK}\"\n"}}}]}]}]}},
  "resource_changes": [{"address": "kubernetes_config_map_v1.late", "type": "kubernetes_config_map_v1", "change": {
    "after": {"metadata": [{"name": "aws-auth", "namespace": "kube-system"}]}, "after_unknown": {"data": {"mapRoles": true}}}},
    {"address": "kubernetes_config_map_v1.known", "type": "kubernetes_config_map_v1", "change": {
    "after": {"metadata": [{"name": "aws-auth", "namespace": "kube-system"}]}, "after_unknown": {"data": {}, "id": true}}}]
}`

// changes is a plan of which only the changes were kept.
const changes = `{"format_version": "1.2", "terraform_version": "1.9.8", "resource_changes": [
  {"address": "a", "type": "kubernetes_config_map", "change": {"after": {"metadata": [{"name": "aws-auth", "namespace": "kube-system"}], "data": {"mapRoles": "MARK"}}, "after_unknown": {}}},
  {"address": "b", "type": "kubernetes_config_map", "change": {"actions": ["delete"], "after": null}}]}`

const join = `{"Resources": {"Role": {"Type": "AWS::IAM::Role"}, "Auth": {"Type": "Custom::AWSCDK-EKS-KubernetesResource", "Properties": {"Manifest": {"Fn::Join": ["", [
  "[{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"aws-auth\",\"namespace\":\"kube-system\"},\"data\":{\"mapRoles\":\"[{\\\"rolearn\\\":\\\"",
  {"Fn::GetAtt": ["Node", "Arn"]},
  "\\\",\\\"username\\\":\\\"MARK\\\"},", {"Ref": "ENTRY"}, "]\"}}]"]]}}}}}`

const sub = `AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Auth:
    Type: Custom::AWSCDK-EKS-KubernetesResource
    Properties:
      Manifest: !Join
        - ""
        - - '[{"kind":"ConfigMap","metadata":{"name":"aws-auth","namespace":"kube-system"},"data":{"mapRoles":"'
          - !Sub "${Role.Arn}-MARK-"
          - !GetAtt Role.Arn
          - !ImportValue x
          - '"}}]'
`

const clusterConfig = `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
iamIdentityMappings:
- arn: arn:aws:iam::111122223333:role/MARK
  username: "a\"b"
  groups: [g, 1]
  noDuplicateARNs: true
- {arn: 'arn:aws:iam::111122223333:role/MARK', noDuplicateARNs: true}
- {arn: 'arn:aws:iam::111122223333:role/MARK', group: x}
- {arn: 'arn:aws:iam::111122223333:user/u', username: 12}
- account: "111122223333"
- serviceName: emr-containers
`

func TestInputs_otherTools(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		// data holds key=text of each document.
		data []string
		// notes are substrings, one a note.
		notes   []string
		refusal string
	}{
		{"plan", plan, []string{"mapRoles=manifest", "mapRoles=MARK\n", "mapRoles=- \"rolearn\": \"${MARK}\"\n"}, []string{"mapRoles in a kubernetes_config_map, not checked", "kubernetes_config_map_v1.late is known only after"}, "Terraform"},
		{"state", strings.Replace(plan, "planned_values", "values", 1), []string{"mapRoles=manifest", "mapRoles=MARK\n", "mapRoles=- \"rolearn\": \"${MARK}\"\n"}, []string{"mapRoles in a kubernetes_config_map, not checked", "late"}, "Terraform"},
		{"changes alone", changes, []string{"mapRoles=MARK"}, nil, "Terraform"},
		{"Fn::Join", join, []string{`mapRoles=[{"rolearn":"${Node.Arn}","username":"MARK"},${ENTRY}]`}, []string{"${Node.Arn}, ${ENTRY}"}, "CloudFormation"},
		{"!Join and !Sub", sub, []string{"mapRoles=${Role.Arn}-MARK-${Role.Arn}${Fn::ImportValue}"}, []string{"${Role.Arn}, ${Fn::ImportValue}"}, "CloudFormation"},
		{"other resources", `{"Resources": {"A": {"Type": "AWS::IAM::Role", "Properties": {"mapRoles": "x"}}}}`, nil, []string{"mapRoles in a CloudFormation template"}, ""},
		{"ClusterConfig", clusterConfig, []string{
			"mapAccounts=[\"111122223333\"]\n",
			"mapRoles=[{\"rolearn\":\"arn:aws:iam::111122223333:role/MARK\",\"username\":\"a\\\"b\",\"groups\":[\"g\",1]},\n" +
				"{\"rolearn\":\"arn:aws:iam::111122223333:role/MARK\",\"group\":\"x\"}]\n",
			"mapUsers=[{\"userarn\":\"arn:aws:iam::111122223333:user/u\",\"username\":12}]\n",
		}, nil, "eksctl"},
		{"another ClusterConfig", "kind: ClusterConfig\niamIdentityMappings: [{arn: x}]\n", nil, []string{"iamIdentityMappings in a ClusterConfig"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Scan("x", tt.text)
			var got []string
			for _, d := range f.Documents {
				for _, key := range []string{"mapAccounts", "mapRoles", "mapUsers"} {
					if text, ok := d.Data[key]; ok {
						got = append(got, key+"="+text)
					}
					checkPlaces(t, f, d, key, tt.refusal)
				}
			}
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.data) {
				t.Errorf("data\n%q, want\n%q", got, tt.data)
			}
			if len(f.Problems) > 0 {
				t.Errorf("problems: %s", problems(f))
			}
			checkNotes(t, f, tt.notes)
		})
	}
}

// checkPlaces wants MARK of a value to be found at MARK in the file, all ranges to lie in the file, and edits to be refused.
func checkPlaces(t *testing.T, f *File, d *Document, key, refusal string) {
	t.Helper()
	text, ok := d.Data[key]
	if !ok {
		return
	}
	for i := range text {
		checkSpan(t, f.Text, d.Span(key, Span{Start: i, End: i + 1}))
	}
	if at := strings.Index(text, "MARK"); at >= 0 {
		s := d.Span(key, Span{Start: at, End: at + len("MARK")})
		if !strings.Contains(f.Text[s.Start:s.End], "MARK") {
			t.Errorf("%s: MARK is said to stand at %q", key, f.Text[s.Start:s.End])
		}
	}
	if _, err := d.Edits(key, []Edit{{Start: 0, End: 1, New: "x"}}); err == nil || !strings.Contains(err.Error(), refusal) {
		t.Errorf("%s: an edit is not refused with %q: %v", key, refusal, err)
	}
}

func checkNotes(t *testing.T, f *File, want []string) {
	t.Helper()
	if len(f.Notes) != len(want) {
		t.Fatalf("notes %+v, want %q", f.Notes, want)
	}
	for i, n := range f.Notes {
		checkSpan(t, f.Text, n.Span)
		if !strings.Contains(n.Message, want[i]) {
			t.Errorf("note %q, want %q", n.Message, want[i])
		}
	}
}

// TestList edits a list that stands by itself.
func TestList(t *testing.T) {
	f := Read("x", "a: 1\n---\n# é\n- rolearn: a/b\n  username: dev\n")
	if len(f.Documents) != 1 || len(f.Problems) != 0 {
		t.Fatalf("%d documents, %s", len(f.Documents), problems(f))
	}
	d := f.Documents[0]
	at := strings.Index(d.Data["mapRoles"], "a/b")
	next, err := f.Make([]Change{{Document: d, Key: "mapRoles", Edits: []Edit{{Start: at, End: at + 3, New: "b\n  "}}}})
	if err != nil {
		t.Fatal(err)
	}
	if want := "a: 1\n---\n# é\n- rolearn: b\n  \n  username: dev\n"; next.Text != want {
		t.Errorf("got %q, want %q", next.Text, want)
	}
	if f := Scan("x", "- rolearn: a\n"); len(f.Documents) != 1 {
		t.Error("a list in a file that nobody named was not taken")
	}
}

func TestTemplates(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		documents  int
		notes      []string
	}{
		{"helm", configMap("\n  mapRoles: |\n    {{- range .Values.roles }}\n    - rolearn: {{ .arn }}\n    {{- end }}\n"), 0, []string{"Helm"}},
		{"helm that does not parse", "{{- if .Values.auth }}\n" + configMap("\n{{- end }}\n"), 0, []string{"Helm"}},
		{"helm where the text belongs", configMap("\n  mapRoles: {{ toYaml .Values.roles }}\n"), 0, []string{"Helm"}},
		{"helm that writes a template", configMap("\n  mapRoles: |\n    - username: {{ \"{{SessionName}}\" }}\n"), 0, []string{"Helm"}},
		{"helm beside", "a: {{ include \"x\" . }}: y\n---\n" + configMap("\n  mapRoles: x\n"), 1, []string{"Helm"}},
		{"helm in a list", "- rolearn: {{ .Values.x }}\n", 1, []string{"{{ .Values.x }}; the rest was; render it and check again (Helm"}},
		{"jinja", "mapRoles: |\n  - rolearn: arn:aws:iam::{{ account_id }}:role/x\n", 1, []string{"{{ account_id }}"}},
		{"jinja filter", "mapRoles: |\n  - rolearn: \"{{ x | default('y') }}\"\n", 1, []string{"default('y')"}},
		{"jinja statement", "mapRoles: |\n  {% for r in roles %}\n", 0, []string{"Jinja"}},
		{"mustache", "mapRoles: |\n  - username: {{=<% %>=}}system:node\n", 0, []string{"Mustache"}},
		{"terraform directive", "mapRoles: |\n%{ for r in roles ~}\n  - rolearn: ${r}\n%{ endfor ~}\n", 0, []string{"Terraform"}},
		{"terraform lines", "mapRoles: |\n  ${indent(2, roles)}\n", 0, []string{"Terraform"}},
		{"terraform values", "mapRoles: |\n  - rolearn: ${role}\n    username: ${var.name}\n    groups: [\"${role}\"]\n", 1, []string{"${role}, ${var.name};"}},
		{"many values", "mapRoles: '${a.b} ${c} ${d} ${e}'\n", 1, []string{"${a.b}, ${c}, ${d}, …;"}},
		{"left in", "mapRoles: |\n  - rolearn: arn:aws:iam::${ACCOUNT_ID}:role/x\n", 1, []string{"${ACCOUNT_ID}"}},
		{"the authenticator's", "mapRoles: |\n  - username: {{SessionName}}:{{ AccountID }}:{{EC2PrivateDnsName}}:{{.SessionName}}:{{}}\n", 1, nil},
		{"comment", "# {{ .Values.x }}\nmapRoles: |\n  # {{- if .x }}\n  []\n", 1, nil},
		{"live", "kind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system, resourceVersion: \"1\"}\ndata:\n  mapRoles: |\n    - rolearn: {{ .arn }} ${x}\n", 1, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Read("x.yaml", tt.text)
			if len(f.Documents) != tt.documents || len(f.Problems) != 0 {
				t.Errorf("%d documents, want %d; problems: %s", len(f.Documents), tt.documents, problems(f))
			}
			checkNotes(t, f, tt.notes)
		})
	}
}

// TestPlanWithoutAddress: a plan that Terraform did not write may leave out what Terraform never does.
func TestPlanWithoutAddress(t *testing.T) {
	f := Read("plan.json", `{"format_version":"1","terraform_version":"1","resource_changes":[{"type":"kubernetes_config_map","change":{`+
		`"after":{"metadata":[{"name":"aws-auth","namespace":"kube-system"}]},"after_unknown":{"data":true}}}]}`)
	if len(f.Notes) != 1 || !strings.HasPrefix(f.Notes[0].Message, "data of a kubernetes_config_map is known only after the apply") {
		t.Errorf("notes: %+v", f.Notes)
	}
}

func TestUnrendered(t *testing.T) {
	d := Read("x.yaml", "mapRoles: '${a.b} ${ACCOUNT}'\n").Documents[0]
	for text, want := range map[string]bool{"x-${a.b}": true, "${ACCOUNT}": true, "a.b": false, "": false} {
		if got := d.Unrendered(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// TestInputs_circles reads aliases that lead in a circle or multiply: kubectl's reader refuses them, or the map gets too large.
func TestInputs_circles(t *testing.T) {
	bomb := func(groups, entries int) string {
		return "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\ng: &g [" + strings.Repeat("a-group-with-quite-a-long-name, ", groups) +
			"]\niamIdentityMappings:\n" + strings.Repeat("- {arn: 'arn:aws:iam::111122223333:role/x', groups: *g}\n", entries)
	}
	for name, tt := range map[string]struct{ rule, text string }{
		"modules": {RuleSyntax, "format_version: 1\nterraform_version: 1\nplanned_values: {root_module: &x {child_modules: [*x, *x]}}\n"},
		"unknown": {RuleSyntax, "format_version: 1\nterraform_version: 1\nresource_changes:\n- type: kubernetes_config_map\n  change:\n" +
			"    after: {metadata: [{name: aws-auth, namespace: kube-system}]}\n    after_unknown: {data: &x [*x, *x]}\n"},
		"join": {RuleSyntax, "Resources:\n  A:\n    Type: Custom::AWSCDK-EKS-KubernetesResource\n    Properties: " +
			"{Manifest: &x {\"Fn::Join\": [\"\", &y [*x, {\"Fn::Join\": [\"\", *y]}]]}}\n"},
		"sub":    {RuleSyntax, "Resources:\n  A:\n    Type: Custom::AWSCDK-EKS-KubernetesResource\n    Properties: {Manifest: &x !Sub [*x]}\n"},
		"groups": {RuleSyntax, "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\niamIdentityMappings:\n- {arn: x, groups: &x [*x, [*x]]}\n"},
		"lists":  {RuleSyntax, "kind: List\nitems: &x [*x, {kind: List, items: *x}]\n"},
		"bomb":   {RuleSyntax, bomb(3000, 3000)},
		"size":   {RuleShape, bomb(100, 500)},
	} {
		f := Read(name, tt.text)
		if len(f.Problems) != 1 || f.Problems[0].Rule != tt.rule {
			t.Errorf("%s: %s", name, problems(f))
		}
		for _, d := range f.Documents {
			if n := len(d.Data["mapRoles"]); n > 2*maxMap {
				t.Errorf("%s: %d bytes", name, n)
			}
		}
	}
}

// TestLists takes one object that many aliases stand for once.
func TestLists(t *testing.T) {
	f := Read("x", "kind: List\nitems:\n- &x {kind: ConfigMap, metadata: {name: aws-auth, namespace: kube-system}, data: {mapRoles: a}, apiVersion: v1}\n"+
		strings.Repeat("- *x\n", 1000))
	if len(f.Documents) != 1 || len(f.Problems) != 0 {
		t.Errorf("%d documents, %s", len(f.Documents), problems(f))
	}
}

// TestBreaksThatNobodySees: what looks like a comment of a manifest, and is a key of it, is reported; in other people's
// manifests nothing is.
func TestBreaksThatNobodySees(t *testing.T) {
	const head, data = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\n", "data:\n  mapRoles: |\n    []\n"
	for name, tt := range map[string]struct{ text, want string }{
		"in the manifest":    {head + "# x\u0085immutable: true\n" + data, "manifest-syntax 4:4 U+0085 (next line)"},
		"in the value":       {head + data + "    # x\u0085    - rolearn: a\n", "manifest-syntax 7:8 U+0085 (next line)"},
		"in a later one":     {"kind: Pod\n---\n" + head + "# x\rimmutable: true\n" + data, "manifest-syntax 6:4 U+000D (carriage return)"},
		"in another's":       {"# x\u2028a: b\n---\n" + head + data, ""},
		"Windows":            {strings.ReplaceAll(head+"# x\n"+data, "\n", "\r\n"), ""},
		"in JSON":            {`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"aws-auth","namespace":"kube-system"},"data":{"mapRoles":"# a` + "\u2028" + `b"}}`, ""},
		"within a text, LS":  {head + "data: {mapRoles: \"# a\u2028b\"}\n", "manifest-syntax 4:22 U+2028 (line separator)"},
		"an escape is known": {head + "data: {mapRoles: \"# a\\Lb\"}\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := Read("x", tt.text)
			got := ""
			for _, p := range f.Problems {
				at := f.Position(p.Span.Start)
				got += fmt.Sprintf("%s %d:%d %s", p.Rule, at.Line, at.Column, p.Message())
			}
			if tt.want == "" && got != "" || !strings.HasPrefix(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestBreaksThatAToolWrites: nobody has the text that shows an object of a cluster to correct.
func TestBreaksThatAToolWrites(t *testing.T) {
	f := Shown("x", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: \"[]\"\n  main.tf: \"x\u2028y\"\n")
	if len(f.Documents) != 1 || len(f.Problems) != 0 {
		t.Errorf("%d documents, %s", len(f.Documents), problems(f))
	}
}

// TestKeysUnderAnotherField: a map under a field that no ConfigMap has is reported there.
func TestKeysUnderAnotherField(t *testing.T) {
	const head, key = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\n", ":\n  mapRoles: |\n    []\n"
	for field, want := range map[string]string{"stringData": "stringData is not a field", "dat": "dat is not a field", "Data": "Data is not a field", "data": "", "spec": "spec is not a field"} {
		f := Read("x", head+field+key)
		if want == "" && len(f.Problems) > 0 || want != "" && (len(f.Problems) != 1 || !strings.HasPrefix(f.Problems[0].Message(), want)) {
			t.Errorf("%s: %+v", field, f.Problems)
		}
	}
	if f := Read("x", head+"data: {other: x}\nspec: {other: y}\n"); len(f.Problems) > 0 {
		t.Errorf("another field: %s", problems(f))
	}
}
