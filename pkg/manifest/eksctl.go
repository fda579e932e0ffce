package manifest

import (
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

const eksctlRefusal = "eksctl writes the map from these fields; change them here by hand"

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
	if len(r.listOf(o.fields, "iamIdentityMappings")) == 0 || r.isTemplate(r.whole(o.node)) {
		return
	}
	m := r.nativeMap(o.node, eksctlRefusal)
	at := r.key(o.fields, "iamIdentityMappings")
	known := map[string]bool{}
	for _, item := range items(mappings) {
		item = m.exactly(item, "arn", awsauth.FieldUsername, awsauth.FieldGroups, "account", "noDuplicateARNs", "serviceName")
		mapping := r.fields(item)
		who := text(mapping.get("arn"))
		switch {
		case mapping == nil || mapping.get("serviceName") != nil:
			continue
		case mapping.get("account") != nil && who == "":
			if f := m.item(awsauth.MapAccounts, at, r.span(item)); f != nil {
				r.add(f, mapping.get("account"))
			}
			continue
		case known[who] && text(mapping.get("noDuplicateARNs")) == "true":
			continue
		}
		known[who] = true
		// These fields tell eksctl how to go about it, and do not get into the map.
		m.byARN(at, item, "noDuplicateARNs", "account", "serviceName", "namespace")
	}
	m.end()
}
