package manifest

import (
	"encoding/json"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/arn"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

const eksctlRefusal = "eksctl writes the map from these fields; change them here by hand"

// maxMap is the size in bytes that the API server lets a ConfigMap have.
const maxMap = 1 << 20

// notMapped are the fields of an identity mapping that tell eksctl how to go about it and do not get into the map.
var notMapped = []string{"noDuplicateARNs", "account", "serviceName", "namespace"}

func eksctlCarrier() carrier {
	return carrier{
		name: "eksctl ClusterConfig",
		is:   func(_ *reader, o object) bool { return o.kind == "ClusterConfig" && o.group == "eksctl.io" },
		read: (*reader).eksctl,
	}
}

// eksctl reads the iamIdentityMappings of an eksctl ClusterConfig as the map that eksctl makes of them: a role goes to
// mapRoles, a user to mapUsers, an account to mapAccounts.
func (r *reader) eksctl(o object) {
	mappings := o.get("iamIdentityMappings")
	if len(items(mappings)) == 0 || r.isTemplate(r.whole(o.node)) {
		return
	}
	d := r.document(o.node)
	lists := map[awsauth.Key]*fragments{}
	known := map[string]bool{}
	for _, item := range items(mappings) {
		mapping := r.fields(item)
		key, entry := r.identity(mapping, known)
		if key == "" {
			continue
		}
		if lists[key] == nil {
			lists[key] = &fragments{refusal: eksctlRefusal}
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
	for key, f := range lists {
		f.add("]\n", r.span(mappings), nil)
		d.Data[string(key)] = f.text.String()
		d.values[string(key)] = f
		d.keys[string(key)] = r.key(o.fields, "iamIdentityMappings")
	}
	r.noteTokens(d)
}

// identity tells the list that a mapping goes to, "" for none, and how it is written there.
func (r *reader) identity(mapping fields, known map[string]bool) (awsauth.Key, func(*fragments, Span)) {
	who := text(mapping.get("arn"))
	switch {
	case mapping == nil || mapping.get("serviceName") != nil:
		return "", nil
	case mapping.get("account") != nil && who == "":
		return awsauth.MapAccounts, func(f *fragments, _ Span) { r.add(f, mapping.get("account")) }
	case known[who] && text(mapping.get("noDuplicateARNs")) == "true":
		return "", nil
	}
	known[who] = true
	key, field := awsauth.MapRoles, "rolearn"
	if p, err := arn.ParsePrincipal(who); err == nil && p.Kind == arn.User {
		key, field = awsauth.MapUsers, "userarn"
	}
	return key, func(f *fragments, at Span) {
		f.add("{", at, nil)
		separator := ""
		for _, given := range mapping {
			if slices.Contains(notMapped, given.name) {
				continue
			}
			name := given.name
			if name == "arn" {
				name = field
			}
			f.add(fmt.Sprintf("%s%s:", separator, quoted(name)), r.span(given.key), nil)
			r.add(f, given.value)
			separator = ","
		}
		f.add("}", at, nil)
	}
}

// add writes a value as JSON: a list in brackets, a scalar as leaf does.
func (r *reader) add(f *fragments, n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		r.leaf(f, n)
		return
	}
	at := r.span(n)
	f.add("[", at, nil)
	for i, item := range n.Content {
		if i > 0 {
			f.add(",", at, nil)
		}
		r.leaf(f, item)
	}
	f.add("]", at, nil)
}

// leaf writes a string in quotes, and a number, a boolean or null as it stands. What no field of the map can hold is
// written as an empty one of its kind: the kind alone is wrong.
func (r *reader) leaf(f *fragments, n *yaml.Node) {
	switch {
	case n.Kind == yaml.SequenceNode:
		f.add("[]", r.span(n), nil)
	case n.Kind == yaml.MappingNode:
		f.add("{}", r.span(n), nil)
	case n.ShortTag() != "!!str" && json.Valid([]byte(n.Value)):
		f.add(n.Value, r.span(n), nil)
	default:
		f.add(quoted(n.Value), r.span(n), nil)
	}
}

// quoted is a text as a JSON string.
func quoted(s string) string {
	b, _ := json.Marshal(s) //nolint:errchkjson // a string can always be encoded
	return string(b)
}
