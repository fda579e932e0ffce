package manifest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

const eksctlRefusal = "eksctl writes the map from these fields; change them here by hand"

// maxMap is the size in bytes that the API server lets a ConfigMap have.
const maxMap = 1 << 20

// notMapped are the fields of an identity mapping that tell eksctl how to go about it and do not get into the map.
var notMapped = []string{"noDuplicateARNs", "account", "serviceName", "namespace"}

// eksctl reads the iamIdentityMappings of an eksctl ClusterConfig as the map that eksctl makes of them: a role goes to
// mapRoles, a user to mapUsers, an account to mapAccounts.
func (r *reader) eksctl(n *yaml.Node, fields fields) {
	mappings := fields.get("iamIdentityMappings")
	if !strings.HasPrefix(text(fields.get("apiVersion")), "eksctl.io/") || len(items(mappings)) == 0 || r.isTemplate(r.whole(n)) {
		return
	}
	d := r.document(n)
	lists := map[awsauth.Key]*quilt{}
	known := map[string]bool{}
	for _, item := range items(mappings) {
		mapping := r.fields(item)
		key, entry := r.identity(mapping, known)
		if key == "" {
			continue
		}
		if lists[key] == nil {
			lists[key] = &quilt{refusal: eksctlRefusal}
			lists[key].add("[", r.span(mappings), nil)
		} else {
			lists[key].add(",\n", r.span(item), nil)
		}
		entry(lists[key], r.span(item))
		if lists[key].text.Len() > maxMap {
			r.shapeProblem(r.span(item), key, "with this entry the map would be larger than 1 MiB, which no ConfigMap may be; what follows was not checked")
			break
		}
	}
	for key, q := range lists {
		q.add("]\n", r.span(mappings), nil)
		d.Data[string(key)] = q.text.String()
		d.values[string(key)] = q
		d.keys[string(key)] = r.key(fields, "iamIdentityMappings")
	}
	r.noteTokens(d)
}

// identity tells the list that a mapping goes to, "" for none, and how it is written there.
func (r *reader) identity(mapping fields, known map[string]bool) (awsauth.Key, func(*quilt, Span)) {
	who := text(mapping.get("arn"))
	switch {
	case mapping == nil || mapping.get("serviceName") != nil:
		return "", nil
	case mapping.get("account") != nil && who == "":
		return awsauth.MapAccounts, func(q *quilt, _ Span) { r.add(q, mapping.get("account")) }
	case known[who] && text(mapping.get("noDuplicateARNs")) == "true":
		return "", nil
	}
	known[who] = true
	key, field := awsauth.MapRoles, "rolearn"
	if p, err := arn.ParsePrincipal(who); err == nil && p.Kind == arn.User {
		key, field = awsauth.MapUsers, "userarn"
	}
	return key, func(q *quilt, at Span) {
		q.add("{", at, nil)
		separator := ""
		for _, f := range mapping {
			if slices.Contains(notMapped, f.name) {
				continue
			}
			name := f.name
			if name == "arn" {
				name = field
			}
			q.add(fmt.Sprintf("%s%s:", separator, quoted(name)), r.span(f.key), nil)
			r.add(q, f.value)
			separator = ","
		}
		q.add("}", at, nil)
	}
}

// add writes a value as JSON: a list in brackets, a scalar as leaf does.
func (r *reader) add(q *quilt, n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		r.leaf(q, n)
		return
	}
	at := r.span(n)
	q.add("[", at, nil)
	for i, item := range n.Content {
		if i > 0 {
			q.add(",", at, nil)
		}
		r.leaf(q, item)
	}
	q.add("]", at, nil)
}

// leaf writes a string in quotes, and a number, a boolean or null as it stands. What no field of the map can hold is
// written as an empty one of its kind: the kind alone is wrong.
func (r *reader) leaf(q *quilt, n *yaml.Node) {
	switch {
	case n.Kind == yaml.SequenceNode:
		q.add("[]", r.span(n), nil)
	case n.Kind == yaml.MappingNode:
		q.add("{}", r.span(n), nil)
	case n.ShortTag() != "!!str" && json.Valid([]byte(n.Value)):
		q.add(n.Value, r.span(n), nil)
	default:
		q.add(quoted(n.Value), r.span(n), nil)
	}
}

// quoted is a text as a JSON string.
func quoted(s string) string {
	b, _ := json.Marshal(s) //nolint:errchkjson // a string can always be encoded
	return string(b)
}
