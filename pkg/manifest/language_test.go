package manifest

import (
	"strings"
	"testing"
)

// TestLanguages: a note names a tool only where the token, another one beside it, or the name of the file shows it.
func TestLanguages(t *testing.T) {
	for _, tt := range []struct {
		token string
		want  language
	}{
		{"${account}", otherTemplate},
		{"${Account}", otherTemplate},
		{"${accountId}", otherTemplate},
		{"${account_id}", otherTemplate},
		{"${a-b}", otherTemplate},
		{"${settings.account}", otherTemplate},
		{"${data.account}", otherTemplate},
		{"${self:custom.account}", otherTemplate},
		{"${AWS::AccountId}", otherTemplate},
		{"${{ github.sha }}", otherTemplate},
		{"%{facts.account}", otherTemplate},
		{"$(account)", otherTemplate},
		{"${ACCOUNT}", variables},
		{"${account:-1}", variables},
		{"$ACCOUNT", variables},
		{"${var.account}", terraformTemplate},
		{"${ local.account }", terraformTemplate},
		{"${module.eks.account}", terraformTemplate},
		{"${aws_iam_role.node.arn}", terraformTemplate},
		{"${data.aws_caller_identity.current.account_id}", terraformTemplate},
		{"${each.value}", terraformTemplate},
		{"${jsonencode(x)}", terraformTemplate},
		{"${indent(2, x)}", terraformTemplate},
		{"%{ if x }", terraformTemplate},
		{"%{~ endfor ~}", terraformTemplate},
		{"{{ .Values.x }}", goTemplate},
		{"{{ account }}", jinja},
	} {
		if got := languageOf(tt.token); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.token, got, tt.want)
		}
	}
	for _, tt := range []struct{ name, file, account, more, advice string }{
		{"alone", "x.yaml", "${account}", "", "render it and check again"},
		{"beside one of Terraform", "x.yaml", "${account}", "    - rolearn: ${var.role}\n", "(Terraform: `terraform show -json PLAN | kubectl aws-auth lint -`)"},
		{"beside one of a shell", "x.yaml", "${account}", "    - rolearn: ${ROLE}\n", "(`envsubst < FILE | kubectl aws-auth lint -`)"},
		{"in a template of Terraform", "x.tftpl", "${account}", "", "(Terraform: `terraform show -json PLAN | kubectl aws-auth lint -`)"},
		{"in a template of Jinja", "x.yaml.j2", "${account}", "", "render it and check again"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Read(tt.file, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n    - rolearn: arn:aws:iam::"+
				tt.account+":role/dev\n"+tt.more)
			if len(f.Notes) != 1 || !strings.HasSuffix(f.Notes[0].Message, tt.advice) {
				t.Errorf("%+v", f.Notes)
			}
		})
	}
}
