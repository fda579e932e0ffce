package validate

import "fmt"

// maxBytes is the limit for all data of a ConfigMap: k8s.io/api, core/v1, MaxSecretSize, which ConfigMaps share.
const maxBytes = 1 << 20

// maxApplied is the limit for all annotations of an object: apimachinery, api/validation, TotalAnnotationSizeLimitB. kubectl apply
// keeps what it applies in one, where the same data takes a little more.
const maxApplied = 256 << 10

func mapSize() *Rule {
	return &Rule{
		Name:  "map-size",
		Title: "close to the size limit",
		Rationale: "A ConfigMap holds at most 1 MiB of data, and the API server rejects more: then not even EKS can add the " +
			"role of a new node group. The rule warns from 90 percent on. A manifest of more than 256 KiB can't be " +
			"applied without --server-side, because kubectl keeps a copy of it in an annotation. Access entries have no such limit.",
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
				if p.Change == nil && p.options.Applied && size > maxApplied {
					p.Report(Finding{
						Entry: -1, What: fmt.Sprintf("aws-auth has %d KiB, and `kubectl apply` fails with more than 256: it keeps a copy in an annotation, which may not have more", size>>10),
						Remedy: "write `kubectl apply --server-side`, or remove entries, or move some to EKS access entries",
					})
				}
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
