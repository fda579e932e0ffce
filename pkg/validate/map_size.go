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
		Severity: Medium,
		Standard: Warn,
		Bad: []Example{
			{Data: map[string]string{"mapRoles": exampleDev}, Bytes: maxBytes + 1},
			{Old: map[string]string{"mapRoles": exampleDev}, Data: map[string]string{"mapRoles": exampleDev}, Bytes: maxBytes - 1000},
		},
		Good: []Example{{Old: map[string]string{"mapRoles": exampleDev}, Data: map[string]string{"mapRoles": exampleDev}, Bytes: maxBytes / 2}},
		Check: func(p *Pass) {
			size := p.Doc.Bytes
			if size <= maxBytes/10*9 {
				return
			}
			what := fmt.Sprintf("aws-auth has %d KiB of the 1024 KiB that a ConfigMap may have; when it is full, not even EKS can add the role of a node group", size>>10)
			if size > maxBytes {
				what = fmt.Sprintf("aws-auth has %d bytes, and the API server refuses a ConfigMap of more than %d: the cluster keeps the map that it has", size, maxBytes)
			}
			// An edit that makes the map smaller, or leaves its size, helps or does no harm.
			p.Report(Finding{
				Entry: -1, Touched: p.Change != nil && (p.Change.Old == nil || p.Change.Old.Bytes < size),
				What: what, Remedy: "remove entries, or move some to EKS access entries",
			})
		},
	}
}
