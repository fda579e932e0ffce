package docs

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
)

// TestPolicySchema wants the schema to take what the guard reads and to refuse what the guard refuses, in what a schema can tell.
func TestPolicySchema(t *testing.T) {
	var document any
	if err := json.Unmarshal([]byte(read(t, "docs/schema/guardpolicy.json")), &document); err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("guardpolicy.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("guardpolicy.json")
	if err != nil {
		t.Fatal(err)
	}
	example := blocks(t, "docs/guardpolicy.md", "policy")["example"]
	const head = "apiVersion: aws-auth-guard.dev/v1alpha1\nkind: GuardPolicy\n"
	for _, tt := range []struct {
		name, text string
		wrong      bool
	}{
		{"the page's example", example, false},
		{"nothing set", head, false},
		{"a rule that is off", head + "rules: {map-size: {action: \"off\"}}\n", false},
		{"no kind", "apiVersion: aws-auth-guard.dev/v1alpha1\n", true},
		{"another version", "apiVersion: aws-auth-guard.dev/v1\nkind: GuardPolicy\n", true},
		{"an unknown field", head + "ruels: {}\n", true},
		{"an unknown rule", head + "rules: {map-sizes: {action: warn}}\n", true},
		{"an action that the rule has not", head + "rules: {map-size: {action: fix}}\n", true},
		{"a profile", head + "profile: lax\n", true},
		{"a protected entry without its ARN", head + "protected: [{groups: [a]}]\n", true},
		{"a protected entry with a typo", head + "protected: [{arn: \"arn:aws:iam::111122223333:role/a\", group: [a]}]\n", true},
		{"a writer who may do nothing said", head + "writers: [{groups: [a]}]\n", true},
		{"a writer without ARNs", head + "writers: [{groups: [a], may: {groups: [b]}}]\n", true},
		{"an age that is no time", head + "access: {maxAge: soon}\n", true},
		{"a text for a list", head + "exempt: {users: me}\n", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var given any
			if err := yaml.Unmarshal([]byte(tt.text), &given); err != nil {
				t.Fatal(err)
			}
			if _, err := policy.Parse([]byte(tt.text)); (err != nil) != tt.wrong {
				t.Errorf("the guard says: %v", err)
			}
			if err := schema.Validate(given); (err != nil) != tt.wrong {
				t.Errorf("the schema says: %v", err)
			}
		})
	}
	if !strings.HasPrefix(example, "# yaml-language-server: $schema=https://raw.githubusercontent.com/aws-auth-guard/aws-auth-guard/main/docs/schema/guardpolicy.json\n") {
		t.Error("the example does not name the schema")
	}
}
