package manifest

import (
	"fmt"
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
			r.file.Notes = append(r.file.Notes, Note{Span: r.key(o.fields, "sops"), What: Part, Message: fmt.Sprintf(
				"encrypted with SOPS, not checked: `sops -d %s | kubectl aws-auth lint -`", name)})
		},
	}
}
