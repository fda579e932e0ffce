package manifest

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	show "github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

var (
	// hclStart is how Terraform source begins, after comments and blank lines.
	hclStart = regexp.MustCompile(`\A(?:\x{feff}|\s|#[^\n]*(?:\n|\z)|//[^\n]*(?:\n|\z)|/\*(?s:.*?)\*/)*` +
		`(?:(?:resource|data)[ \t]+"[^"\n]*"[ \t]+"[^"\n]*"|(?:module|provider|variable|output)[ \t]+"[^"\n]*"|locals|terraform)[ \t]*\{`)
	// manifestInText is a manifest of the map in a text.
	manifestInText = regexp.MustCompile(`(?s)kind["']?\s*:\s*["']?ConfigMap\b.*name["']?\s*:\s*["']?aws-auth\b|` +
		`name["']?\s*:\s*["']?aws-auth\b.*kind["']?\s*:\s*["']?ConfigMap\b`)
	awsAuthMentioned = regexp.MustCompile(`(?i)aws[-_]auth`)
)

// planCommand shows what source comes to.
const planCommand = "`terraform plan -out p && terraform show -json p | kubectl aws-auth lint -`"

// mapArguments are the arguments of modules that are lists of the map (terraform-aws-modules/eks, cloudposse/eks-cluster).
func mapArguments() map[string]awsauth.Key {
	return map[string]awsauth.Key{
		"aws_auth_roles": awsauth.MapRoles, "map_roles": awsauth.MapRoles, "map_additional_iam_roles": awsauth.MapRoles,
		"aws_auth_users": awsauth.MapUsers, "map_users": awsauth.MapUsers, "map_additional_iam_users": awsauth.MapUsers,
		"aws_auth_accounts": awsauth.MapAccounts, "map_accounts": awsauth.MapAccounts, "map_additional_aws_accounts": awsauth.MapAccounts,
	}
}

func terraformSourceCarrier() carrier {
	return carrier{name: "Terraform source", file: (*File).terraformSource}
}

// terraformSource reads a file in Terraform's language, and reports whether it is one.
func (f *File) terraformSource() bool {
	if f.origin != written {
		return false
	}
	switch strings.ToLower(filepath.Ext(f.Name)) {
	case ".tf", ".tofu", ".tfvars", ".hcl":
	default:
		if !hclStart.MatchString(f.Text) {
			return false
		}
	}
	if !speaksOfAWSAuth(f.Text) && !awsAuthMentioned.MatchString(f.Text) && !slices.ContainsFunc(slices.Collect(maps.Keys(mapArguments())), func(name string) bool { return strings.Contains(f.Text, name) }) {
		return true
	}
	r := f.reader(chunk{Span: Span{End: len(f.Text)}})
	r.origin = source
	if tooDeep(f.Text) {
		r.noteFile("it is nested too deeply, or larger than 1 MiB")
		return true
	}
	parsed, diags := hclsyntax.ParseConfig([]byte(f.Text), f.Name, hcl.InitialPos)
	body, ok := parsed.Body.(*hclsyntax.Body)
	if diags.HasErrors() || !ok {
		why := "it has no body"
		if len(diags) > 0 {
			why = fmt.Sprintf("line %d: %s", diags[0].Subject.Start.Line, diags[0].Summary)
		}
		r.noteFile(why)
		return true
	}
	r.hclFile(body)
	return true
}

// noteFile says that a file of Terraform source could not be read.
func (r *reader) noteFile(why string) {
	r.file.note(Span{}, Part, "Terraform source that can't be read, so it was not checked: %s", why)
}

// maxHCL is the size in bytes of source that is read: the parser calls itself, and a stack has an end.
const maxHCL = 1 << 20

