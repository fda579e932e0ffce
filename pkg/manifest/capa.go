package manifest

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

func capaCarrier() carrier {
	return carrier{
		name: "Cluster API AWSManagedControlPlane",
		is: func(_ *reader, o object) bool {
			return o.group == "controlplane.cluster.x-k8s.io" &&
				slices.Contains([]string{"AWSManagedControlPlane", "AWSManagedControlPlaneTemplate"}, o.kind)
		},
		read: (*reader).capa,
	}
}

// capa reads the iamAuthenticatorConfig of a control plane of Cluster API's provider for AWS, which has the lists of the map.
func (r *reader) capa(o object) {
	spec := o.get("spec")
	if template := r.get(r.get(spec, "template"), "spec"); template != nil {
		spec = template
	}
	if config := r.get(spec, "iamAuthenticatorConfig"); config != nil && config.Kind == yaml.ScalarNode {
		r.listOf(r.fields(spec), "iamAuthenticatorConfig")
		return
	}
	r.native(o, r.get(spec, "iamAuthenticatorConfig"), "Cluster API writes the map from these fields; change them here by hand")
}
