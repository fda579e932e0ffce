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
