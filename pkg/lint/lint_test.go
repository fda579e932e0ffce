package lint

import (
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
)

// TestImmutable holds the line that map-immutable names in a manifest, 0 where it has nothing to say.
func TestImmutable(t *testing.T) {
	const head, data = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\n", "data:\n  mapRoles: \"[]\"\n"
	for name, tt := range map[string]struct {
		text string
		line int
	}{
		"after the data":  {head + data + "immutable: true\n", 6},
		"before the data": {head + "immutable: true\n" + data, 4},
		"as YAML 1.1":     {head + "immutable: yes\n" + data, 4},
		"false":           {head + "immutable: false\n" + data, 0},
		"not there":       {head + data, 0},
		"null":            {head + "immutable:\n" + data, 0},
		"a data key":      {head + data + "  immutable: \"true\"\n", 0},
		"in JSON":         {`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"aws-auth","namespace":"kube-system"},` + "\n" + `"immutable":true,"data":{"mapRoles":"[]"}}`, 2},
		"in a List":       {"apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(head+"immutable: true\n"+strings.TrimRight(data, "\n"), "\n", "\n  ") + "\n", 7},
	} {
		t.Run(name, func(t *testing.T) {
			p := policy.Default()
			b := &report.Builder{Action: p.Action}
			New(p).Add(b, manifest.Read("aws-auth.yaml", tt.text))
			line := 0
			for _, f := range b.Report().Findings {
				if f.Rule != "map-immutable" {
					t.Errorf("%s: %s", f.Rule, f.Message)
					continue
				}
				line = f.Start.Line
			}
			if line != tt.line {
				t.Errorf("reported at line %d, want %d", line, tt.line)
			}
		})
	}
}
