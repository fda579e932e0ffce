package accessentry

import (
	"io"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// ForTerraform is the plan as far as Terraform can carry it out: it brings all text into Unicode's form NFC (go-cty,
// cty.StringVal), and to Kubernetes another form is another name.
func (p *Plan) ForTerraform() *Plan {
	return p.limited(func(it *Item) {
		for _, value := range append([]string{it.Entry.PrincipalARN, it.Entry.Username}, it.Entry.Groups...) {
			if cty.NormalizeString(value) != value {
				it.attend("take the command of the form -o cli for this one", "Terraform would write %s with other characters that look alike", text.Name(value))
				return
			}
		}
	})
}

// Terraform writes the plan as resources of the provider hashicorp/aws. ARNs that IAM must be asked for come from a data
// source.
func (p *Plan) Terraform(w io.Writer) error {
	p = p.ForTerraform()
	var b strings.Builder
	b.WriteString(commented(p.before("put this into the configuration of the cluster and apply it.\n   To take over an access entry that is there already:\n     terraform import aws_eks_access_entry.NAME " + p.Cluster + ":PRINCIPAL-ARN")))
	names := namer{}
	for i := range p.Items {
		it := &p.Items[i]
		b.WriteString("\n" + commented(it.explanation()))
		if it.Entry != nil {
			b.WriteString(active(it, p.resources(it.Entry, names)))
		}
	}
	b.WriteString("\n" + commented(p.after()))
	_, err := io.WriteString(w, b.String())
	return err
}

func (p *Plan) resources(e *Entry, names namer) string {
	name := names.name(e, "aws_auth_", "_", strings.ToLower)
	f := hclwrite.NewEmptyFile()
	body := f.Body()
	principal := func(b *hclwrite.Body) { b.SetAttributeValue("principal_arn", cty.StringVal(e.PrincipalARN)) }
	if e.Lookup != "" {
		body.AppendNewBlock("data", []string{"aws_iam_role", name}).Body().SetAttributeValue("name", cty.StringVal(e.Lookup))
		body.AppendNewline()
		principal = func(b *hclwrite.Body) {
			b.SetAttributeTraversal("principal_arn", path("data", "aws_iam_role", name, "arn"))
		}
	}
	entry := body.AppendNewBlock("resource", []string{"aws_eks_access_entry", name}).Body()
	entry.SetAttributeValue("cluster_name", cty.StringVal(p.Cluster))
	principal(entry)
	entry.SetAttributeValue("type", cty.StringVal(string(e.Type)))
	if e.Username != "" {
		entry.SetAttributeValue("user_name", cty.StringVal(e.Username))
	}
	if len(e.Groups) > 0 {
		groups := make([]cty.Value, 0, len(e.Groups))
		for _, g := range e.Groups {
			groups = append(groups, cty.StringVal(g))
		}
		entry.SetAttributeValue("kubernetes_groups", cty.ListVal(groups))
	}
	if e.Policy != "" {
		body.AppendNewline()
		association := body.AppendNewBlock("resource", []string{"aws_eks_access_policy_association", name}).Body()
		association.SetAttributeTraversal("cluster_name", path("aws_eks_access_entry", name, "cluster_name"))
		association.SetAttributeTraversal("principal_arn", path("aws_eks_access_entry", name, "principal_arn"))
		association.SetAttributeValue("policy_arn", cty.StringVal(e.Policy))
		association.AppendNewBlock("access_scope", nil).Body().SetAttributeValue("type", cty.StringVal("cluster"))
	}
	return text.InQuotes(string(hclwrite.Format(f.Bytes())))
}

func path(root string, rest ...string) hcl.Traversal {
	t := hcl.Traversal{hcl.TraverseRoot{Name: root}}
	for _, name := range rest {
		t = append(t, hcl.TraverseAttr{Name: name})
	}
	return t
}