// tooDeep reports whether brackets or operators are nested deeper than any parser should follow.
func tooDeep(text string) bool {
	const most = 1000
	brackets, operators := 0, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(', '[', '{':
			brackets++
			operators = 0
		case ')', ']', '}':
			brackets = max(0, brackets-1)
			operators = 0
		case '!', '-', '?':
			operators++
		case '\n':
			operators = 0
		}
		if brackets > most || operators > most {
			return true
		}
	}
	return len(text) > maxHCL
}

func (r *reader) hclFile(body *hclsyntax.Body) {
	h := r.hclNodes()
	h.src, h.at = []byte(r.file.Text), whole{}
	for _, block := range body.Blocks {
		if block.Type != "locals" {
			continue
		}
		for _, a := range attributes(block.Body) {
			h.define(a.Name, func() *yaml.Node {
				h.used = append(h.used, Span{Start: a.SrcRange.Start.Byte, End: a.SrcRange.End.Byte})
				return h.from([]byte(r.file.Text), whole{}, a.Expr)
			})
		}
	}
	for _, block := range body.Blocks {
		switch {
		case block.Type == "resource" && len(block.Labels) == 2:
			r.hclResource(h, block)
		case block.Type == "module" && len(block.Labels) == 1:
			r.hclArguments(h, "module."+block.Labels[0], block.Body)
		case block.Type == "variable" && len(block.Labels) == 1:
			r.hclDefault(h, block)
		}
	}
	name := "inputs" // of Terragrunt
	if len(body.Blocks) == 0 && body.Attributes[name] == nil {
		name = "" // a file of variables
	}
	r.hclArguments(h, name, body)
	_ = hclsyntax.VisitAll(body, func(n hclsyntax.Node) hcl.Diagnostics {
		if e, ok := n.(*hclsyntax.TemplateExpr); ok && !h.known[e] && manifestInText.Match(e.SrcRange.SliceBytes(h.src)) {
			h.missing = nil
			if n := h.template(e); r.unresolved[n] == nil {
				r.manifestText(n)
			} else {
				r.noteMissing(n, "a manifest of aws-auth", r.unresolved[n])
			}
		}
		return nil
	})
	for _, a := range attributes(body) {
		r.unreadHCL(h, a.SrcRange)
	}
	for _, block := range body.Blocks {
		if block.Type == "variable" { // its type and what describes it hold no entry
			if a := block.Body.Attributes["default"]; a != nil {
				r.unreadHCL(h, a.SrcRange)
			}
			continue
		}
		if block.Type != "locals" {
			r.unreadHCL(h, hcl.RangeOver(block.Range(), block.Body.SrcRange))
			continue
		}
		for _, a := range attributes(block.Body) {
			if _, speaks := speaksInText(string(a.SrcRange.SliceBytes(h.src))); speaks && r.file.usedBeside(a.Name) {
				continue
			}
			r.unreadHCL(h, a.SrcRange)
		}
	}
}

// unreadHCL notes a part of the file that speaks of the map where nothing was read and nothing noted.
func (r *reader) unreadHCL(h *hclNodes, part hcl.Range) {
	at, speaks := speaksInText(string(part.SliceBytes(h.src)))
	if !speaks {
		return
	}
	in := func(s Span) bool { return s.Start >= part.Start.Byte && s.Start < part.End.Byte }
	read := slices.ContainsFunc(h.used, in) || slices.ContainsFunc(r.file.Notes, func(n Note) bool { return in(n.Span) }) ||
		slices.ContainsFunc(r.file.Documents, func(d *Document) bool {
			return in(d.at) || slices.ContainsFunc(slices.Collect(maps.Values(d.keys)), in)
		})
	if !read {
		place := Span{Start: part.Start.Byte + at.Start, End: part.Start.Byte + at.End}
		r.file.noteUnread(place, r.file.Text[place.Start:place.End], "Terraform source")
	}
}

// hclResource reads one resource.
func (r *reader) hclResource(h *hclNodes, block *hclsyntax.Block) {
	if terraformKinds()[block.Labels[0]].read == nil {
		return
	}
	h.missing = nil
	mentions := awsAuthMentioned.Match(block.Range().SliceBytes(h.src)) || awsAuthMentioned.Match(block.Body.SrcRange.SliceBytes(h.src))
	r.sourceResource(h, block.Labels[0], strings.Join(block.Labels, "."), r.fields(h.body(block.Body)), mentions)
}

// sourceResource reads a resource as a plan has it, apart from what is not known, and notes that. mentions is set where its
// name, or that of a file, tells that it is about aws-auth.
func (r *reader) sourceResource(h *hclNodes, name, address string, values fields, mentions bool) {
	kind := terraformKinds()[name]
	attribute := block(values.get(kind.attribute))
	documents := len(r.file.Documents)
	if attribute != nil && r.unresolved[attribute] == nil && !h.afford(attribute, 0) {
		r.unresolved[attribute] = []string{"more than can be read here"}
		values = slices.DeleteFunc(slices.Clone(values), func(f field) bool { return f.name == kind.attribute })
	}
	r.terraformResource(name, address, slices.DeleteFunc(slices.Clone(values), func(f field) bool { return r.unresolved[f.value] != nil }))
	missing, hidden := h.missing, false
	for _, n := range append(append(r.inside(values.get(kind.attribute)), attribute), r.inside(attribute)...) {
		missing, hidden = append(missing, r.unresolved[n]...), hidden || r.unresolved[n] != nil
	}
	if len(missing) > 0 || hidden {
		mentions = r.dropEmpty(documents) || mentions
	}
	if len(missing) > 0 && (len(r.file.Documents) > documents || mentions || kind.mine(r, values)) {
		r.noteMissing(attribute, address, missing)
	}
}

// inside are the items of a list, or the values of a mapping.
func (r *reader) inside(n *yaml.Node) []*yaml.Node {
	all := slices.Clone(items(n))
	for _, f := range r.fields(n) {
		all = append(all, f.value)
	}
	return all
}

// noteMissing says what a value depends on.
func (r *reader) noteMissing(n *yaml.Node, what string, missing []string) {
	slices.Sort(missing)
	missing = slices.Compact(missing)
	for i, name := range missing {
		missing[i] = show.Short(name, maxShown)
	}
	r.file.note(r.span(n), Part, show.Short(what, maxShown)+" depends on "+enumerate(missing)+
		", so that was not checked; see what it comes to: "+planCommand)
}

// hclArguments reads the lists that a module takes, or the inputs of Terragrunt.
func (r *reader) hclArguments(h *hclNodes, name string, body *hclsyntax.Body) {
	h.missing = nil
	arguments := r.fields(h.argumentsOf(body))
	if inputs := r.fields(arguments.get("inputs")); len(inputs) > 0 {
		arguments = inputs
	}
	r.moduleArguments(h, name, arguments)
}

// moduleArguments reads those that are lists of the map, and notes what is not known of them.
func (r *reader) moduleArguments(h *hclNodes, name string, arguments fields) {
	var m *nativeMap
	var at *yaml.Node
	for _, f := range arguments {
		key := mapArguments()[f.name]
		switch {
		case key == "":
		case r.unresolved[f.value] != nil:
			at, h.missing = f.value, append(h.missing, r.unresolved[f.value]...)
		case f.value.Kind == yaml.SequenceNode && len(f.value.Content) > 0:
			if m == nil {
				r.resource = name
				m = r.nativeMap(f.value, "the module writes the map from this list; change it here by hand")
			}
			at = f.value
			for _, item := range f.value.Content {
				missing := r.unresolved[item]
				if missing == nil && !h.afford(item, 0) {
					missing = []string{"more than can be read here"}
				}
				if missing != nil {
					h.missing = append(h.missing, missing...)
					continue
				}
				m.renamed(key, r.span(f.key), item)
			}
		case f.value.Kind != yaml.SequenceNode && !isEmpty(f.value):
			r.file.noteUnread(r.span(f.value), f.name, "Terraform source")
		}
	}
	if m != nil {
		m.end()
	}
	r.resource = ""
	if at != nil && len(h.missing) > 0 {
		r.noteMissing(at, name, h.missing)
	}
}

// argumentsOf are the arguments that may hold the map, and the inputs of Terragrunt.
func (h *hclNodes) argumentsOf(body *hclsyntax.Body) *yaml.Node {
	out := h.node(yaml.MappingNode, "!!map", "", body.SrcRange)
	for _, a := range attributes(body) {
		if mapArguments()[a.Name] != "" || a.Name == "inputs" {
			out.Content = append(out.Content, h.node(yaml.ScalarNode, "!!str", a.Name, a.NameRange), h.expr(a.Expr))
		}
	}
	return out
}
