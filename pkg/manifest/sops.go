package manifest

import (
	"strings"
)

func sopsCarrier() carrier {
	return carrier{
		name: "file encrypted with SOPS",
		is: func(r *reader, o object) bool {
			sops := r.fields(o.get("sops"))
			at := r.whole(o.node)
			return sops.get("mac") != nil && strings.Contains(r.file.Text[at.Start:at.End], "ENC[")
		},
		read: func(r *reader, o object) {
			r.cover(o.node)
			name := r.file.Name
			if name == StdinName {
				name = "FILE"
			}
			r.file.note(r.key(o.fields, "sops"), Part, "encrypted with SOPS, not checked: `sops -d "+name+" | kubectl aws-auth lint -`")
		},
	}
}
