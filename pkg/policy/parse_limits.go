package policy

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/internal/yamlpos"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// protected reads the entries that must stay.
func (r *reader) protected(n *yaml.Node) {
	for _, item := range r.items(n, "protected") {
		var p validate.Protected
		seen := r.mapping(item, "an item of protected", "field", []field{
			{"arn", func(v *yaml.Node) { p.ARN = r.principal(v, "arn") }},
			{"username", func(v *yaml.Node) { p.Username, _ = r.text(v, "username") }},
			{"groups", func(v *yaml.Node) { p.Groups = r.plain(v, "groups") }},
		})
		if seen != nil && seen["arn"] == nil {
			r.report(item, "arn is missing: write the ARN of the entry that must stay")
			continue
		}
		r.policy.Protected = append(r.policy.Protected, p)
	}
}

// writers reads who may write which entries.
func (r *reader) writers(n *yaml.Node) {
	for _, item := range r.items(n, "writers") {
		var w validate.Writer
		seen := r.mapping(item, "an item of writers", "field", []field{
			{"users", func(v *yaml.Node) { w.Users = r.globs(v, "users") }},
			{"groups", func(v *yaml.Node) { w.Groups = r.globs(v, "groups") }},
			{"may", func(v *yaml.Node) {
				r.mapping(v, "may", "field", []field{
					{"arns", func(v *yaml.Node) { w.May.ARNs = r.list(v, "arns", principalTrouble) }},
					{"usernames", func(v *yaml.Node) { w.May.Usernames = r.globs(v, "usernames") }},
					{"groups", func(v *yaml.Node) { w.May.Groups = r.globs(v, "groups") }},
				})
			}},
		})
		switch {
		case seen == nil:
			continue
		case len(w.Users)+len(w.Groups) == 0:
			r.report(item, "this writer is nobody: write users or groups")
		case seen["may"] == nil:
			r.report(item, "may is missing: write the arns, usernames and groups of the entries that this writer may write")
		case len(w.May.ARNs) == 0:
			r.report(item, "may has no arns, so this writer may write nothing: write the ARNs of the entries, as in arns: [\"arn:aws:iam::111122223333:role/team-a-*\"]")
		}
		r.policy.Limits.Writers = append(r.policy.Limits.Writers, w)
	}
}

// items are the items of a list; null is an empty one.
func (r *reader) items(n *yaml.Node, name string) []*yaml.Node {
	n = yamlpos.Target(n)
	switch {
	case isNull(n):
		return nil
	case n.Kind != yaml.SequenceNode:
		r.report(n, "%s is a list, not %s", name, describe(n))
		return nil
	}
	return n.Content
}

func (r *reader) principal(n *yaml.Node, name string) string {
	s, ok := r.text(n, name)
	if !ok {
		return ""
	}
	if trouble := principalTrouble(s); trouble != "" {
		r.report(n, "%s", trouble)
	}
	return s
}

// principalTrouble says why no entry can have such an ARN, stars apart.
func principalTrouble(s string) string {
	if i := strings.IndexAny(s, "?[]"); i >= 0 {
		return fmt.Sprintf("%q is no pattern here: a star stands for any text, and nothing else does", s[i:i+1])
	}
	if strings.HasPrefix(s, "*") {
		return ""
	}
	if p, err := arn.ParsePrincipal(s); err == nil {
		switch {
		case strings.Contains(s, "*"):
			return ""
		case p.Check() != nil:
			return p.Check().Error()
		case !p.Kind.IsCaller():
			return "nobody comes to EKS with such an ARN: write that of a role or a user"
		case p.Kind == arn.Role && p.Path != "":
			return "EKS compares role ARNs without their path: write " + p.WithoutPath()
		}
		return ""
	}
	return "an ARN begins with arn:, as in arn:aws:iam::111122223333:role/dev; a star stands for any text"
}

// plain reads a list of names without stars.
func (r *reader) plain(n *yaml.Node, name string) []string {
	return r.list(n, name, func(s string) string {
		switch {
		case s == "":
			return "an empty name is no group"
		case strings.Contains(s, "*"):
			return "a protected group is named in full, without a star"
		}
		return ""
	})
}

func (r *reader) boolean(n *yaml.Node, name string) bool {
	v := yamlpos.Target(n)
	if v.Kind == yaml.ScalarNode && v.ShortTag() == "!!bool" {
		return slices.Contains([]string{"true", "True", "TRUE"}, v.Value)
	}
	r.report(n, "%s is true or false, not %s", name, describe(v))
	return false
}
