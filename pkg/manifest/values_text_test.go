package manifest

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestValues_text: a text in the values of a chart that holds the map, or its data, is read as the map is, in YAML or JSON.
func TestValues_text(t *testing.T) {
	const list = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"
	asJSON := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	indented := func(text, by string) string {
		return by + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+by) + "\n"
	}
	data := "mapRoles: |\n" + indented(list, "  ")
	object := map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "aws-auth", "namespace": "kube-system"}, "data": map[string]any{"mapRoles": list}}
	for name, text := range map[string]string{
		"data":                 data,
		"data, a comment":      "# who may enter\n" + data,
		"data under data":      "data:\n" + indented(data, "  "),
		"data, users too":      data + "mapUsers: |\n  []\n",
		"JSON, data":           asJSON(map[string]any{"mapRoles": list}),
		"JSON, data under it":  asJSON(map[string]any{"data": map[string]any{"mapRoles": list}}),
		"JSON, the whole":      asJSON(object),
		"YAML, the whole":      "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\ndata:\n" + indented(data, "  "),
		"JSON list in data":    "mapRoles: '" + asJSON([]any{map[string]any{"rolearn": "arn:aws:iam::111122223333:role/dev", "username": "dev"}}) + "'\n",
		"JSON, over some rows": "{\n  \"mapRoles\": " + asJSON(list) + "\n}\n",
	} {
		for where, values := range map[string]string{
			"a block": "aws-auth: |\n" + indented(text, "  "), "deeper": "x:\n  y:\n    aws-auth: |\n" + indented(text, "      "), "quoted": "awsAuth: " + asJSON(text) + "\n", "in a list": "extra:\n- |\n" + indented(text, "  "),
		} {
			t.Run(name+"/"+where, func(t *testing.T) {
				for _, f := range []*File{Read("values.yaml", values), Scan("values.yaml", values)} {
					if len(f.Documents) != 1 || len(f.Problems) > 0 || len(f.Notes) > 0 {
						t.Fatalf("%d documents, problems %+v, notes %+v of\n%s", len(f.Documents), f.Problems, f.Notes, values)
					}
					if got := f.Documents[0].Data["mapRoles"]; !strings.Contains(got, "role/dev") {
						t.Errorf("%q", got)
					}
				}
			})
		}
	}
}

// TestValues_sentences: a text that only speaks of the map is no map. A note says so at most, as the file is as good as before.
func TestValues_sentences(t *testing.T) {
	for name, text := range map[string]string{
		"a description":   "foo:\n  description: \"mapRoles: list of rolearn, username and groups\"\n",
		"of a schema":     `{"properties":{"x":{"description":"mapRoles: the rolearn list"}}}`,
		"no YAML":         "notes: |\n  data: put mapRoles: with rolearn here\n",
		"under data":      "notes: |\n  data:\n    mapRoles: entries with a rolearn\n",
		"in JSON":         `notes: '{"mapRoles": "rolearn and more"}'` + "\n",
		"an empty list":   "a: |\n  mapRoles: '[]' # with rolearn\n",
		"of accounts":     "a:\n  b: 'mapAccounts: a list, as mapAccounts is'\n",
		"items of others": "a: |\n  mapRoles: |\n    - rolearn goes here\n",
	} {
		t.Run(name, func(t *testing.T) {
			for _, f := range []*File{Read("values.yaml", text), Scan("values.yaml", text)} {
				if len(f.Documents)+len(f.Problems) > 0 {
					t.Errorf("%d documents, problems %+v", len(f.Documents), f.Problems)
				}
			}
		})
	}
}

// TestValues_accounts: accounts alone are data, too.
func TestValues_accounts(t *testing.T) {
	for name, text := range map[string]string{
		"text": "a: |\n  mapAccounts: |\n    - \"12\"\n", "under data": "a: |\n  data:\n    mapAccounts: |\n      - \"12\"\n",
	} {
		t.Run(name, func(t *testing.T) {
			for _, f := range []*File{Read("values.yaml", text), Scan("values.yaml", text)} {
				if len(f.Documents) != 1 || f.Documents[0].Data["mapAccounts"] != "- \"12\"\n" {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}
