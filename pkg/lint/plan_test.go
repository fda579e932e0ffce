package lint

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
)

const (
	nodes = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n" +
		"  groups:\n  - system:bootstrappers\n  - system:nodes\n"
	admin  = "- rolearn: arn:aws:iam::111122223333:role/admin\n  username: admin\n  groups:\n  - system:masters\n"
	viewer = "- rolearn: arn:aws:iam::111122223333:role/viewer\n  username: viewer\n"
)

// values are those of a resource of the kubernetes provider.
func values(namespace, mapRoles string) map[string]any {
	return map[string]any{
		"metadata": []any{map[string]any{"name": "aws-auth", "namespace": namespace}},
		"data":     map[string]any{"mapRoles": mapRoles},
	}
}

// change is one resource of a plan.
type change struct {
	address, kind string
	actions       []string
	before, after any
	unknown       any
	more          map[string]any
}

// plan is what `terraform show -json` prints of changes, with the planned values or without them.
func plan(t *testing.T, planned bool, changes ...change) string {
	t.Helper()
	var resources, all []any
	for _, c := range changes {
		if c.unknown == nil {
			c.unknown = map[string]any{}
		}
		all = append(all, merged(map[string]any{"address": c.address, "type": c.kind, "mode": "managed", "change": map[string]any{
			"actions": c.actions, "before": c.before, "after": c.after, "after_unknown": c.unknown,
		}}, c.more))
		if c.after != nil {
			resources = append(resources, map[string]any{"address": c.address, "type": c.kind, "mode": "managed", "values": c.after})
		}
	}
	whole := map[string]any{"format_version": "1.2", "terraform_version": "1.9.8", "resource_changes": all}
	if planned {
		whole["planned_values"] = map[string]any{"root_module": map[string]any{"child_modules": []any{map[string]any{"resources": resources}}}}
	}
	text, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func merged(a, b map[string]any) map[string]any {
	for k, v := range b {
		a[k] = v
	}
	return a
}

func TestPlan(t *testing.T) {
	const data, v1 = "kubernetes_config_map_v1_data", "kubernetes_config_map_v1"
	manifestOf := func(mapRoles string) any {
		return map[string]any{"manifest": map[string]any{
			"kind": "ConfigMap", "metadata": map[string]any{"name": "aws-auth", "namespace": "kube-system"}, "data": map[string]any{"mapRoles": mapRoles},
		}}
	}
	body := func(mapRoles string) any {
		return map[string]any{"yaml_body": "kind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n    " +
			strings.ReplaceAll(mapRoles, "\n", "\n    ") + "\n"}
	}
	const dev = "- rolearn: arn:aws:iam::111122223333:role/team/dev\n  username: dev\n"
	for _, tt := range []struct {
		name    string
		changes []change
		caller  string
		// want are the findings, "rule address place".
		want  []string
		notes int
	}{
		{name: "nothing changes", changes: []change{{address: "a.b", kind: v1, actions: []string{"no-op"}, before: values("kube-system", nodes), after: values("kube-system", nodes)}}},
		{name: "deleted", changes: []change{{address: "module.eks.a.b[0]", kind: v1, actions: []string{"delete"}, before: values("kube-system", nodes)}},
			want: []string{"map-deleted module.eks.a.b[0]: deleting aws-auth"}},
		{name: "the data deleted", changes: []change{{address: "a.b", kind: data, actions: []string{"delete"}, before: values("kube-system", nodes)}},
			want: []string{"map-deleted a.b: this edit empties"}},
		{name: "a map that nobody reads, deleted", changes: []change{{address: "a.b", kind: v1, actions: []string{"delete"}, before: values("default", nodes)}}},
		{name: "forgotten", changes: []change{{address: "a.b", kind: v1, actions: []string{"forget"}, before: values("kube-system", nodes)}}, notes: 1},
		{name: "replaced", changes: []change{{address: "a.b", kind: v1, actions: []string{"delete", "create"}, before: values("kube-system", nodes+viewer), after: values("kube-system", viewer)}},
			want: []string{"node-access-lost a.b: this edit removes"}},
		{name: "updated", changes: []change{{address: `a.b["x"]`, kind: data, actions: []string{"update"}, before: values("kube-system", nodes+admin), after: values("kube-system", nodes+dev)}},
			want: []string{`admin-access-lost a.b["x"]: after this edit`, `role-path a.b["x"] mapRoles[1].rolearn: this role`}},
		{name: "updated by the caller", changes: []change{{address: "a.b", kind: data, actions: []string{"update"}, before: values("kube-system", nodes+viewer), after: values("kube-system", nodes)}},
			caller: "arn:aws:sts::111122223333:assumed-role/viewer/ci", want: []string{"self-lockout a.b mapRoles: you authenticated"}},
		{name: "updated by somebody else", changes: []change{{address: "a.b", kind: data, actions: []string{"update"}, before: values("kube-system", nodes+viewer), after: values("kube-system", nodes)}},
			caller: "arn:aws:sts::111122223333:assumed-role/nodes/ci"},
		{name: "another namespace", changes: []change{{address: "a.b", kind: v1, actions: []string{"create"}, after: values("default", nodes)}},
			want: []string{"manifest-shape a.b: EKS reads"}},
		{name: "moved to another namespace", changes: []change{{address: "a.b", kind: v1, actions: []string{"delete", "create"}, before: values("kube-system", nodes), after: values("default", nodes)}},
			want: []string{"map-deleted a.b: deleting aws-auth", "manifest-shape a.b: EKS reads"}},
		{name: "another resource takes over", changes: []change{
			{address: "a.old", kind: "kubernetes_config_map", actions: []string{"delete"}, before: values("kube-system", nodes+viewer)},
			{address: "a.new", kind: v1, actions: []string{"create"}, after: values("kube-system", viewer)},
		}, want: []string{"node-access-lost a.new: this edit removes"}},
		{name: "another resource of a module takes over", changes: []change{
			{address: `module.eks["a.b[0]"].a.old`, kind: "kubernetes_config_map", actions: []string{"delete"}, before: values("kube-system", nodes+viewer)},
			{address: `module.eks["a.b[0]"].a.new`, kind: v1, actions: []string{"create"}, after: values("kube-system", viewer)},
		}, want: []string{`node-access-lost module.eks["a.b[0]"].a.new: this edit removes`}},
		{name: "each of two modules has a new resource", changes: []change{
			{address: `module.eks["blue"].a.old`, kind: v1, actions: []string{"delete"}, before: values("kube-system", nodes+viewer)},
			{address: `module.eks["blue"].a.new`, kind: v1, actions: []string{"create"}, after: values("kube-system", viewer)},
			{address: `module.eks["green"].a.old`, kind: v1, actions: []string{"delete"}, before: values("kube-system", nodes)},
			{address: `module.eks["green"].a.new`, kind: v1, actions: []string{"create"}, after: values("kube-system", nodes)},
		}, want: []string{`node-access-lost module.eks["blue"].a.new: this edit removes`}},
		{name: "the map of one cluster deleted, that of another made", changes: []change{
			{address: `module.eks["blue"].a.b`, kind: v1, actions: []string{"delete"}, before: values("kube-system", nodes)},
			{address: `module.eks["green"].a.b`, kind: v1, actions: []string{"create"}, after: values("kube-system", nodes)},
		}, want: []string{`map-deleted module.eks["blue"].a.b: deleting aws-auth`}},
		{name: "the map of another provider", changes: []change{
			{address: "a.old", kind: v1, actions: []string{"delete"}, before: values("kube-system", nodes), more: map[string]any{"provider_name": "x/kubernetes"}},
			{address: "a.new", kind: v1, actions: []string{"create"}, after: values("kube-system", nodes), more: map[string]any{"provider_name": "y/kubernetes"}},
		}, want: []string{"map-deleted a.old: deleting aws-auth"}},
		{name: "from the whole map to its data", changes: []change{
			{address: "a.old", kind: "kubernetes_config_map", actions: []string{"delete"}, before: values("kube-system", nodes)},
			{address: "a.new", kind: data, actions: []string{"create"}, after: values("kube-system", nodes)},
		}, want: []string{"map-deleted a.old: deleting aws-auth"}},
		{name: "from the data to the whole map", changes: []change{
			{address: "a.old", kind: data, actions: []string{"delete"}, before: values("kube-system", nodes)},
			{address: "a.new", kind: v1, actions: []string{"create"}, after: values("kube-system", nodes)},
		}, want: []string{"map-deleted a.old: this edit empties"}},
		{name: "from the map to a file", changes: []change{
			{address: "a.old", kind: v1, actions: []string{"delete"}, before: values("kube-system", nodes)},
			{address: "f.new", kind: "local_file", actions: []string{"create"},
				after: map[string]any{"content": "kind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {mapRoles: '[]'}\n"}},
		}, want: []string{"map-deleted a.old: deleting aws-auth"}},
		{name: "a manifest deleted", changes: []change{{address: "m.a", kind: "kubernetes_manifest", actions: []string{"delete"}, before: manifestOf(nodes)}},
			want: []string{"map-deleted m.a: deleting aws-auth"}},
		{name: "a manifest updated", changes: []change{{address: "m.a", kind: "kubernetes_manifest", actions: []string{"update"}, before: manifestOf(nodes + viewer), after: manifestOf(viewer)}},
			want: []string{"node-access-lost m.a: this edit removes"}},
		{name: "a text updated", changes: []change{{address: "k.a", kind: "kubectl_manifest", actions: []string{"update"}, before: body(nodes + dev), after: body(dev)}},
			want: []string{"node-access-lost k.a: this edit removes", "role-path k.a mapRoles[0].rolearn: this role"}},
		{name: "a text that is not known yet", changes: []change{{address: "k.a", kind: "kubectl_manifest", actions: []string{"update"}, before: body(nodes), after: map[string]any{},
			unknown: map[string]any{"yaml_body": true}}}, notes: 1},
		{name: "a file deleted", changes: []change{{address: "f.a", kind: "local_file", actions: []string{"delete"},
			before: map[string]any{"content": "kind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {mapRoles: '[]'}\n"}}}},
		{name: "a file", changes: []change{{address: "f.a", kind: "local_file", actions: []string{"create"},
			after: map[string]any{"content": "kind: ConfigMap\nmetadata: {name: aws-auth, namespace: default}\ndata: {mapRoles: '[]'}\n"}}},
			want: []string{"manifest-shape f.a: EKS reads"}},
		{name: "a chart", changes: []change{{address: "h.a", kind: "helm_release", actions: []string{"create"},
			after: map[string]any{"values": []any{"replicas: 1\n", "mapRoles: |\n  " + strings.ReplaceAll(dev, "\n", "\n  ")}}}},
			want: []string{"role-path h.a mapRoles[0].rolearn: this role"}},
		{name: "a chart with a list", changes: []change{{address: "h.a", kind: "helm_release", actions: []string{"create"},
			after: map[string]any{"values": []any{"auth:\n  mapRoles:\n  - rolearn: arn:aws:iam::111122223333:role/team/dev\n    username: dev\n"},
				"set": []any{map[string]any{"name": "auth.mapUsers[0].userarn", "value": "arn:aws:iam::111122223333:role/x"}, map[string]any{"name": "auth.mapUsers[0].username", "value": "x"}}}}},
			want: []string{"role-path h.a mapRoles[0].rolearn: this role", "arn-section h.a mapUsers[0].userarn: a role"}},
		{name: "one list is not known yet", changes: []change{{address: "a.b", kind: data, actions: []string{"update"},
			before:  merged(values("kube-system", nodes), map[string]any{"data": map[string]any{"mapRoles": nodes, "mapUsers": "- userarn: arn:aws:iam::111122223333:user/u\n  username: u\n"}}),
			after:   merged(values("kube-system", nodes), map[string]any{"data": map[string]any{"mapUsers": "- userarn: arn:aws:iam::111122223333:user/u\n  username: u\n"}}),
			unknown: map[string]any{"data": map[string]any{"mapRoles": true}}}}, notes: 1},
		{name: "nothing is known yet", changes: []change{{address: "a.b", kind: data, actions: []string{"update"}, before: values("kube-system", nodes),
			after: map[string]any{"metadata": values("kube-system", "")["metadata"]}, unknown: map[string]any{"data": true}}}, notes: 1},
		{name: "a leftover of a create before destroy", changes: []change{{address: "a.b", kind: v1, actions: []string{"delete"}, before: values("kube-system", nodes),
			more: map[string]any{"deposed": "0a1b2c3d"}}}},
		{name: "a data source", changes: []change{{address: "data.a.b", kind: v1, actions: []string{"read"}, after: values("kube-system", dev), more: map[string]any{"mode": "data"}}}, notes: 1},
	} {
		for _, planned := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, planned values: %v", tt.name, planned), func(t *testing.T) {
				c := New(policy.Default())
				c.Caller = tt.caller
				b := &report.Builder{Action: c.Policy.Action}
				f := manifest.Scan("plan.json", plan(t, planned, tt.changes...))
				c.Add(b, f)
				r := b.Report()
				var got []string
				for i := range r.Findings {
					got = append(got, r.Findings[i].Rule+" "+r.Findings[i].Message)
					if r.Findings[i].Fix != nil {
						t.Errorf("a fix of a plan: %+v", r.Findings[i].Fix)
					}
				}
				if len(got) != len(tt.want) || len(f.Notes) != tt.notes {
					t.Fatalf("findings %q, want %q; notes %+v", got, tt.want, f.Notes)
				}
				for _, want := range tt.want {
					if !strings.Contains(strings.Join(got, "\n"), want) {
						t.Errorf("findings %q, want %q", got, want)
					}
				}
			})
		}
	}
}

