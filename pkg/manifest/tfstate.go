package manifest

import (
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"
)

func tfstateCarrier() carrier {
	return carrier{
		name: "Terraform state file",
		is: func(_ *reader, o object) bool {
			return o.kind == "" && o.get("terraform_version") != nil && o.get("lineage") != nil && o.get("version") != nil
		},
		read: (*reader).tfstate,
	}
}

// tfstate reads a state as Terraform stores it (version 4).
func (r *reader) tfstate(o object) {
	r.origin = state
	r.cover(o.get("outputs"))
	for _, n := range items(o.get("resources")) {
		resource := r.fields(n)
		if text(resource.get("mode")) == "data" || terraformKinds()[text(resource.get("type"))].read == nil {
			if text(resource.get("mode")) == "data" {
				r.cover(n)
			}
			continue
		}
		r.cover(n)
		address := text(resource.get("type")) + "." + text(resource.get("name"))
		if module := text(resource.get("module")); module != "" {
			address = module + "." + address
		}
		for _, instance := range items(resource.get("instances")) {
			if r.get(instance, "deposed") != nil {
				continue
			}
			r.terraformResource(text(resource.get("type")), address+indexKey(r.get(instance, "index_key")), r.fields(r.get(instance, "attributes")))
		}
	}
}

// indexKey is the index of an instance as an address has it.
func indexKey(n *yaml.Node) string {
	switch {
	case n == nil || isNull(n):
		return ""
	case isText(n):
		return fmt.Sprintf("[%s]", strconv.Quote(n.Value))
	}
	return fmt.Sprintf("[%s]", n.Value)
}
