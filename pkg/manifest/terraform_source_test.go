package manifest

import (
	"fmt"
	"strings"
	"testing"
)

const metadataBlock = "  metadata {\n    name      = \"aws-auth\"\n    namespace = \"kube-system\"\n  }\n"

func TestTerraformSource(t *testing.T) {
	inBlock := func(data string) string {
		return "resource \"kubernetes_config_map\" \"auth\" {\n" + metadataBlock + "  data = {\n" + data + "\n  }\n}\n"
	}
	const head = "locals {\n  role = \"arn:aws:iam::111122223333:role/MARK\"\n  roles = [{ rolearn = local.role, username = \"dev\", groups = [\"a\"] }]\n  loop = local.loop\n}\n"
	native := "mapRoles=" + nativeL
	for _, tt := range []struct {
		name, file, text string
		data             []string
		resource         string
		problems         string
		notes            []string
	}{
		{name: "a quoted text", text: inBlock(`    mapRoles = "- rolearn: \"MARK\"\n  x: $${y}\u0041\\ 100%\n"`), data: []string{"mapRoles=- rolearn: \"MARK\"\n  x: ${y}A\\ 100%\n"}, resource: "kubernetes_config_map.auth"},
		{name: "a heredoc", text: inBlock("    mapRoles = <<EOT\n- rolearn: MARK\n  username: dev\nEOT\n"), data: []string{"mapRoles=- rolearn: MARK\n  username: dev\n"}, resource: "kubernetes_config_map.auth"},
		{name: "an indented heredoc", text: inBlock("    mapRoles = <<-EOT\n      - rolearn: MARK\n        username: ${var.name}\n    EOT\n"), data: []string{"mapRoles=- rolearn: MARK\n  username: ${var.name}\n"},
			resource: "kubernetes_config_map.auth", notes: []string{"${var.name}; the rest was; see what it comes to: `terraform plan -out p"}},
		{name: "Windows", text: strings.ReplaceAll(inBlock("    mapRoles = <<-EOT\n      - rolearn: MARK\n    EOT\n"), "\n", "\r\n"), data: []string{"mapRoles=- rolearn: MARK\r\n"}, resource: "kubernetes_config_map.auth"},
		{name: "yamlencode", text: inBlock(`    mapRoles = yamlencode([{ rolearn = "arn:aws:iam::111122223333:role/MARK", username = "dev", "groups" = ["a"] }])`), data: []string{native}, resource: "kubernetes_config_map.auth"},
		{name: "locals", text: head + inBlock(`    mapRoles = jsonencode(local.roles)`), data: []string{native}, resource: "kubernetes_config_map.auth"},
		{name: "a list of which a part is known", text: head + inBlock(`    mapRoles = yamlencode(distinct(concat(local.roles, var.more, [local.loop])))`), data: []string{native}, resource: "kubernetes_config_map.auth",
			notes: []string{"kubernetes_config_map.auth depends on local.loop, var.more, so that was not checked"}},
		{name: "a variable", text: inBlock(`    mapRoles = yamlencode(var.roles)`), data: nil, notes: []string{"depends on var.roles"}},
		{name: "all data a variable", text: "resource \"kubernetes_config_map_v1_data\" \"auth\" {\n" + metadataBlock + "  data = var.data\n}\n", notes: []string{"kubernetes_config_map_v1_data.auth depends on var.data"}},
		{name: "a template that is computed", text: inBlock("    mapRoles = <<-EOT\n      %{ for r in var.roles ~}\n      - rolearn: ${r}\n      %{ endfor ~}\n    EOT\n"), notes: []string{"depends on var.roles"}},
		{name: "lines that are computed", text: inBlock("    mapRoles = <<-EOT\n      - rolearn: x\n        username: y\n      ${indent(2, local.more)}\n    EOT\n"), notes: []string{"depends on local.more"}},
		{name: "no namespace", text: "resource \"kubernetes_config_map\" \"auth\" {\n  metadata {\n    name = \"aws-auth\"\n  }\n  data = { mapRoles = \"MARK\" }\n}\n", data: []string{"mapRoles=MARK"}, resource: "kubernetes_config_map.auth", problems: `3:12 manifest-shape "\"aws-auth\""`},
		{name: "a namespace that is not known", text: strings.Replace(inBlock(`    mapRoles = "MARK"`), `"kube-system"`, "var.namespace", 1), data: []string{"mapRoles=MARK"}, resource: "kubernetes_config_map.auth"},
		{name: "another map", text: strings.Replace(inBlock(`    mapRoles = "MARK"`), `"aws-auth"`, `"other"`, 1), notes: []string{"mapRoles in a kubernetes_config_map"}},
		{name: "a manifest as an object", text: "resource \"kubernetes_manifest\" \"auth\" {\n  manifest = {\n    kind = \"ConfigMap\"\n    metadata = { name = \"aws-auth\", namespace = \"kube-system\" }\n    data = { mapRoles = \"MARK\" }\n  }\n}\n",
			data: []string{"mapRoles=MARK"}, resource: "kubernetes_manifest.auth"},
		{name: "a manifest as text", text: "resource \"kubectl_manifest\" \"auth\" {\n  yaml_body = <<-YAML\n    kind: ConfigMap\n    metadata: {name: aws-auth, namespace: kube-system}\n    data:\n      mapRoles: |\n        - rolearn: MARK\n  YAML\n}\n",
			data: []string{"mapRoles=- rolearn: MARK\n"}, resource: "kubectl_manifest.auth"},
		{name: "a manifest in a local", text: "locals {\n  auth = <<EOT\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n    - rolearn: ${aws_iam_role.x.arn}\n      username: MARK\nEOT\n}\n",
			data: []string{"mapRoles=- rolearn: ${aws_iam_role.x.arn}\n  username: MARK\n"}, notes: []string{"${aws_iam_role.x.arn}"}},
		{name: "decoded", text: "resource \"kubernetes_manifest\" \"auth\" {\n  manifest = yamldecode(<<EOT\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {mapRoles: MARK}\nEOT\n  )\n}\n",
			data: []string{"mapRoles=MARK"}, resource: "kubernetes_manifest.auth"},
		{name: "a template file", text: "resource \"kubectl_manifest\" \"aws_auth\" {\n  yaml_body = templatefile(\"auth.yaml\", {})\n}\n", notes: []string{"kubectl_manifest.aws_auth depends on templatefile(…)"}},
		{name: "a module", text: "module \"eks\" {\n  aws_auth_roles = [\n    { rolearn = \"arn:aws:iam::111122223333:role/MARK\", username = \"dev\", groups = [\"a\"] },\n    var.more,\n  ]\n  aws_auth_accounts = [\"111122223333\"]\n  map_users = var.users\n}\n",
			data: []string{"mapAccounts=[\"111122223333\"]\n", native}, resource: "module.eks", notes: []string{"module.eks depends on var.more, var.users"}},
		{name: "Terragrunt", file: "terragrunt.hcl", text: "inputs = {\n  map_roles = [{ rolearn = \"arn:aws:iam::111122223333:role/MARK\", username = \"dev\", groups = [\"a\"] }]\n}\n", data: []string{native}, resource: "inputs"},
		{name: "of an old version", text: "resource \"kubernetes_config_map\" \"auth\" {\n" + metadataBlock + "  data {\n    mapRoles = \"MARK${\"\"}\"\n    mapUsers = \"${var.users}\"\n  }\n}\n", data: []string{"mapRoles=MARK"},
			resource: "kubernetes_config_map.auth", notes: []string{"depends on var.users"}},
		{name: "variables", file: "x.tfvars", text: "map_roles = [{ rolearn = \"arn:aws:iam::111122223333:role/MARK\", username = \"dev\", groups = [\"a\"] }]\nteams = [{ rolearn = \"x\" }]\n", data: []string{native},
			notes: []string{"rolearn in Terraform source, not checked"}},
		{name: "a local that nobody uses here", text: head + inBlock(`    mapRoles = yamlencode(local.roles)`) + "locals {\n  others = [{ userarn = \"x\" }]\n}\nmodule \"x\" {\n  admins = [{ rolearn = \"y\" }]\n}\n", data: []string{native},
			resource: "kubernetes_config_map.auth", notes: []string{"userarn in Terraform source", "rolearn in Terraform source"}},
		{name: "references", text: inBlock(`    mapRoles = yamlencode([{ rolearn = aws_iam_role.n.arn, username = "MARK", groups = [var.g, "a"] }])`),
			data: []string{`mapRoles=[{"rolearn":"${aws_iam_role.n.arn}","username":"MARK","groups":["${var.g}",` + "\n" + `"a"]}]` + "\n"}, resource: "kubernetes_config_map.auth",
			notes: []string{"${aws_iam_role.n.arn}, ${var.g}; the rest was; see what it comes to: `terraform plan -out p"}},
		{name: "references in a module", text: "module \"eks\" {\n  aws_auth_roles = [{ rolearn = \"${module.n.arn}\", username = upper(\"x\"), groups = var.g }, { rolearn = \"MARK\", username = 007 }]\n}\n",
			data:     []string{`mapRoles=[{"rolearn":"${module.n.arn}","username":"${upper(…)}","groups":"${var.g}"},` + "\n" + `{"rolearn":"MARK","username":"007"}]` + "\n"},
			resource: "module.eks", notes: []string{"${module.n.arn}, ${upper(…)}, ${var.g}; the rest was; see what it comes to"}},
		{name: "references in accounts", text: "module \"eks\" {\n  map_accounts = [var.a, \"MARK\", upper(\"x\")]\n  map_users = \"${var.users}\"\n}\n",
			data: []string{`mapAccounts=["MARK"]` + "\n"}, resource: "module.eks", notes: []string{"module.eks depends on upper(…), var.a, var.users"}},
		{name: "merged entries", text: "locals {\n  base = { rolearn = \"x\", username = \"y\" }\n}\nmodule \"eks\" {\n  map_roles = [merge(local.base, { username = \"MARK\" })]\n}\n",
			data: []string{`mapRoles=[{"rolearn":"x","username":"MARK"}]` + "\n"}, resource: "module.eks"},
		{name: "a default", text: "variable \"map_roles\" {\n  default = [{ rolearn = \"arn:aws:iam::111122223333:role/MARK\", username = \"dev\", groups = [\"a\"] }]\n}\n" + inBlock("    mapRoles = yamlencode(var.map_roles)"),
			data: []string{native}, resource: "variable.map_roles", notes: []string{"only the default of var.map_roles was checked", "kubernetes_config_map.auth depends on var.map_roles"}},
		{name: "a default of another name", text: "variable \"admins\" {\n  default = [\n    { rolearn = \"arn:aws:iam::111122223333:role/MARK\", username = \"dev\", groups = [\"a\"] },\n  ]\n}\n",
			data: []string{native}, resource: "variable.admins", notes: []string{"only the default of var.admins was checked"}},
		{name: "defaults without entries", text: "variable \"map_roles\" {\n  default = []\n}\nvariable \"map_users\" {\n  type = list(object({ userarn = string }))\n}\nvariable \"map_accounts\" {\n  default = null\n}\n"},
		{name: "a default as text", text: "variable \"arn\" {\n  default = \"arn:aws:iam::111122223333:role/eu/x\"\n}\n" + inBlock("    mapRoles = yamlencode([{ rolearn = var.arn, username = \"MARK\" }])"),
			data: []string{`mapRoles=[{"rolearn":"${var.arn}","username":"MARK"}]` + "\n"}, resource: "kubernetes_config_map.auth", notes: []string{"filled in by another tool, so not checked: ${var.arn}"}},
		{name: "a list as text", text: "module \"eks\" {\n  map_roles = \"- x\"\n}\nmodule \"empty\" {\n  map_roles = null\n  map_users = \"\"\n}\n", notes: []string{"map_roles in Terraform source, not checked"}},
		{name: "a manifest of two parts", text: "resource \"kubectl_manifest\" \"aws_auth\" {\n  yaml_body = \"${var.head}\\n${var.tail}\"\n}\n", notes: []string{"kubectl_manifest.aws_auth depends on var.head, var.tail"}},
		{name: "an ARN of two parts", text: "module \"eks\" {\n  map_accounts = []\n  map_roles = [{ rolearn = \"${var.a}${var.b}\", username = \"MARK\" }]\n}\n",
			data: []string{`mapRoles=[{"rolearn":"${var.a}${var.b}","username":"MARK"}]` + "\n"}, resource: "module.eks", notes: []string{"${var.a}, ${var.b}; the rest was"}},
		{name: "nothing known of a list", text: inBlock(`    mapRoles = yamlencode(concat(var.a, var.b))`), notes: []string{"kubernetes_config_map.auth depends on var.a, var.b"}},
		{name: "a local of which a part is known, twice", text: "locals {\n  r = concat([{ rolearn = \"x\" }], var.more)\n}\nmodule \"a\" {\n  map_roles = local.r\n}\nmodule \"b\" {\n  map_roles = local.r\n}\n",
			data: []string{`mapRoles=[{"rolearn":"x"}]` + "\n", `mapRoles=[{"rolearn":"x"}]` + "\n"}, resource: "module.b", notes: []string{"module.a depends on var.more", "module.b depends on var.more"}},
		{name: "broken", file: "a.tf", text: "resource \"kubernetes_config_map\" {\n  aws-auth = \n", notes: []string{"Terraform source that can't be read"}},
		{name: "another tool's", file: "a.tf", text: "resource \"aws_iam_role\" \"x\" {\n  name = \"y\"\n}\n"},
		{name: "JSON", file: "a.tf.json", text: `{"resource":{"kubernetes_config_map":{"auth":{"metadata":[{"name":"aws-auth","namespace":"kube-system"}],"data":{"mapRoles":"MARK"}}}}}`, data: []string{"mapRoles=MARK"}, resource: "kubernetes_config_map.auth"},
		{name: "JSON, computed", file: "a.tf.json", text: `{"locals":{"roles":[{"rolearn":"arn:aws:iam::111122223333:role/MARK","username":"dev","groups":["a"]}]},"resource":[{"kubernetes_config_map_v1_data":{"auth":[{` +
			`"metadata":{"name":"aws-auth","namespace":"${var.x}"},"data":{"mapRoles":"${yamlencode(local.roles)}","mapUsers":"${var.users}","mapAccounts":"- ${var.account}"}}]}}]}`,
			data: []string{"mapAccounts=- ${var.account}", native}, resource: "kubernetes_config_map_v1_data.auth", notes: []string{"${var.account}", "depends on var.users"}},
		{name: "JSON, a module", file: "a.tf.json", text: `{"module":{"eks":{"map_roles":[{"rolearn":"arn:aws:iam::111122223333:role/MARK","username":"dev","groups":["a"]}]}}}`, data: []string{native}, resource: "module.eks"},
		{name: "JSON of CDK", text: `{"//":{"metadata":{"stackName":"x"}},"resource":{"kubernetes_manifest":{"auth":{"manifest":` + inner + `}}}}`, data: []string{"mapRoles=MARK"}, resource: "kubernetes_manifest.auth"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Scan(tt.file, tt.text)
			var got []string
			resource := ""
			for _, d := range f.Documents {
				resource = d.Resource
				for _, key := range []string{"mapAccounts", "mapRoles", "mapUsers"} {
					text, ok := d.Data[key]
					if !ok {
						continue
					}
					got = append(got, key+"="+text)
					for i := range text {
						checkSpan(t, f.Text, d.Span(key, Span{Start: i, End: i + 1}))
					}
					if at := strings.Index(text, "MARK"); at >= 0 {
						s := d.Span(key, Span{Start: at, End: at + len("MARK")})
						if f.Text[s.Start:s.End] != "MARK" {
							t.Errorf("%s: MARK is said to stand at %q", key, f.Text[s.Start:s.End])
						}
						next, err := f.Make([]Change{{Document: d, Key: key, Edits: []Edit{{Start: at, End: at + 4, New: "x"}}}})
						if err == nil && next.Text != strings.Replace(f.Text, "MARK", "x", 1) || (err == nil) == strings.Contains(f.Text, "stackName") {
							t.Errorf("%s: an edit in place: %v", key, err)
						}
					}
				}
			}
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.data) {
				t.Errorf("data\n%q, want\n%q", got, tt.data)
			}
			if resource != tt.resource {
				t.Errorf("resource %s, want %s", resource, tt.resource)
			}
			if got := problems(f); got != tt.problems {
				t.Errorf("problems: %s, want %s", got, tt.problems)
			}
			checkNotes(t, f, tt.notes)
		})
	}
}

