package manifest

import (
	"fmt"
	"testing"
)

// TestUntouched: a plan that has to do with the map and does nothing to it says so.
func TestUntouched(t *testing.T) {
	const change = `{"format_version":"1.2","terraform_version":"1.9.0","resource_changes":[{"address":"x.y","mode":%q,"type":"kubernetes_config_map","change":{"actions":[%q],"before":%s,"after":%s}}]}`
	own := `{"metadata":[{"name":"aws-auth","namespace":"kube-system"}],"data":{"mapRoles":"- rolearn: x"}}`
	other := `{"metadata":[{"name":"other","namespace":"kube-system"}],"data":{"a":"b"}}`
	for _, tt := range []struct {
		name, text string
		notes      []string
	}{
		{"data", fmt.Sprintf(change, "data", "read", "null", own), []string{"x.y only reads aws-auth"}},
		{"data, read before", fmt.Sprintf(change, "data", "no-op", own, "null"), []string{"x.y only reads aws-auth"}},
		{"forget", fmt.Sprintf(change, "managed", "forget", own, "null"), []string{"x.y leaves aws-auth as it is"}},
		{"data, another map", fmt.Sprintf(change, "data", "read", "null", other), nil},
		{"forget another map", fmt.Sprintf(change, "managed", "forget", other, "null"), nil},
		{"data in a state", `{"format_version":"1.0","terraform_version":"1.9.0","values":{"root_module":{"resources":[{"address":"x.y","mode":"data","type":"kubernetes_config_map","values":` + own + `}]}}}`, []string{"x.y only reads aws-auth"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Read("plan.json", tt.text)
			checkNotes(t, f, tt.notes)
			if len(f.Documents)+len(f.Problems) > 0 {
				t.Errorf("documents %s, problems %s", dump(f), problems(f))
			}
		})
	}
}

// TestPulumiMappings reads the lists of a cluster in a program.
func TestPulumiMappings(t *testing.T) {
	const head = "name: x\nruntime: yaml\nresources:\n  c:\n    type: eks:Cluster\n    properties:\n"
	for _, tt := range []struct {
		name, text, roles, users string
		notes                    []string
	}{
		{"lists", "      roleMappings:\n      - {roleArn: a, username: b, groups: [c]}\n      userMappings: [{userArn: d, username: e}]\n",
			`[{"rolearn":"a","username":"b","groups":["c"]}]` + "\n", `[{"userarn":"d","username":"e"}]` + "\n", nil},
		{"a reference", "      roleMappings: [{roleArn: '${r.arn}', username: b}]\n", `[{"rolearn":"${r.arn}","username":"b"}]` + "\n", "", []string{"${r.arn}; the rest was"}},
		{"a reference to a list", "      roleMappings: '${roles}'\n      x: roleArn\n", "", "", []string{"roleMappings in eks:Cluster::c, not checked"}},
		{"empty", "      roleMappings: []\n", "", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Read("Pulumi.yaml", head+tt.text)
			checkNotes(t, f, tt.notes)
			roles, users := "", ""
			for _, d := range f.Documents {
				roles, users = roles+d.Data["mapRoles"], users+d.Data["mapUsers"]
			}
			if roles != tt.roles || users != tt.users {
				t.Errorf("roles %q, want %q; users %q, want %q", roles, tt.roles, users, tt.users)
			}
		})
	}
}
