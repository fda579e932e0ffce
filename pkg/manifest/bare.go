package manifest

import "github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"

func bareCarrier() carrier {
	return carrier{
		name: "bare data section",
		is:   func(_ *reader, o object) bool { return o.kind == "" },
		read: (*reader).bare,
	}
}

// bare takes a mapping without a kind that holds the keys of aws-auth, at its top level or under data.
func (r *reader) bare(o object) {
	n, fields := o.node, o.fields
	metadata := r.fields(fields.get("metadata"))
	name := text(metadata.get("name"))
	if name != "" && name != awsauth.Name && r.aim != aimed {
		return
	}
	data := fields.get("data")
	inner := r.fields(data)
	whole := r.aim == untold && (r.origin == written || r.origin == live)
	patch, named := fields.get("$patch"), r.aim == aimed || name != "" || !r.file.found
	if r.aim == untold {
		// What kubectl patches with has no kind either.
		defer func() { r.aim = untold }()
		r.aim = aimed
	}
	switch {
	case named && text(patch) == "delete":
		r.document(n).delete(r.span(patch))
	case named && data != nil && (isNull(data) || inner.get("$patch") != nil) && !inner.hasMapKey():
		r.dataSection(r.document(n), data, r.key(fields, "data"))
	case inner.hasMapKey():
		if r.file.found && !inner.hasMapText() && !inner.takesMapKey() || r.isTemplate(r.whole(n)) {
			return
		}
		d := r.document(n)
		d.Whole = whole
		r.misspelled(fields, "kind")
		r.outside(fields, "the top level")
		r.dataSection(d, data, r.key(fields, "data"))
		r.binaryData(d, fields.get("binaryData"))
		r.immutable(d, fields)
		r.noteTokens(d)
	case fields.hasMapKey():
		// Native lists under these keys are the configuration of some other tool, unless somebody named the file.
		if r.file.found && !fields.hasMapText() || r.isTemplate(r.whole(n)) {
			return
		}
		d := r.document(n)
		d.Whole = whole
		r.repeated(fields, "the manifest")
		for _, f := range fields {
			if isMapKey(f.name) {
				r.datum(d, f)
			}
		}
		r.noteTokens(d)
	}
}
