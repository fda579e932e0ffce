package manifest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

// TestElsewhere: where a name is found in a text of any form, by the line, and where it is not.
func TestElsewhere(t *testing.T) {
	const configMap = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: "
	wide := strings.Builder{}
	for _, c := range utf16.Encode([]rune("user = Deployer")) {
		wide.Write([]byte{byte(c), byte(c >> 8)})
	}
	for name, tt := range map[string]struct {
		part, text string
		inner      bool // The name goes on at both ends.
		want       string
	}{
		"HCL":                           {text: "a\nname = \"Deployer\"\n", want: "x:2, which has it too"},
		"other case":                    {text: "name: dEPLOYER", want: "x:1, which has it too"},
		"a flag":                        {text: "kubectl create clusterrolebinding x --user=Deployer\n", want: "x:1, which has it too"},
		"longer words":                  {text: "deployers cluster-deployer Deployer_1 Deployer2 xDeployer deployer-x\n"},
		"a longer word first":           {text: "deployers\nDeployer", want: "x:2, which has it too"},
		"nothing":                       {},
		"escapes":                       {text: `{"s":"\u0044eploy\x65r"}`, want: "x:1, which has it too"},
		"after a line feed":             {text: `"users:\nDeployer\n"`, want: "x:1, which has it too"},
		"escaped twice":                 {text: `"{\"s\":\"\\u0022Deployer\\u0022\"}"`, want: "x:1, which has it too"},
		"a backslash in the name":       {part: `Corp\Bob`, text: `"corp\\bob"`, want: "x:1, which has it too"},
		"UTF-16":                        {text: wide.String(), want: "x:1, which has it too"},
		"not UTF-8":                     {text: "\xff\xfe\nDeployer\xff", want: "x:2, which has it too"},
		"a part":                        {part: "eplo", inner: true, text: "Deployer", want: "x:1, which has it too"},
		"in the map":                    {text: configMap + "|\n    - rolearn: arn:aws:iam::111122223333:role/Deployer # Deployer\n      username: Deployer\n"},
		"in a map in quotes":            {text: configMap + `"- rolearn: arn:aws:iam::111122223333:role/d\n  username: \"Deployer\"\n"`},
		"in a map that is broken":       {text: configMap + "|\n    - rolearn: [\n      username: Deployer\n"},
		"after the map":                 {text: configMap + "|\n    - rolearn: arn:aws:iam::111122223333:role/d\n      username: Deployer\n---\nuser: Deployer\n", want: "x:9, which has it too"},
		"in the metadata":               {text: strings.Replace(configMap, "{name", "{labels: {a: Deployer}, name", 1) + "|\n    - rolearn: arn:aws:iam::111122223333:role/d\n", want: "x:3, which has it too"},
		"in what was last applied":      {text: "kind: ConfigMap\napiVersion: v1\nmetadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {\"data\":{\"mapRoles\":\"username: Deployer\"}}\n\n      Deployer\n  name: aws-auth\n"},
		"in JSON that was last applied": {text: "{\"metadata\": {\"annotations\": {\n  \"kubectl.kubernetes.io/last-applied-configuration\": \"{Deployer}\"\n}}}\n"},
		"after what was last applied":   {text: "metadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {}\n    x: Deployer\n", want: "x:5, which has it too"},
		"beside what was last applied":  {text: `{"a":{"kubectl.kubernetes.io/last-applied-configuration":"{}"},"b":"Deployer"}`, want: "x:1, which has it too"},
		"another key of the map":        {text: configMap + "\"\"\n  more: Deployer\n", want: "x:6, which has it too"},
		"another ConfigMap's text":      {text: "kind: ConfigMap\nmetadata: {name: x}\ndata:\n  mapRoles: Deployer\n", want: "x:4, which has it too"},
	} {
		t.Run(name, func(t *testing.T) {
			part := tt.part
			if part == "" {
				part = "Deployer"
			}
			t.Chdir(t.TempDir())
			if err := os.WriteFile("x", []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := NewElsewhere([]string{"x"}, nil, "").Find(part, !tt.inner, !tt.inner); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestElsewhereSaysWhatItDoesNotSearch, rather than that the name is nowhere.
func TestElsewhereSaysWhatItDoesNotSearch(t *testing.T) {
	dir := t.TempDir()
	e := NewElsewhere([]string{filepath.Join(dir, "gone")}, nil, "")
	if got := e.Find("a", true, true); !strings.HasSuffix(got, "gone, which could not be searched") {
		t.Errorf("of a file that is not there: %q", got)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if got := NewElsewhere([]string{dir}, nil, "").Find("a", true, true); !strings.HasSuffix(got, "link, which could not be searched") {
		t.Errorf("of a link that leads nowhere: %q", got)
	}
	many := NewElsewhere(nil, nil, "")
	for i := range maxSought {
		if got := many.Find(strings.Repeat("a", i+1), true, true); got != "" {
			t.Errorf("name %d: %q", i, got)
		}
	}
	if got := many.Find("b", true, true); got != "the other files, which were not searched for so many names" {
		t.Errorf("of one name too many: %q", got)
	}
	if got := many.Find("a", true, true); got != "" {
		t.Errorf("of a name that was looked for before: %q", got)
	}
}
