package manifest

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// hclDefault reads the default of a variable where that is a list of the map. Nobody knows here whether it stays the default, so
// a note says that.
func (r *reader) hclDefault(h *hclNodes, block *hclsyntax.Block) {
	attribute := block.Body.Attributes["default"]
	if attribute == nil {
		return
	}
	name := block.Labels[0]
	n := h.expr(attribute.Expr)
	argument := name
	if mapArguments()[name] == "" {
		if argument = r.argumentOf(n); argument == "" {
			return
		}
	}
	documents := len(r.file.Documents)
	key := h.node(yaml.ScalarNode, "!!str", argument, attribute.NameRange)
	h.missing = nil
	r.moduleArguments(h, "variable."+name, fields{{name: argument, key: key, value: n}})
	if len(r.file.Documents) > documents {
		r.file.note(r.span(key), Part, "only the default of var.%s was checked, which a .tfvars file, a caller or -var replaces; see what it comes to: "+
			planCommand, name)
	}
}

// argumentOf is the argument of modules that a list could be, by the first of its entries; "" where it is no such list.
func (r *reader) argumentOf(n *yaml.Node) string {
	for _, item := range items(n) {
		switch {
		case r.get(item, awsauth.FieldRoleARN) != nil:
			return "map_roles"
		case r.get(item, awsauth.FieldUserARN) != nil:
			return "map_users"
		}
	}
	return ""
}
