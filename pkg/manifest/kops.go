package manifest

func kopsCarrier() carrier {
	return carrier{
		name: "kOps Cluster",
		is:   func(_ *reader, o object) bool { return o.kind == "Cluster" && o.group == "kops.k8s.io" },
		read: (*reader).kops,
	}
}

// kops reads the identity mappings that kOps hands to the authenticator.
func (r *reader) kops(o object) {
	aws := r.fields(r.get(r.get(o.get("spec"), "authentication"), "aws"))
	mappings := r.listOf(aws, "identityMappings")
	if len(mappings) == 0 || r.isTemplate(r.whole(o.node)) {
		return
	}
	m := r.nativeMap(o.node, "kOps writes the mappings from these fields; change them here by hand")
	for _, item := range mappings {
		m.byARN(r.key(aws, "identityMappings"), m.exactly(item, "arn", "username", "groups"))
	}
	m.end()
}
