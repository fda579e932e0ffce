package manifest

func awsAuthItemCarrier() carrier {
	return carrier{
		name: "AWSAuthItem",
		is:   func(_ *reader, o object) bool { return o.kind == "AWSAuthItem" && o.group == "aws.maruina.k8s" },
		read: (*reader).awsAuthItem,
	}
}

// awsAuthItem reads what aws-auth-manager merges into the map.
func (r *reader) awsAuthItem(o object) {
	r.native(o, o.get("spec"), "aws-auth-manager writes the map from these fields; change them here by hand")
}
