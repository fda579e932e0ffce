package cli

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemaOf is one of docs/schema.
func schemaOf(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "schema", name))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, text); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// TestSchemasOfLogs holds what the commands that read logs print against their schemas, with the logs of their scripts. A schema
// knows every key of an answer: one that has another name, or is left out, is refused.
func TestSchemasOfLogs(t *testing.T) {
	for name, tt := range map[string]struct {
		schema, script string
		commands       []string
	}{
		"denied": {"denied.json", "logins", []string{
			"denied authenticator.log --file aws-auth.yaml", "denied whole.log --file aws-auth.yaml", "denied denials.log --file near.yaml", "denied fine.log --file aws-auth.yaml", "denied no-reason.log --file aws-auth.yaml",
		}},
		"usage": {"usage.json", "logins", []string{
			"usage authenticator.log --file aws-auth.yaml", "usage whole.log --file aws-auth.yaml", "usage gaps.log --file aws-auth.yaml", "usage whole.log --file nodes.yaml",
		}},
		"replay": {"replay.json", "replay", []string{"replay audit.log", "replay audit.log --profile strict", "replay audit.log --policy policy.yaml", "replay one.log"}},
		"history": {"history-log.json", "history-log", []string{
			"history --from-audit-log audit.log", "history --from-audit-log audit.log --from-audit-log logs",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			schema := schemaOf(t, tt.schema)
			archive, err := txtar.ParseFile(filepath.Join("testdata", "script", tt.script+".txtar"))
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := txtar.Write(archive, dir); err != nil {
				t.Fatal(err)
			}
			t.Chdir(dir)
			for _, line := range tt.commands {
				var out, errs bytes.Buffer
				if code := Run(strings.Fields(line+" -o json"), Streams{In: strings.NewReader(""), Out: &out, Err: &errs}); out.Len() == 0 {
					t.Fatalf("%s: exit %d\n%s", line, code, errs.String())
				}
				holds(t, schema, line, out.String())
			}
		})
	}
}

// TestSchemaOfHistory holds the history of a cluster against its schema.
func TestSchemaOfHistory(t *testing.T) {
	c := simulated{live: map[string]string{"mapRoles": badMap}}
	c.kept(2, false, "dev loses access", c.live)
	c.kept(1, true, "first state", map[string]string{"mapRoles": goodMap})
	t.Setenv("KUBECONFIG", c.start(t))
	out := said(t, "", "history", "-o", "json")
	_, answer, _ := strings.Cut(out, "{")
	holds(t, schemaOf(t, "history.json"), "history", "{"+answer)
}

// holds holds an answer against its schema, and then the answer without each of its keys and with one of another name.
func holds(t *testing.T, schema *jsonschema.Schema, how, answer string) {
	t.Helper()
	read := func() map[string]any {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(answer))
		if err != nil {
			t.Fatalf("%s: %v\n%s", how, err, answer)
		}
		object, ok := doc.(map[string]any)
		if !ok {
			t.Fatalf("%s: no object", how)
		}
		return object
	}
	if err := schema.Validate(read()); err != nil {
		t.Errorf("%s: %v\n%s", how, err, answer)
		return
	}
	optional := []string{"account", "accessEntry", "more"}
	for _, path := range objectsIn("", read()) {
		for _, key := range slices.Sorted(maps.Keys(objectAt(read(), path))) {
			for _, change := range []func(map[string]any){
				func(o map[string]any) { delete(o, key) },
				func(o map[string]any) { o[key+"s"] = o[key] },
				func(o map[string]any) { o[key] = map[string]any{"another": json.Number("1")} },
			} {
				doc := read()
				object := objectAt(doc, path)
				change(object)
				if _, left := object[key]; !left && slices.Contains(optional, key) {
					continue
				}
				if err := schema.Validate(doc); err == nil {
					t.Errorf("%s: the schema takes anything at %s/%s", how, path, key)
				}
			}
		}
	}
}

// objectsIn are the paths of the objects in a value; of a list, that of its first.
func objectsIn(path string, value any) []string {
	switch v := value.(type) {
	case map[string]any:
		paths := []string{path}
		for key, inner := range v {
			paths = append(paths, objectsIn(path+"/"+key, inner)...)
		}
		return paths
	case []any:
		if len(v) > 0 {
			return objectsIn(path+"/0", v[0])
		}
	}
	return nil
}

// objectAt is the object at such a path.
func objectAt(doc map[string]any, path string) map[string]any {
	var at any = doc
	for key := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		switch v := at.(type) {
		case map[string]any:
			if key != "" {
				at = v[key]
			}
		case []any:
			at = v[0]
		}
	}
	object, _ := at.(map[string]any)
	return object
}
