package manifest

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"go.yaml.in/yaml/v3"
)

func terraformJSONCarrier() carrier {
	return carrier{name: "Terraform source in JSON", is: (*reader).isTerraformJSON, read: (*reader).terraformJSON}
}

func (r *reader) isTerraformJSON(o object) bool {
	if o.kind != "" {
		return false
	}
	if strings.HasSuffix(strings.ToLower(r.file.Name), ".tf.json") {
		return o.get("resource") != nil || o.get("module") != nil || o.get("locals") != nil
	}
	return slices.ContainsFunc(r.fields(o.get("resource")), func(f field) bool {
		return terraformKinds()[f.name].read != nil || o.get("terraform") != nil || o.get("provider") != nil
	})
}

// terraformJSON reads Terraform source in JSON, as people write it or CDK for Terraform makes it.
func (r *reader) terraformJSON(o object) {
	r.origin = source
	if metadata := r.fields(r.get(o.get("//"), "metadata")); metadata.get("stackName") != nil || metadata.get("backend") != nil {
		r.origin = synthesized
	}
	j := &tfJSON{r.hclNodes()}
	for _, block := range r.blocks(o.get("locals")) {
		for _, f := range r.fields(block) {
			j.define(f.name, func() *yaml.Node { return j.resolve(f.value) })
		}
	}
	for _, kinds := range r.blocks(o.get("resource")) {
		for _, kind := range r.fields(kinds) {
			for _, named := range r.blocks(kind.value) {
				for _, name := range r.fields(named) {
					for _, block := range r.blocks(name.value) {
						j.resource(kind.name, name.name, block)
					}
				}
			}
		}
	}
	for _, modules := range r.blocks(o.get("module")) {
		for _, module := range r.fields(modules) {
			for _, block := range r.blocks(module.value) {
				j.missing = nil
				for _, f := range r.fields(block) {
					if mapArguments()[f.name] != "" {
						r.cover(f.value)
					}
				}
				r.moduleArguments(j.hclNodes, "module."+module.name, r.fields(j.resolve(block)))
			}
		}
	}
	if len(r.file.Documents) > 0 {
		r.cover(o.get("locals"))
	}
}

// blocks are those of a value: one, or a list of them.
func (r *reader) blocks(n *yaml.Node) []*yaml.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.SequenceNode:
		return n.Content
	}
	return []*yaml.Node{n}
}

// tfJSON is Terraform source in JSON: its texts are templates of Terraform's language.
type tfJSON struct{ *hclNodes }

func (j *tfJSON) resource(kind, name string, block *yaml.Node) {
	if terraformKinds()[kind].read == nil {
		return
	}
	j.missing = nil
	said := j.r.said()
	j.r.sourceResource(j.hclNodes, kind, kind+"."+name, j.r.fields(j.resolve(block)), awsAuthMentioned.MatchString(name))
	if said != j.r.said() {
		j.r.cover(block)
	}
}

// resolve gives a node in which what texts compute is replaced by what comes out, as far as that is known.
func (j *tfJSON) resolve(n *yaml.Node) *yaml.Node {
	if n == nil || n.Kind == yaml.ScalarNode {
		return j.scalar(n)
	}
	if j.nodes--; j.nodes < 0 || j.depth > maxDepth {
		return n
	}
	j.depth++
	defer func() { j.depth-- }()
	out := &yaml.Node{Kind: n.Kind, Tag: n.Tag}
	j.r.spans[out] = j.r.span(n)
	for i, child := range n.Content {
		if n.Kind == yaml.SequenceNode || i%2 == 1 {
			child = j.resolve(child)
		}
		out.Content = append(out.Content, child)
	}
	return out
}

func (j *tfJSON) scalar(n *yaml.Node) *yaml.Node {
	if n == nil || !isText(n) || !strings.Contains(n.Value, "${") && !strings.Contains(n.Value, "%{") || tooDeep(n.Value) {
		return n
	}
	e, diags := hclsyntax.ParseTemplate([]byte(n.Value), j.r.file.Name, hcl.InitialPos)
	if diags.HasErrors() {
		return n
	}
	src, at := j.src, j.at
	defer func() { j.src, j.at = src, at }()
	j.src, j.at = []byte(n.Value), j.r.value(n)
	return j.expr(e)
}
