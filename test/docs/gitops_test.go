package docs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"
)

// values checks values by the schema of the chart.
func values(t *testing.T, given any) {
	t.Helper()
	var document any
	if err := json.Unmarshal([]byte(read(t, "charts/aws-auth-guard/values.schema.json")), &document); err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("values.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("values.json")
	if err != nil {
		t.Fatal(err)
	}
	if set, ok := given.(map[string]any); !ok || len(set) == 0 {
		t.Errorf("no values: %v", given)
	}
	if err := schema.Validate(given); err != nil {
		t.Error(err)
	}
}

// at is what stands under keys.
func at(document any, keys ...string) any {
	for _, key := range keys {
		m, _ := document.(map[string]any)
		document = m[key]
	}
	return document
}

func documents(t *testing.T, text string) map[string]any {
	t.Helper()
	byKind := map[string]any{}
	for part := range strings.SplitSeq(text, "\n---\n") {
		var document map[string]any
		if err := yaml.UnmarshalStrict([]byte(part), &document); err != nil {
			t.Fatalf("%v\n%s", err, part)
		}
		byKind[document["kind"].(string)] = document
	}
	return byKind
}

func TestArgoCDSnippet(t *testing.T) {
	application := documents(t, blocks(t, "docs/gitops.md", "snippet")["argocd"])["Application"]
	values(t, at(application, "spec", "source", "helm", "valuesObject"))
	chart, _ := at(application, "spec", "source", "path").(string)
	if _, err := os.Stat(filepath.Join(root, chart, "Chart.yaml")); err != nil {
		t.Error(err)
	}
	objects := read(t, "deploy/overlays/self-signed/objects.yaml") + read(t, "deploy/base/objects.yaml")
	ignored, _ := at(application, "spec", "ignoreDifferences").([]any)
	if len(ignored) != 6 {
		t.Errorf("%d differences are ignored", len(ignored))
	}
	for _, i := range ignored {
		kind, _ := at(i, "kind").(string)
		name, _ := at(i, "name").(string)
		found := false
		for object := range strings.SplitSeq(objects, "\n---\n") {
			found = found || strings.Contains(object, "\nkind: "+kind+"\n") && strings.Contains(object, "\n  name: "+name)
		}
		if !found {
			t.Errorf("the chart has no %s %s", kind, name)
		}
	}
}

func TestFluxSnippets(t *testing.T) {
	snippets := blocks(t, "docs/gitops.md", "snippet")
	all := documents(t, snippets["flux-helm"])
	release := all["HelmRelease"]
	values(t, at(release, "spec", "values"))
	if at(release, "spec", "chart", "spec", "sourceRef", "name") != at(all["GitRepository"], "metadata", "name") {
		t.Error("the release takes its chart from another source")
	}
	chart, _ := at(release, "spec", "chart", "spec", "chart").(string)
	if _, err := os.Stat(filepath.Join(root, chart, "Chart.yaml")); err != nil {
		t.Error(err)
	}
	if at(documents(t, snippets["flux-map"])["Kustomization"], "spec", "prune") != false {
		t.Error("Flux would delete the map")
	}
}

func TestTerraformSnippet(t *testing.T) {
	file, problems := hclparse.NewParser().ParseHCL([]byte(blocks(t, "docs/gitops.md", "snippet")["terraform"]), "main.tf")
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	attributes := file.Body.(*hclsyntax.Body).Blocks[0].Body.Attributes
	call, ok := attributes["values"].Expr.(*hclsyntax.TupleConsExpr).Exprs[0].(*hclsyntax.FunctionCallExpr)
	if !ok || call.Name != "yamlencode" {
		t.Fatal("the values are not encoded as YAML")
	}
	set, problems := call.Args[0].Value(nil)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	given := map[string]any{}
	for name, section := range set.AsValueMap() {
		fields := map[string]any{}
		for key, value := range section.AsValueMap() {
			fields[key] = value.AsString()
		}
		given[name] = fields
	}
	values(t, given)
}
