package manifest

func identityMappingCarrier() carrier {
	return carrier{
		name: "IAMIdentityMapping",
		is: func(_ *reader, o object) bool {
			return o.kind == "IAMIdentityMapping" && o.group == "iamauthenticator.k8s.aws"
		},
		read: (*reader).identityMapping,
	}
}

// identityMapping reads the one entry that such an object of the authenticator stands for.
func (r *reader) identityMapping(o object) {
	spec := o.get("spec")
	if len(r.fields(spec)) == 0 || r.isTemplate(r.whole(o.node)) {
		return
	}
	m := r.nativeMap(o.node, "the authenticator takes the entry from these fields; change them here by hand")
	m.byARN(r.key(o.fields, "spec"), m.exactly(spec, "arn", "username", "groups"))
	m.end()
}
