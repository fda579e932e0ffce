package manifest

import (
	"fmt"
	"strings"
	"testing"
)

const roles = "- rolearn: arn:aws:iam::111122223333:role/dev\n  username: dev\n"

// configMap is an aws-auth ConfigMap with the given text after `data:`.
func configMap(data string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\ndata:" + data
}

func problems(f *File) string {
	var lines []string
	for _, p := range f.Problems {
		at := f.Position(p.Span.Start)
		lines = append(lines, fmt.Sprintf("%d:%d %s %q", at.Line, at.Column, p.Rule, f.Text[p.Span.Start:p.Span.End]))
	}
	return strings.Join(lines, "\n")
}

func TestRead(t *testing.T) {
	good := configMap("\n  mapRoles: |\n    " + strings.ReplaceAll(strings.TrimSuffix(roles, "\n"), "\n", "\n    ") + "\n")
	for _, tt := range []struct {
		name, text string
		// documents is the mapRoles text of each document, "-" where it has none.
		documents []string
		problems  string
	}{
		{"config map", good, []string{roles}, ""},
		{"crlf", strings.ReplaceAll(good, "\n", "\r\n"), []string{roles}, ""},
		{"bom", "\ufeff" + good, []string{roles}, ""},
		{"stream", "# c\n---\n" + good + "---\nkind: Service\nmetadata: {name: aws-auth}\n---\n" + good, []string{roles, roles}, ""},
		{"directive", "%YAML 1.1\n# c\n---\n" + good, []string{roles}, `1:1 manifest-syntax "%YAML 1.1"`},
		{"end marker", good + "...\n" + good, []string{roles}, "10:1 manifest-syntax \"...\""},
		{"end marker, nothing after", good + "...\n# c\n...\n", []string{roles}, ""},
		{"broken neighbor", "a: [\n---\n" + good + "---\nb: {x}}: y\n", []string{roles}, "1:4 manifest-syntax \"[\"\n13:4 manifest-syntax \"{x}}: y\""},
		{"json", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"aws-auth","namespace":"kube-system"},"data":{"mapRoles":"[]"}}`, []string{"[]"}, ""},
		{"json, one after the other", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"aws-auth","namespace":"kube-system"},"data":{"mapRoles":"[]"}}
			{"kind":"Pod"} {"data":{"mapRoles":"a"}}`, []string{"[]", "a"}, ""},
		{"json with tabs and an emoji", "{\n\t\"metadata\": {\"x\": \"\\ud83d\\ude00\"},\n\t\"data\": {\"mapRoles\": \"a\\nb\"}\n}", []string{"a\nb"}, ""},
		{"list", "kind: List\nitems:\n- kind: ConfigMap\n  metadata: {name: aws-auth, namespace: kube-system}\n  data: {mapRoles: x}\n  apiVersion: v1\n- kind: Pod\n- kind: ConfigMapList\n  items:\n" +
			"  - {kind: ConfigMap, metadata: {name: aws-auth, namespace: kube-system}}\n", []string{"x", "-"}, ""},
		{"bare data", "data:\n  mapRoles: |\n    []\n", []string{"[]\n"}, ""},
		{"bare keys", "mapRoles: |\n  []\nmapAccounts: ''\nother: [1]\n", []string{"[]\n"}, ""},
		{"bare keys in another case", "maproles: x\n", []string{"-"}, ""},
		{"merge key", "x: &x {mapRoles: a}\ndata:\n  <<: *x\n  mapUsers: b\n", []string{"a"}, ""},
		{"alias", "data:\n  mapUsers: &x a\n  mapRoles: *x\n", []string{"a"}, ""},
		{"null text", configMap("\n  mapRoles:\n"), []string{""}, ""},
		{"null data", configMap("\n"), []string{"-"}, ""},
		{"other config map", "kind: ConfigMap\nmetadata: {name: other}\ndata: {mapRoles: 1}\n", nil, ""},
		{"other kind", "kind: Secret\nmetadata: {name: aws-auth}\ndata: {mapRoles: 1}\n", nil, ""},
		{"other mapping", "metadata: {name: other}\ndata: {mapRoles: x}\n", nil, ""},
		{"a list of objects", "[" + `{"kind":"Pod"},{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"aws-auth","namespace":"kube-system"},"data":{"mapRoles":"[]"}}]`, []string{"[]"}, ""},
		{"a list of something", "- role: x\n", nil, ""},
		{"entries", "# c\n- rolearn: x\n  username: {{SessionName}}\n", []string{"# c\n- rolearn: x\n  username: {{SessionName}}\n"}, ""},
		{"entries that do not parse", "---\n- {roleARN: x, username: {{SessionName}}-x}\n", []string{"---\n- {roleARN: x, username: {{SessionName}}-x}\n"}, ""},
		{"entries of users", `[{"userarn":"x"}]`, []string{"-"}, ""},
		{"nothing", "", nil, ""},
		{"native list", configMap("\n  mapRoles:\n  - rolearn: x\n  mapUsers: |\n    []\n"), []string{"-"}, `7:3 manifest-shape "mapRoles"`},
		{"number", configMap("\n  mapRoles: []\n  mapAccounts: 111122223333\n"), []string{"-"}, "7:3 manifest-shape \"mapRoles\"\n8:3 manifest-shape \"mapAccounts\""},
		{"data is a text", configMap(" |\n  mapRoles: x\n"), []string{"-"}, `6:1 manifest-shape "data"`},
		{"outside data", "kind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\n  mapUsers: x\nmapRoles: |\n  []\n", []string{"-"},
			"5:3 manifest-shape \"mapUsers\"\n6:1 manifest-shape \"mapRoles\""},
		{"no namespace", "kind: ConfigMap\nmetadata:\n  name: aws-auth\ndata: {mapRoles: x}\napiVersion: v1\n", []string{"x"}, `3:9 manifest-shape "aws-auth"`},
		{"other namespace", "kind: ConfigMap\nmetadata: {name: aws-auth, namespace: default}\ndata: {mapRoles: x}\napiVersion: v1\n", []string{"x"}, `2:39 manifest-shape "default"`},
		{"no version", "kind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {mapRoles: x}\n", []string{"x"}, `1:7 manifest-shape "ConfigMap"`},
		{"no name", "kind: ConfigMap\ndata: {mapRoles: x}\napiVersion: v1\n", []string{"x"}, `1:1 manifest-shape "kind: ConfigMap"`},
		{"twice", configMap("\n  mapRoles: x\n  mapRoles: z\n"), []string{"z"}, `8:3 manifest-shape "mapRoles"`},
		{"two manifests without a marker", configMap("\n  mapRoles: x\n") + configMap("\n  mapRoles: z\n"), []string{"z"},
			"8:1 manifest-shape \"apiVersion\"\n9:1 manifest-shape \"kind\"\n10:1 manifest-shape \"metadata\"\n13:1 manifest-shape \"data\""},
		{"binary data", "kind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\nbinaryData: {mapRoles: W10=, mapUsers: '%'}\n", []string{"-"}, `3:30 manifest-shape "mapUsers"`},
		{"out-dented", "[]\nmapRoles: x\n", nil, "2:1 manifest-syntax \"mapRoles: x\""},
		{"data in another case", "kind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\nData: {mapRoles: x}\n", []string{"-"}, `3:1 manifest-shape "Data"`},
		{"kind in another case", "Kind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {mapRoles: x}\n", []string{"x"}, `1:1 manifest-shape "Kind"`},
		{"merge key after it", configMap("\n  mapRoles: x\n  <<: {mapRoles: z}\n"), []string{"z"}, `8:8 manifest-shape "mapRoles"`},
		{"a word that is no text", configMap("\n  mapRoles: yes\n"), []string{"-"}, `7:3 manifest-shape "mapRoles"`},
		{"binary", configMap("\n  mapRoles: !!binary W10=\n"), []string{"[]"}, ""},
		{"no line feed at the end", configMap("\n  mapRoles: |\n    []"), []string{"[]\n"}, ""},
		{"a tail that no parser reads", configMap("\n  mapRoles: x\n...\n\t@\n"), []string{"x"}, `8:1 manifest-syntax "..."`},
		{"items", "kind: ConfigMap\nmetadata: {name: aws-auth}\nitems: []\n", nil, `3:1 manifest-shape "items"`},
		{"json, then yaml", `{"kind":"Pod"}` + "\n" + configMap("\n  mapRoles: x\n"), []string{"x"}, ""},
		{"json, then too little", `{"kind":"Pod"}` + "\n#x", nil, `2:1 manifest-syntax "#x"`},
		{"tab", "data:\n\tmapRoles: x\n", nil, `2:1 manifest-syntax "\tmapRoles: x"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Read("x.yaml", tt.text)
			var got []string
			for _, d := range f.Documents {
				text, ok := d.Data["mapRoles"]
				if !ok {
					text = "-"
				}
				got = append(got, text)
			}
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.documents) {
				t.Errorf("documents %q, want %q", got, tt.documents)
			}
			if got := problems(f); got != tt.problems {
				t.Errorf("problems:\n%s\nwant:\n%s", got, tt.problems)
			}
		})
	}
}

func TestScan(t *testing.T) {
	for text, want := range map[string][2]int{
		"a: [\n":                                {0, 0},
		"a: [ # aws-auth\n":                     {0, 1},
		"{{ if .x }}\n---\ndata: {mapRoles: x}": {1, 0},
		"mapRoles:\n- rolearn: x\n":             {1, 0},
		"mapRoles:\n- name: x\n":                {0, 0},
		"data:\n  mapRoles:\n  - rolearn: x\n":  {0, 0},
	} {
		f := Scan("x.yaml", text)
		if got := [2]int{len(f.Documents), len(f.Problems)}; got != want {
			t.Errorf("%q: %v documents and problems, want %v", text, got, want)
		}
	}
	if f := Read("x.yaml", "mapRoles:\n- rolearn: x\n"); len(f.Problems) != 0 || f.Documents[0].Data["mapRoles"] != "[{\"rolearn\":\"x\"}]\n" {
		t.Errorf("values with a list: %v", f.Problems)
	}
	if f := Read("x.yaml", "data:\n  mapRoles:\n  - rolearn: x\n"); len(f.Problems) != 1 {
		t.Errorf("a native list under data in a file that was named: %v", f.Problems)
	}
}

func TestWhatIsShownIsAnObjectOfTheCluster(t *testing.T) {
	const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {mapRoles: '[]'}\n"
	const fragment = "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/r\n    username: r\n    groups: [g]\n"
	tests := []struct {
		name, text  string
		read, shown int
	}{
		{"the map", configMap, 1, 1},
		{"data without an object around it", fragment, 1, 0},
		{"Terraform", "resource \"kubernetes_config_map_v1_data\" \"m\" {\n  metadata {\n    name = \"aws-auth\"\n    namespace = \"kube-system\"\n  }\n" +
			"  data = { mapRoles = \"[]\" }\n}\n", 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := len(Read("live", tt.text).Documents); got != tt.read {
				t.Errorf("as a file it has %d documents, want %d", got, tt.read)
			}
			if got := len(Shown("live", tt.text).Documents); got != tt.shown {
				t.Errorf("as what a cluster holds it has %d documents, want %d", got, tt.shown)
			}
		})
	}
}
