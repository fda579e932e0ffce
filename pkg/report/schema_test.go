package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// The official schema of SARIF 2.1.0 is not ours to copy: it comes out of a Go module that carries it among its tests.
const (
	schemaModule = "github.com/securego/gosec/v2@v2.30.0"
	schemaFile   = "report/sarif/testdata/sarif-schema-2.1.0.json"
	schemaSum    = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
)

// sarifSchemaText gets the official schema, and makes sure that it is that.
func sarifSchemaText(t *testing.T) []byte {
	t.Helper()
	download := exec.Command("go", "mod", "download", "-json", schemaModule)
	out, err := download.Output()
	if err != nil {
		t.Fatalf("the SARIF schema comes with %s, which could not be had: %v\n%s", schemaModule, err, out)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(module.Dir, filepath.FromSlash(schemaFile)))
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != schemaSum {
		t.Fatalf("%s is not the file that it was: %x", schemaFile, sum)
	}
	return text
}

func compile(t *testing.T, name string, text []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// reports are all kinds of reports that there are: findings of every rule with an example that a text shows, none, notes,
// strange names.
func reports(t *testing.T) map[string]*Report {
	t.Helper()
	all := map[string]*Report{
		"sample": sample(), "nothing": build(validate.Standard), "long": build(validate.Audit, manifest.Read("long.json", oneLine())),
		"notes":   build(validate.Standard, manifest.Read("t.yaml", "mapRoles: |\n  {{- range .x }}\n")),
		"strange": build(validate.Strict, manifest.Read("/abs/ü %41,:#?.yaml", "mapRoles: x\n"), manifest.Read(manifest.StdinName, "mapUsers: x\n")),
	}
	for _, r := range validate.Rules() {
		for _, ex := range r.Bad {
			if !ex.IsEdit() {
				raw, err := json.Marshal(map[string]map[string]string{"data": ex.Data})
				if err != nil {
					t.Fatal(err)
				}
				all[r.Name] = build(validate.Strict, manifest.Read(r.Name+".json", string(raw)))
			}
		}
	}
	return all
}

func TestSchemas(t *testing.T) {
	all := reports(t)
	b := &Builder{Action: func(string) validate.Action { return validate.Warn }}
	b.Note(Note{File: "latin1.yaml", What: manifest.Unread, Message: "not valid UTF-8"})
	all["a file that can't be read"] = b.Report()
	lint, err := os.ReadFile(filepath.Join("..", "..", "docs", "schema", "lint.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []struct {
		name   string
		write  func(io.Writer, *Report) error
		schema *jsonschema.Schema
		broken *strings.Replacer
	}{
		{"json", JSON, compile(t, "lint.json", lint), strings.NewReplacer(`"summary"`, `"sum"`)},
		{"sarif", SARIF, compile(t, "sarif.json", sarifSchemaText(t)), strings.NewReplacer(`"columnKind"`, `"columKind"`)},
	} {
		for name, r := range all {
			var out bytes.Buffer
			if err := format.write(&out, r); err != nil {
				t.Fatal(err)
			}
			if err := validateJSON(t, format.schema, out.String()); err != nil {
				t.Errorf("%s %s: %v\n%s", format.name, name, err, out.String())
			}
			if err := validateJSON(t, format.schema, format.broken.Replace(out.String())); err == nil {
				t.Errorf("%s %s: the schema takes anything", format.name, name)
			}
		}
	}
}

func validateJSON(t *testing.T, schema *jsonschema.Schema, text string) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(doc)
}
