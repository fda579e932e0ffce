package lint

import (
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
)

// TestEscapes: what is escaped for the tool that would fill it in is text, and judged; what is not escaped beside it is still
// left to the tool.
func TestEscapes(t *testing.T) {
	const (
		list      = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: \"NAME\"\n"
		configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n    "
		stack     = `{"AWSTemplateFormatVersion":"2010-09-09","Resources":{"A":{"Type":"AWSQS::Kubernetes::Resource","Properties":{"Manifest":{"Fn::Sub":"TEXT"}}}}}`
	)
	indented := func(frame, indent string) string { return frame + strings.ReplaceAll(list, "\n", "\n"+indent) + "\n" }
	heredoc := func(text string) string { return "locals {\n  x = <<-EOT\n" + text + "\nEOT\n}\n" }
	quoted := func(text string) string { return strings.NewReplacer(`"`, `\"`, "\n", `\n`).Replace(text) }
	inSource := `resource "kubernetes_config_map" "aws_auth" {` + "\n" + `  metadata {` + "\n" + `    name      = "aws-auth"` + "\n" + `    namespace = "kube-system"` + "\n  }\n  data = {\n    mapRoles = VALUE\n  }\n}\n"
	for _, tt := range []struct{ name, file, text, escaped, open string }{
		{name: "a bare list", file: "a.yaml", text: "mapRoles: |\n  " + strings.ReplaceAll(list, "\n", "\n  "), escaped: "$${x}", open: "${x}"},
		{name: "a manifest", file: "a.yaml", text: indented(configMap, "    "), escaped: "$${x}", open: "${x}"},
		{name: "a variable of kustomize", file: "a.yaml", text: indented(configMap, "    "), escaped: "$$(x)", open: "$(x)"},
		{name: "a template of Terraform", file: "a.tftpl", text: indented(configMap, "    "), escaped: "%%{x}", open: "%{x}"},
		{name: "source of Terraform, quoted", file: "a.tf", text: strings.ReplaceAll(inSource, "VALUE", `"`+quoted(list)+`"`), escaped: "$${x}", open: "${var.x}"},
		{name: "source of Terraform, heredoc", file: "a.tf", text: strings.ReplaceAll(inSource, "VALUE", "<<-EOT\n"+list+"    EOT"), escaped: "$${x}", open: "${var.x}"},
		{name: "a manifest in source of Terraform", file: "a.tf", text: heredoc(indented(configMap, "    ")), escaped: "$${x}", open: "${var.x}"},
		{name: "a stack", file: "a.json", text: strings.ReplaceAll(stack, "TEXT", quoted(indented(configMap, "    "))), escaped: "${!x}", open: "${x}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, name := range []string{tt.escaped, tt.open, tt.escaped + "-" + strings.ReplaceAll(tt.open, "x", "y")} {
				p := policy.Default()
				b := &report.Builder{Action: p.Action}
				New(p).Add(b, manifest.Read(tt.file, strings.ReplaceAll(tt.text, "NAME", "dev:"+strings.ReplaceAll(name, `"`, `\"`))))
				r := b.Report()
				if r.MapCount != 1 {
					t.Fatalf("%d maps, notes %v", r.MapCount, r.Notes)
				}
				noted := ""
				for _, n := range r.Notes {
					noted += n.Message
				}
				_, names, _ := strings.Cut(noted, "checked: ")
				names, _, _ = strings.Cut(names, ";")
				want := map[bool]string{true: strings.TrimPrefix(name, tt.escaped+"-"), false: ""}[name != tt.escaped]
				if strings.NewReplacer("{var.", "{", "y", "x").Replace(names) != strings.NewReplacer("{var.", "{", "y", "x").Replace(want) {
					t.Errorf("%s: noted are %q, want %q (%q)", name, names, want, noted)
				}
				judged := name != tt.escaped || strings.HasPrefix(name, "%")
				if !judged && (len(r.Findings) != 1 || !strings.Contains(r.Findings[0].Message, "EKS takes it literally")) {
					t.Errorf("%s: %v", name, messages(r))
				}
			}
		})
	}
}