// TestPlanProviders: two configurations of a provider are two clusters, even in one module. A renamed resource is no longer in the source.
func TestPlanProviders(t *testing.T) {
	resource := func(address, key string) any { return map[string]any{"address": address, "provider_config_key": key} }
	const kind = "kubernetes_config_map"
	for _, tt := range []struct {
		name, module string
		resources    []any
		providers    map[string]any
		want         string
	}{
		{name: "one provider", resources: []any{resource(kind+".new", "kubernetes")}, providers: map[string]any{"kubernetes": nil, "aws": nil, "aws.x": nil}},
		{name: "two in the root", resources: []any{resource(kind+".new", "kubernetes.green")}, providers: map[string]any{"kubernetes.green": nil, "kubernetes.blue": nil}, want: "map-deleted"},
		{name: "two in the root, one in the module", module: "module.all[0].", resources: []any{resource(kind+".new", "kubernetes.green"), resource("aws_vpc.a", "aws")},
			providers: map[string]any{"kubernetes.green": nil, "kubernetes.blue": nil}},
		{name: "two in the module", module: "module.all[0].", resources: []any{resource("kubernetes_secret.a", "kubernetes.blue"), resource(kind+".new", "kubernetes.green")},
			want: "map-deleted"},
		{name: "both in the source", module: `module.all["x"].`, resources: []any{resource(kind+".old", "kubernetes.blue"), resource(kind+".new", "kubernetes.green")},
			want: "map-deleted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var whole map[string]any
			if err := json.Unmarshal([]byte(plan(t, true,
				change{address: tt.module + kind + ".old[0]", kind: kind, actions: []string{"delete"}, before: values("kube-system", nodes)},
				change{address: tt.module + kind + ".new[0]", kind: kind, actions: []string{"create"}, after: values("kube-system", nodes)},
			)), &whole); err != nil {
				t.Fatal(err)
			}
			in := map[string]any{"resources": tt.resources}
			if tt.module != "" {
				in = map[string]any{"module_calls": map[string]any{"all": map[string]any{"module": in}}}
			}
			whole["configuration"] = map[string]any{"provider_config": tt.providers, "root_module": in}
			c := New(policy.Default())
			b := &report.Builder{Action: c.Policy.Action}
			c.Add(b, manifest.Scan("plan.json", asJSON(whole)))
			got := ""
			for _, f := range b.Report().Findings {
				got += f.Rule
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestPreview: a preview of Pulumi is a plan too.
func TestPreview(t *testing.T) {
	state := func(mapRoles string) map[string]any {
		return map[string]any{"urn": "urn:pulumi:a::b::kubernetes:core/v1:ConfigMap::auth", "type": "kubernetes:core/v1:ConfigMap", "inputs": map[string]any{
			"metadata": map[string]any{"name": "aws-auth", "namespace": "kube-system"}, "data": map[string]any{"mapRoles": mapRoles},
		}}
	}
	for op, tt := range map[string]struct {
		before, after any
		want          string
	}{
		"create":          {nil, state(viewer), ""},
		"same":            {state(nodes), state(nodes), ""},
		"update":          {state(nodes + viewer), state(viewer), "node-access-lost kubernetes:core/v1:ConfigMap::auth: this edit removes"},
		"replace":         {state(nodes + viewer), state(viewer), "node-access-lost kubernetes:core/v1:ConfigMap::auth: this edit removes"},
		"delete":          {state(nodes), nil, "map-deleted kubernetes:core/v1:ConfigMap::auth: deleting aws-auth"},
		"delete-replaced": {state(nodes), nil, ""},
		// As Pulumi writes the parts of a replacement: both states stand in each.
		"create-replacement": {state(nodes), state(viewer), ""},
	} {
		step := map[string]any{"op": op, "urn": "urn:pulumi:a::b::kubernetes:core/v1:ConfigMap::auth"}
		if tt.before != nil {
			step["oldState"] = tt.before
		}
		if tt.after != nil {
			step["newState"] = tt.after
		}
		text, err := json.Marshal(map[string]any{"steps": []any{step}, "changeSummary": map[string]any{op: 1}})
		if err != nil {
			t.Fatal(err)
		}
		c := New(policy.Default())
		b := &report.Builder{Action: c.Policy.Action}
		c.Add(b, manifest.Scan("preview.json", string(text)))
		got := ""
		for _, f := range b.Report().Findings {
			got += f.Rule + " " + f.Message
		}
		if (tt.want == "") != (got == "") || !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %s, want %s", op, got, tt.want)
		}
		for _, n := range b.Report().Notes {
			t.Errorf("%s: a part of the preview counts as not checked: %s", op, n.Message)
		}
	}
}