// TestTerraformSource_hostile: what would take the parser too deep is noted, and not read.
func TestTerraformSource_hostile(t *testing.T) {
	for name, text := range map[string]string{
		"brackets":   "map_roles = " + strings.Repeat("[", 1<<18),
		"operators":  "map_roles = " + strings.Repeat("!", 1<<18) + "true\n",
		"conditions": "map_roles = " + strings.Repeat("a ? b : ", 1<<15) + "c\n",
		"size":       "# aws-auth\n" + strings.Repeat("#\n", 1<<19),
		"templates":  "map_roles = " + strings.Repeat("\"${", 1<<14) + "x",
	} {
		if f := Scan("x.tf", text); len(f.Documents) != 0 || len(f.Notes) != 1 || !strings.Contains(f.Notes[0].Message, "too deeply") {
			t.Errorf("%s: %d documents, notes %+v", name, len(f.Documents), f.Notes)
		}
	}
}

// TestTerraformSource_growth: locals that multiply what they hold are noted, not expanded, and never read in part.
func TestTerraformSource_growth(t *testing.T) {
	const levels = 60
	for _, tt := range []struct{ name, first, next string }{
		{"concat", `[{ rolearn = "x" }]`, "concat(local.L, local.L)"},
		{"flatten", `[{ rolearn = "x" }]`, "flatten([local.L, local.L])"},
		{"lists in lists", `[{ rolearn = "x" }]`, "[local.L, local.L]"},
		{"objects in objects", `{ rolearn = "x" }`, "{ a = local.L, b = local.L }"},
		{"texts", `"- rolearn: x"`, `"${local.L}${local.L}"`},
		{"heredocs", "<<E\n- rolearn: x\nE\n", "<<E\n${local.L}${local.L}\nE\n"},
		{"encoded", `"rolearn"`, "jsonencode([local.L, local.L])"},
		{"merge", `{ rolearn = "x" }`, "merge({ a = local.L }, { b = local.L })"},
	} {
		var native, inJSON strings.Builder
		fmt.Fprintf(&native, "locals {\n  l0 = %s\n", tt.first)
		fmt.Fprintf(&inJSON, `{"locals":{"l0":"- rolearn: x"`)
		for i := 1; i <= levels; i++ {
			next := strings.ReplaceAll(tt.next, "local.L", fmt.Sprintf("local.l%d", i-1))
			fmt.Fprintf(&native, "  l%d = %s\n", i, next)
			if !strings.Contains(next, "\n") && !strings.Contains(next, `"`) {
				next = "${" + next + "}"
			}
			fmt.Fprintf(&inJSON, `,"l%d":%q`, i, strings.Trim(next, `"`))
		}
		fmt.Fprintf(&native, "}\n")
		fmt.Fprintf(&inJSON, "}")
		last := fmt.Sprintf("local.l%d", levels)
		for name, text := range map[string]string{
			"data":     native.String() + "resource \"kubernetes_config_map\" \"x\" {\n" + metadataBlock + "  data = { mapRoles = yamlencode(" + last + ") }\n}\n",
			"text":     native.String() + "resource \"kubernetes_config_map\" \"x\" {\n" + metadataBlock + "  data = { mapRoles = \"${" + last + "}\" }\n}\n",
			"manifest": native.String() + "resource \"kubernetes_manifest\" \"aws_auth\" {\n  manifest = " + last + "\n}\n",
			"release":  native.String() + "resource \"helm_release\" \"aws_auth\" {\n  values = [" + last + "]\n}\n",
			"module":   native.String() + "module \"x\" {\n  map_roles = " + last + "\n}\n",
			"entry":    native.String() + "module \"x\" {\n  map_roles = [{ rolearn = \"x\", groups = " + last + " }]\n}\n",
			"json":     inJSON.String() + `,"module":{"x":{"map_roles":"${` + last + `}"}}}`,
		} {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				file := "x.tf"
				if name == "json" {
					file = "x.tf.json"
				}
				f := Scan(file, text)
				if len(f.Notes) == 0 {
					t.Errorf("no notes")
				}
				if got := problems(f); got != "" {
					t.Errorf("problems: %s", got)
				}
				for _, d := range f.Documents {
					for key, value := range d.Data {
						if _, err := decodeYAML(value); err != nil || len(value) > maxMap {
							t.Errorf("%s of %d bytes: %v", key, len(value), err)
						}
					}
				}
			})
		}
	}
}

// TestTerraformSource_longChain: a chain of locals can't take the reader deeper than its limit.
func TestTerraformSource_longChain(t *testing.T) {
	var text strings.Builder
	text.WriteString(`{"//":"aws-auth","locals":{"l0":"x"`)
	for i := 1; i < 20_000; i++ {
		fmt.Fprintf(&text, `,"l%d":"${local.l%d}"`, i, i-1)
	}
	text.WriteString(`},"module":{"x":{"map_roles":"${local.l19999}"}}}`)
	f := Scan("x.tf.json", text.String())
	checkNotes(t, f, []string{"module.x depends on local."})
}
