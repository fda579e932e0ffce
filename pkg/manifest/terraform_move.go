package manifest

import (
	"regexp"
	"slices"
	"strings"
)

// moving is a map that a resource makes or deletes.
type moving struct {
	*Document
	// module is the instance that the resource is in, provider the source of its provider, "" where the plan does not say.
	module, provider string
	// configured are the keys of the provider's configurations that the resource may use, none where the plan does not say.
	configured []string
}

// sameCluster reports whether two maps are in one cluster, as far as the plan tells.
func (m moving) sameCluster(other moving) bool {
	keys := slices.Concat(m.configured, other.configured)
	slices.Sort(keys)
	return m.module == other.module && m.provider == other.provider && len(slices.Compact(keys)) <= 1
}

var (
	// moduleCall is one module of an address. The key of its instance may hold any text.
	moduleCall = regexp.MustCompile(`^module\.([^.\[]+)(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?\.`)
	// configurationOf takes apart the key of a provider's configuration: the module that has it, the provider, the alias.
	configurationOf = regexp.MustCompile(`^(?:.*:)?([^.]+)(?:\..*)?$`)
)

// whole adds the maps of a resource to a list, if the resource owns the whole ConfigMap.
func (p *terraformPlan) whole(list []moving, resource fields, docs ...*Document) []moving {
	name := text(resource.get("type"))
	if name == configMapData || terraformKinds()[name].file {
		return list
	}
	m := moving{provider: text(resource.get("provider_name"))}
	m.module, m.configured = p.configured(text(resource.get("address")))
	for _, d := range docs {
		if !d.ignored {
			m.Document = d
			list = append(list, m)
		}
	}
	return list
}

// configured is the module instance of a resource, and the key of the provider's configuration that the source gives to the
// resource. The source no longer has a resource that goes: its key is one of those that are left for its kind of provider.
func (p *terraformPlan) configured(address string) (module string, keys []string) {
	in, rest := p.get(p.configuration, "root_module"), address
	for m := moduleCall.FindStringSubmatch(rest); m != nil; m = moduleCall.FindStringSubmatch(rest) {
		rest = rest[len(m[0]):]
		in = p.get(p.get(p.get(in, "module_calls"), m[1]), "module")
	}
	module = address[:len(address)-len(rest)]
	rest, _, _ = strings.Cut(rest, "[")
	kind, _, _ := strings.Cut(rest, "_")
	add := func(key string) {
		if m := configurationOf.FindStringSubmatch(key); m != nil && m[1] == kind {
			keys = append(keys, key)
		}
	}
	for _, n := range items(p.get(in, "resources")) {
		key := text(p.get(n, "provider_config_key"))
		if text(p.get(n, "address")) == rest {
			return module, []string{key}
		}
		add(key)
	}
	if module == "" {
		for _, f := range p.fields(p.get(p.configuration, "provider_config")) {
			if !strings.Contains(f.name, ":") {
				add(f.name)
			}
		}
	}
	return module, keys
}

// moved takes a map that one resource deletes and another one of the same cluster makes for an edit. Where more than two
// resources do so, nothing says which of them belong together.
func (p *terraformPlan) moved() {
	for _, gone := range p.gone {
		made := slices.DeleteFunc(slices.Clone(p.made), func(m moving) bool { return !m.sameCluster(gone) })
		if len(made) != 1 || slices.ContainsFunc(p.gone, func(m moving) bool { return m.Document != gone.Document && m.sameCluster(made[0]) }) {
			continue
		}
		made[0].Edit = gone.Edit
		made[0].Edit.Deletes = false
		p.file.Documents = slices.DeleteFunc(p.file.Documents, func(d *Document) bool { return d == gone.Document })
	}
}
