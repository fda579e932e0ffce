package manifest

import (
	"go.yaml.in/yaml/v3"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

func eksctlGetCarrier() carrier {
	return carrier{name: "eksctl get iamidentitymapping", list: (*reader).eksctlGet}
}

// eksctlGet reads what `eksctl get iamidentitymapping` prints: roles, users and accounts in one list, each item by its own
// field. It reports whether the list is one.
func (r *reader) eksctlGet(n *yaml.Node) bool {
	kind := func(item *yaml.Node) (awsauth.Key, *yaml.Node) {
		entry := r.fields(item)
		switch {
		case entry.get(awsauth.FieldRoleARN) != nil:
			return awsauth.MapRoles, item
		case entry.get(awsauth.FieldUserARN) != nil:
			return awsauth.MapUsers, item
		case len(entry) == 1 && entry.get("account") != nil:
			return awsauth.MapAccounts, entry.get("account")
		}
		return "", nil
	}
	for _, item := range items(n) {
		if key, _ := kind(item); key == "" {
			return false
		}
	}
	if len(items(n)) == 0 {
		return false
	}
	m := r.nativeMap(n, "")
	for _, item := range items(n) {
		switch key, value := kind(item); key {
		case awsauth.MapAccounts:
			if f := m.item(key, r.span(n), r.span(item)); f != nil {
				r.add(f, value)
			}
		default:
			m.entry(key, r.span(n), item, nil)
		}
	}
	m.end()
	m.d.refuse("eksctl printed this; change the map itself")
	return true
}
