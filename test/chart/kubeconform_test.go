package chart

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/yannh/kubeconform/pkg/validator"

	"github.com/aws-auth-guard/aws-auth-guard/test/chart/render"
	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
)

// conform checks all renderings with kubeconform, strictly. It has the schemas that the API server itself publishes, those of the
// definitions included, so nothing is downloaded.
func conform(t *testing.T, c *controlplane.ControlPlane) {
	t.Helper()
	folder := t.TempDir()
	writeSchemas(t, c, folder)
	locations := []string{filepath.Join(folder, "{{ .ResourceKind }}{{ .KindSuffix }}.json")}
	check, err := validator.New(locations, validator.Opts{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	verdicts := func(name, manifest string) (valid int, problems []error) {
		for _, r := range check.ValidateWithContext(t.Context(), name, io.NopCloser(strings.NewReader(manifest))) {
			switch r.Status {
			case validator.Valid:
				valid++
			case validator.Empty:
			default:
				problems = append(problems, r.Err)
			}
		}
		return valid, problems
	}
	for name, o := range matrix(t) {
		manifest := rendered(t, o).Documents()
		valid, problems := verdicts(name, manifest)
		if wanted := len(objects(t, manifest)); valid != wanted {
			t.Errorf("%s: %d of %d objects conform: %v", name, valid, wanted, problems)
		}
	}
	manifest := rendered(t, render.Options{Set: []string{"certificates.mode=cert-manager"}}).Manifest
	for right, wrong := range map[string]string{"enableServiceLinks: false": "enableServiceLink: false", "replicas: 2": "replicas: two", "isCA: true": "isCa: true"} {
		if _, problems := verdicts("wrong", strings.Replace(manifest, right, wrong, 1)); len(problems) != 1 {
			t.Errorf("%s: %v", wrong, problems)
		}
	}
}

// writeSchemas writes a schema for each kind that the API server serves, under the name by which kubeconform looks for it.
func writeSchemas(t *testing.T, c *controlplane.ControlPlane, folder string) {
	t.Helper()
	definitions := openAPI(t, c)
	write := func(name string, content any) {
		text, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name+".json"), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, definition := range definitions {
		strict(definition)
		if d, ok := definition.(map[string]any); ok && strings.HasSuffix(name, ".IntOrString") {
			// The API server calls it a string.
			d["type"] = []string{"integer", "string"}
		}
		for _, kind := range kinds(definition) {
			write(kind, map[string]any{"$ref": "definitions.json#/definitions/" + name})
		}
	}
	write("definitions", map[string]any{"definitions": definitions})
}

// openAPI reads the definitions. Those of custom resources are there some time after they are established.
func openAPI(t *testing.T, c *controlplane.ControlPlane) map[string]any {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		var document struct{ Definitions map[string]any }
		if err := json.Unmarshal([]byte(kubectl(t, c, "", "get", "--raw=/openapi/v2").Output), &document); err != nil {
			t.Fatal(err)
		}
		_, monitors := document.Definitions["com.coreos.monitoring.v1.ServiceMonitor"]
		_, certificates := document.Definitions["io.cert-manager.v1.Certificate"]
		if monitors && certificates {
			return document.Definitions
		}
		if time.Now().After(deadline) {
			t.Fatal("the API server does not publish the schemas of the definitions")
		}
	}
}

// kinds are the names that kubeconform has for what a definition describes: kind, first part of the group, version.
func kinds(definition any) []string {
	d, _ := definition.(map[string]any)
	list, _ := d["x-kubernetes-group-version-kind"].([]any)
	var names []string
	for _, item := range list {
		gvk, _ := item.(map[string]any)
		parts := []string{}
		for _, field := range []string{"kind", "group", "version"} {
			text, _ := gvk[field].(string)
			if field == "group" {
				text, _, _ = strings.Cut(text, ".")
			}
			if text != "" {
				parts = append(parts, strings.ToLower(text))
			}
		}
		names = append(names, strings.Join(parts, "-"))
	}
	return names
}

// strict forbids fields that a schema does not name, wherever it names some.
func strict(node any) {
	switch n := node.(type) {
	case map[string]any:
		_, named := n["properties"].(map[string]any)
		_, others := n["additionalProperties"]
		open, _ := n["x-kubernetes-preserve-unknown-fields"].(bool)
		if named && !others && !open {
			n["additionalProperties"] = false
		}
		for _, child := range n {
			strict(child)
		}
	case []any:
		for _, child := range n {
			strict(child)
		}
	}
}
