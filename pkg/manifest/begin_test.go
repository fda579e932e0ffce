package manifest

import (
	"strings"
	"testing"
)

// TestBegin: where the map has no list yet, the first entry comes in the style of the file, and every other byte stays.
func TestBegin(t *testing.T) {
	const (
		head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\n"
		item = "- rolearn: arn:aws:iam::111122223333:role/a\n  username: \"a\"\n"
		in4  = "    - rolearn: arn:aws:iam::111122223333:role/a\n      username: \"a\"\n"
		in5  = "     - rolearn: arn:aws:iam::111122223333:role/a\n       username: \"a\"\n"
		json = `"- rolearn: arn:aws:iam::111122223333:role/a\n  username: \"a\"\n"`
		meta = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"aws-auth","namespace":"kube-system"}`
	)
	users := "  mapUsers: |\n    - userarn: arn:aws:iam::111122223333:user/u\n      username: u\n"
	for _, tt := range []struct{ name, text, want string }{
		{name: "a key alone", text: head + "data:\n  mapRoles:\n" + users, want: head + "data:\n  mapRoles: |\n" + in4 + users},
		{name: "a key alone at the end", text: head + "data:\n  mapRoles:", want: head + "data:\n  mapRoles: |\n" + strings.TrimSuffix(in4, "\n")},
		{name: "a key alone with a comment", text: head + "data:\n  mapRoles: # nobody\n", want: head + "data:\n  mapRoles: | # nobody\n" + in4},
		{name: "null", text: head + "data:\n  mapRoles: null # none\n" + users, want: head + "data:\n  mapRoles: | # none\n" + in4 + users},
		{name: "a tilde", text: head + "data:\n  mapRoles: ~\n", want: head + "data:\n  mapRoles: |\n" + in4},
		{name: "empty quotes", text: head + "data:\n" + users + "  mapRoles: \"\"\n# end\n", want: head + "data:\n" + users + "  mapRoles: |\n" + in4 + "# end\n"},
		{name: "single quotes", text: head + "data:\n  mapRoles: ''\n", want: head + "data:\n  mapRoles: |\n" + in4},
		{name: "an empty list in quotes", text: head + "data:\n  mapRoles: '[]'\n", want: head + "data:\n  mapRoles: |\n" + in4},
		{name: "a block with nothing", text: head + "data:\n  mapRoles: |\n\n" + users, want: head + "data:\n  mapRoles: |\n" + in4 + "\n" + users},
		{name: "a folded block with nothing", text: head + "data:\n  mapRoles: >- # none\n" + users, want: head + "data:\n  mapRoles: | # none\n" + in4 + users},
		{name: "a block with nothing at the end", text: head + "data:\n  mapRoles: |", want: head + "data:\n  mapRoles: |\n" + strings.TrimSuffix(in4, "\n")},
		{name: "the key in quotes", text: head + "data:\n  \"mapRoles\" : \n", want: head + "data:\n  \"mapRoles\" : | \n" + in4},
		{name: "the list in a comment", text: head + "data:\n  mapRoles:\n    # - rolearn: old\n\n" + users, want: head + "data:\n  mapRoles: |\n" + in5 + "    # - rolearn: old\n\n" + users},
		{name: "the style of another key", text: head + "data:\n  mapUsers: |\n     []\n  mapRoles:\n", want: head + "data:\n  mapUsers: |\n     []\n  mapRoles: |\n" + in5},
		{name: "CRLF", text: strings.ReplaceAll(head+"data:\n  mapRoles:\n", "\n", "\r\n"), want: strings.ReplaceAll(head+"data:\n  mapRoles: |\n"+in4, "\n", "\r\n")},
		{name: "no kind", text: "mapRoles: \"\"\nmapUsers: |\n  []\n", want: "mapRoles: |\n  " + strings.ReplaceAll(strings.TrimSpace(item), "\n", "\n  ") + "\nmapUsers: |\n  []\n"},
		{name: "a list of manifests", text: "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: aws-auth, namespace: kube-system}\n  data:\n    mapRoles:\n", want: "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: aws-auth, namespace: kube-system}\n  data:\n    mapRoles: |\n  " + strings.ReplaceAll(strings.TrimSuffix(in4, "\n"), "\n", "\n  ") + "\n"},
		{name: "in braces", text: head + "data: {mapRoles: \"\", mapUsers: \"[]\"}\n", want: head + "data: {mapRoles: " + json + ", mapUsers: \"[]\"}\n"},
		{name: "JSON", text: meta + `,"data":{"mapRoles":""}}`, want: meta + `,"data":{"mapRoles":` + json + `}}`},
		{name: "JSON null", text: meta + `,"data":{"mapRoles": null}}`, want: meta + `,"data":{"mapRoles": ` + json + `}}`},
		{name: "another key is there", text: head + "data:\n  # us\n" + users, want: head + "data:\n  mapRoles: |\n" + in4 + "  # us\n" + users},
		{name: "another key in JSON", text: "{\n  \"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"aws-auth\", \"namespace\": \"kube-system\"},\n  \"data\": {\n    \"mapUsers\": \"\"\n  }\n}\n", want: "{\n  \"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"aws-auth\", \"namespace\": \"kube-system\"},\n  \"data\": {\n    \"mapRoles\": " + json + ",\n    \"mapUsers\": \"\"\n  }\n}\n"},
		{name: "no keys", text: head + "data: {} # none\nimmutable: false\n", want: head + "data: # none\n  mapRoles: |\n" + in4 + "immutable: false\n"},
		{name: "data null", text: head + "data:\nimmutable: false\n", want: head + "data:\n  mapRoles: |\n" + in4 + "immutable: false\n"},
		{name: "data null with comments", text: head + "data: null\n  # mapRoles: |\n", want: head + "data:\n   mapRoles: |\n     " + strings.ReplaceAll(strings.TrimSpace(item), "\n", "\n     ") + "\n  # mapRoles: |\n"},
		{name: "no data", text: head + "\n# the end\n", want: head + "data:\n  mapRoles: |\n" + in4 + "\n# the end\n"},
		{name: "no data, another document", text: head + "---\napiVersion: v1\nkind: Namespace\n", want: head + "data:\n  mapRoles: |\n" + in4 + "---\napiVersion: v1\nkind: Namespace\n"},
		{name: "no keys in JSON", text: meta + `,"data":{}}`, want: meta + `,"data":{"mapRoles": ` + json + `}}`},
		{name: "no data in JSON", text: meta + "}", want: `{"data": {"mapRoles": ` + json + `},` + meta[1:] + "}"},
		{name: "no data in JSON over lines", text: "{\n  " + meta[1:] + "\n}\n", want: "{\n  \"data\": {\n    \"mapRoles\": " + json + "\n  },\n  " + meta[1:] + "\n}\n"},
		{name: "no keys in JSON over lines", text: "{\n  \"data\": {},\n  " + meta[1:] + "\n}\n", want: "{\n  \"data\": {\n    \"mapRoles\": " + json + "\n  },\n  " + meta[1:] + "\n}\n"},
		{name: "an anchor", text: head + "data:\n  mapRoles: &a ''\n  mapUsers: *a\n", want: "error"},
		{name: "a list instead of a text", text: head + "data:\n  mapRoles: []\n", want: "error: " + errNoPlace.Error()},
		{name: "a key in several lines", text: head + "data:\n  ? mapRoles\n  : ''\n", want: "error: " + errNoPlace.Error()},
		{name: "a key beside it in braces", text: head + "data: {mapUsers: \"[]\"}\n", want: head + "data: {\"mapRoles\": " + json + ", mapUsers: \"[]\"}\n"},
		{name: "a key beside it in JSON", text: meta + `,"data":{"mapUsers":"[]"}}`, want: meta + `,"data":{"mapRoles":` + json + `,"mapUsers":"[]"}}`},
		{name: "a key beside it in JSON with blanks", text: meta + `, "data": { "mapUsers": "[]", "x": "y" } }`, want: meta + `, "data": { "mapRoles": ` + json + `, "mapUsers": "[]", "x": "y" } }`},
		{name: "a key beside it in JSON over lines", text: "{\n  " + meta[1:] + ",\n  \"data\": {\"mapUsers\":\n    \"[]\"}\n}\n", want: "{\n  " + meta[1:] + ",\n  \"data\": {\"mapRoles\":" + json + ",\"mapUsers\":\n    \"[]\"}\n}\n"},
		{name: "a comment above", text: "# us\nmapUsers: |\n  []\n", want: "mapRoles: |\n  " + strings.ReplaceAll(strings.TrimSpace(item), "\n", "\n  ") + "\n# us\nmapUsers: |\n  []\n"},
		{name: "a key with a mark of its own", text: head + "data:\n  ? mapUsers\n  : '[]'\n", want: "error: " + errNoPlace.Error()},
		{name: "a key beside it in other braces", text: "{\"mapUsers\":\"[]\"}", want: "{\"mapRoles\":" + json + ",\"mapUsers\":\"[]\"}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Read("x.yaml", tt.text)
			if len(f.Documents) != 1 {
				t.Fatalf("%d documents, %v", len(f.Documents), f.Problems)
			}
			d := f.Documents[0]
			if !d.Begins("mapRoles") {
				t.Fatal("there is something in it")
			}
			after, err := f.Begin(d, "mapRoles", item)
			switch {
			case err != nil && (tt.want == "error" || tt.want == "error: "+err.Error()):
			case err != nil:
				t.Error(err)
			case after.Text != tt.want:
				t.Errorf("got:\n%s\nwant:\n%s", after.Text, tt.want)
			}
			checkMarked(t, tt.text, after, item)
		})
	}
}

// checkMarked makes sure that a byte order mark changes nothing.
func checkMarked(t *testing.T, text string, after *File, item string) {
	t.Helper()
	f := Read("x.yaml", bom+text)
	if len(f.Documents) != 1 {
		t.Fatalf("with a byte order mark: %d documents, %v", len(f.Documents), f.Problems)
	}
	switch marked, err := f.Begin(f.Documents[0], "mapRoles", item); {
	case (err == nil) != (after != nil):
		t.Errorf("with a byte order mark: %v", err)
	case err == nil && marked.Text != bom+after.Text:
		t.Errorf("with a byte order mark:\n%s\nwant:\n%s", marked.Text, bom+after.Text)
	}
}

// TestBegins: a list that is there, empty or not, is edited as it is.
func TestBegins(t *testing.T) {
	for _, text := range []string{"mapRoles: |\n  []\n", "mapRoles: |\n  # none\n", "mapRoles: |\n  - rolearn: x\n", "mapRoles: '- rolearn: x'\n"} {
		if d := Read("x.yaml", text).Documents[0]; d.Begins("mapRoles") {
			t.Errorf("%q", text)
		}
	}
}
