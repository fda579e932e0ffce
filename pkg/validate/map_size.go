package validate

import "fmt"

// maxBytes is the limit for all data of a ConfigMap: k8s.io/api, core/v1, MaxSecretSize, which ConfigMaps share.
const maxBytes = 1 << 20

func mapSize() *Rule {
	return &Rule{
		Name:  "map-size",
		Title: "close to the size limit",
		Rationale: "A ConfigMap holds at most 1 MiB of data, and the API server rejects more: then not even EKS can add the " +
			"role of a new node group. The rule warns from 90 percent on. Access entries have no such limit.",
		Severity:  Medium,
		AboutEdit: true,
		Standard:  Warn,
		Live:      true,
		Bad:       []Example{{Data: map[string]string{"mapRoles": exampleDev}, Bytes: maxBytes - 1000}},
		Good:      []Example{{Data: map[string]string{"mapRoles": exampleDev}, Bytes: maxBytes / 2}},
		Check: func(p *Pass) {
			if c := p.Change; c != nil && c.Bytes > maxBytes/10*9 {
				p.ReportEdit("", fmt.Sprintf("aws-auth would hold %d KiB of the 1024 KiB that a ConfigMap may have; remove entries, or move some to EKS access entries", c.Bytes>>10), false)
			}
		},
	}
}
