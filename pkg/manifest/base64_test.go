package manifest

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"strings"
	"testing"
)

func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func in64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// TestBase64: what a Secret holds of the map is noted, named or found, and nothing is said of other Secrets.
func TestBase64(t *testing.T) {
	const (
		head   = "apiVersion: v1\nkind: Secret\nmetadata: {name: values}\n"
		values = "x:\n  mapRoles:\n  - rolearn: arn:aws:iam::111122223333:role/team/dev\n    username: dev\n"
		object = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\n"
		said   = "mapRoles in base64 in a Secret (v1), not checked"
	)
	wrapped := func(text string) string {
		all := ""
		for line := in64(text); line != ""; {
			n := min(len(line), 40)
			all, line = all+"    "+line[:n]+"\n", line[n:]
		}
		return all
	}
	for _, tt := range []struct{ name, text, want string }{
		{"values", head + "data:\n  values.yaml: " + in64(values) + "\n", said},
		{"a manifest", head + "data:\n  x: " + in64(object) + "\n", "aws-auth in base64 in a Secret (v1), not checked"},
		{"over lines", head + "data:\n  values.yaml: |\n" + wrapped(values), said},
		{"JSON", `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"},"data":{"a":"` + in64(`{"mapRoles":[]}`) + `"}}`, said},
		{"a release of Helm", head + "type: helm.sh/release.v1\ndata:\n  release: " + in64(in64(packed(t, `{"manifest":"data:\n  mapRoles: x"}`))) + "\n", said},
		{"in a List", "apiVersion: v1\nkind: List\nitems:\n- kind: Secret\n  apiVersion: v1\n  data: {a: " + in64(values) + "}\n", said},
		{"in a SecretList", `{"apiVersion":"v1","kind":"SecretList","items":[{"apiVersion":"v1","kind":"Secret","data":{"a":"` + in64(values) + `"}}]}`, said},
		{"binaryData", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\nbinaryData: {values.yaml: " + in64(values) + "}\n", "mapRoles in base64 in a ConfigMap (v1), not checked"},
		{"stringData", head + "stringData:\n  values.yaml: |\n    " + strings.ReplaceAll(strings.TrimSpace(values), "\n", "\n    ") + "\n", "mapRoles in a Secret (v1), not checked"},
		{"another text", head + "data:\n  a: " + in64("x: [y]\n") + "\n", ""},
		{"no text", head + "data:\n  a: " + in64("mapRoles: \xff") + "\n", ""},
		{"no base64", head + "data:\n  a: '%'\n  b:\n  c: [x]\n", ""},
		{"a field of another kind", "apiVersion: v1\nkind: Secrets\ndata: {a: " + in64(values) + "}\n", ""},
		{"broken", head + "data:\n  a: " + in64(values) + "\n b: [\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for how, f := range map[string]*File{"named": Read("x.yaml", tt.text), "found": Scan("x.yaml", tt.text)} {
				if len(f.Problems) > 0 && (tt.name != "broken" || how == "found") || len(f.Documents) > 0 {
					t.Errorf("%s: %s, documents %s", how, problems(f), dump(f))
				}
				switch {
				case tt.want == "" && len(f.Notes) == 0:
				case len(f.Notes) != 1 || !strings.HasPrefix(f.Notes[0].Message, tt.want) || tt.want == "":
					t.Errorf("%s: %+v, want %q", how, f.Notes, tt.want)
				}
			}
		})
	}
}

// TestBase64IsBounded: what is packed can't grow without end, and what is not looked at is noted.
func TestBase64IsBounded(t *testing.T) {
	bomb := in64(packed(t, strings.Repeat(" ", maxDecoded+10)))
	if n := len(decoded(bomb)); n != maxDecoded {
		t.Errorf("%d bytes", n)
	}
	text := ""
	for range maxAllDecoded/maxDecoded + 2 {
		text += "---\nkind: Secret\napiVersion: v1\ndata: {a: " + bomb + "}\n"
	}
	f := Scan("x.yaml", text)
	if len(f.Notes) != 1 || !strings.HasPrefix(f.Notes[0].Message, "a of a Secret (v1) was not looked at") {
		t.Errorf("%+v", f.Notes)
	}
}
