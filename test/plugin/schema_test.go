package plugin

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/snapshot"
)

// schema is one of docs/schema, which refer to each other.
func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	const folder = "https://github.com/aws-auth-guard/aws-auth-guard/blob/main/docs/schema/"
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, file := range []string{"audit.json", "audit-contexts.json", "lint.json"} {
		raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "schema", file))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(folder+file, doc); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile(folder + name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestTheSchemasOfAudit holds what audit prints against docs/schema: by somebody who may read all, and by one who may read nothing,
// with a snapshot of the access entries and without one; and of several clusters, two of which can't be read.
func TestTheSchemasOfAudit(t *testing.T) {
	_, stranger, err := cluster.User("schema-stranger")
	if err != nil {
		t.Fatal(err)
	}
	several := contexts(t)
	check := func(name, file, kubeconfig string, args ...string) {
		t.Helper()
		s := schema(t, file)
		out := plugin(t, kubeconfig, "", append([]string{"audit", "-o", "json"}, args...)...).out
		for text, valid := range map[string]bool{out: true, strings.Replace(out, `"policy"`, `"police"`, 1): false} {
			doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, text)
			}
			if err := s.Validate(doc); (err == nil) != valid {
				t.Errorf("%s: valid is to be %v: %v\n%s", name, valid, err, text)
			}
		}
	}
	check("all", "audit.json", "")
	check("nothing", "audit.json", stranger)
	check("with IAM", "audit.json", "", "--iam", iamFile(t))
	check("several", "audit-contexts.json", several, "--all-contexts")
	doors(t, snapshot.Both, accessEntry("by-the-entry", snapshot.ClusterAdmin))
	check("with access entries", "audit.json", "", "-n", "default")
	check("several with access entries", "audit-contexts.json", several, "--all-contexts", "-n", "default")
}
