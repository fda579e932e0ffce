package manifest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// applied is an aws-auth ConfigMap that kubectl takes from a file.
type applied struct {
	namespace string
	data      map[string]string
	binary    map[string][]byte
	immutable bool
	// strange is set where a value under data or binaryData is no text, which the API server refuses.
	strange bool
}

// kubectl reads a text with the code of kubectl itself, from the bytes of a file to single objects.
func kubectl(t *testing.T, text string) ([]applied, error) {
	t.Helper()
	in := transform.NewReader(strings.NewReader(text), unicode.BOMOverride(unicode.UTF8.NewDecoder()))
	infos, err := resource.NewLocalBuilder().Unstructured().ContinueOnError().Stream(in, "file").Flatten().Do().Infos()
	var all []applied
	for _, info := range infos {
		u, ok := info.Object.(*unstructured.Unstructured)
		if !ok || u.GetKind() != kindConfigMap || info.Name != awsauth.Name {
			continue
		}
		a := applied{namespace: info.Namespace, data: map[string]string{}, binary: map[string][]byte{}}
		for key, v := range a.section(u, "data") {
			switch v := v.(type) {
			case nil:
				a.data[key] = ""
			case string:
				a.data[key] = v
			default:
				a.strange = true
			}
		}
		for key, v := range a.section(u, "binaryData") {
			s, _ := v.(string)
			b, err := base64.StdEncoding.DecodeString(s)
			a.binary[key], a.strange = b, a.strange || err != nil
		}
		a.immutable, _ = u.Object["immutable"].(bool)
		all = append(all, a)
	}
	return all, err
}

func (a *applied) section(u *unstructured.Unstructured, name string) map[string]any {
	v := u.Object[name]
	m, ok := v.(map[string]any)
	a.strange = a.strange || !ok && v != nil
	return m
}

// checkAsKubectl wants every aws-auth that kubectl takes from a text to be read with the same data, namespace and
// immutable, in this order.
// alone wants no other document. What kubectl refuses must be a problem.
func checkAsKubectl(t *testing.T, text string, alone bool) {
	t.Helper()
	want, err := kubectl(t, text)
	f := Read("x.yaml", text)
	if err != nil && strings.Contains(err.Error(), "error parsing") && len(f.Problems)+len(f.Notes)+lists(f) == 0 {
		t.Errorf("kubectl refuses the file, and nothing is reported: %v\n%q", err, text)
	}
	if slices.ContainsFunc(f.Notes, func(n Note) bool { return n.What == Template }) {
		return // what looks like a template is not read
	}
	rest := f.Documents
	for _, w := range want {
		for len(rest) > 0 && !same(rest[0], w) {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			t.Errorf("kubectl applies %q, and no document has that data\n%q\n%s", w.data, text, dump(f))
			return
		}
		rest = rest[1:]
		if w.strange && len(f.Problems) == 0 {
			t.Errorf("data that is no text is not reported\n%q", text)
		}
	}
	if namespaces := misplaced(want); alone && err == nil && (len(f.Documents) != len(want) || count(f, "namespace") != namespaces) {
		t.Errorf("kubectl applies %d aws-auth, %d of them elsewhere; read were\n%s\nof %q", len(want), namespaces, dump(f), text)
	}
}

func same(d *Document, w applied) bool {
	return reflect.DeepEqual(d.Data, w.data) && d.Immutable == w.immutable && len(d.BinaryData) == len(w.binary) && (len(w.binary) == 0 || reflect.DeepEqual(d.BinaryData, w.binary))
}

// lists is how many bare lists a file is: kubectl is not for these.
func lists(f *File) int {
	n := 0
	for _, d := range f.Documents {
		for _, v := range d.values {
			if _, ok := v.(whole); ok {
				n++
			}
		}
	}
	return n
}

func misplaced(all []applied) int {
	n := 0
	for _, a := range all {
		if a.namespace != awsauth.Namespace {
			n++
		}
	}
	return n
}

func count(f *File, word string) int {
	n := 0
	for _, p := range f.Problems {
		if p.Rule == RuleShape && strings.Contains(p.Message(), word) {
			n++
		}
	}
	return n
}

func dump(f *File) string {
	var b strings.Builder
	for _, d := range f.Documents {
		fmt.Fprintf(&b, "data %q binary %q\n", d.Data, d.BinaryData)
	}
	return b.String() + problems(f)
}

// writer makes manifests at random, of all that kubectl's reader and a parser of YAML could take differently.
type writer struct{ *rand.Rand }

func (w writer) pick(s ...string) string { return s[w.IntN(len(s))] }

// scalar writes a text in one of the ways of YAML, at an indentation.
func (w writer) scalar(s, indent string) string {
	quoted, _ := json.Marshal(s)
	lines := strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n"+indent+"  ")
	block := w.pick("|", "|-", "|+", ">", "|2", "!!str |", "!own |", "&b |") + w.pick("", " # c") + "\n" + indent + "  " + lines
	if s == "" || strings.Contains(indent, "{") || s[0] == ' ' {
		block = string(quoted)
	}
	return w.pick(
		string(quoted), "!!str "+string(quoted), "! "+string(quoted), "&a "+string(quoted), "!own "+string(quoted),
		"'"+strings.ReplaceAll(strings.ReplaceAll(s, "'", "''"), "\n", "\n\n"+indent+"  ")+"'",
		"!!binary "+base64.StdEncoding.EncodeToString([]byte(s)), strings.ReplaceAll(string(quoted), "a", `\x61`),
		strings.ReplaceAll(string(quoted), "o", "\\\n"+indent+"   o"), block, block, block,
	)
}

func (w writer) mapText() string {
	return w.pick("[]", "x", "", "- rolearn: a/b\n  username: dev\n", "- rolearn: x\n\n  username: é\n\n", "a\tb", "it's", "\u2028x", "# aws-auth\n[]\n", " x\n")
}

func (w writer) value(indent string) string {
	if w.IntN(8) == 0 {
		return w.pick("yes", "~", "null", "12", "", "[]", "{}", "0x1f", ".5", "2001-01-01", "y", "*a", "!!null", "<<", "!!str 12", "!own 12")
	}
	return w.scalar(w.mapText(), indent)
}

func (w writer) key(name string) string {
	return w.pick(name, name, name, name, `"`+name+`"`, "'"+name+"'", "!!str "+name, "? "+name+"\n  ", strings.ReplaceAll(`"`+name+`"`, "a", `\x61`),
		"!!binary "+base64.StdEncoding.EncodeToString([]byte(name)), strings.ToUpper(name))
}

// object writes a ConfigMap in block style.
func (w writer) object() string {
	var b strings.Builder
	if w.IntN(4) == 0 {
		fmt.Fprintf(&b, "x: &m {mapRoles: %s, name: aws-auth}\n", w.pick("a", "'b'"))
	}
	b.WriteString(w.pick("apiVersion: v1\n", "apiVersion: v1\n", ""))
	fmt.Fprintf(&b, "kind: %s\n", w.pick("ConfigMap", "ConfigMap", "ConfigMap", "'ConfigMap'", `"Config\x4dap"`, "!!str ConfigMap", "Secret", "Config\\\nMap"))
	fmt.Fprintf(&b, "metadata:\n  name: %s\n", w.pick("aws-auth", "aws-auth", `"aws-auth"`, `"aws\x2dauth"`, "!!binary YXdzLWF1dGg=", "&n aws-auth", "other", "!own aws-auth"))
	b.WriteString(w.pick("  namespace: kube-system\n", "  namespace: kube-system\n", "  namespace: !!str kube-system\n", "  namespace: default\n", "", "  <<: {name: other}\n"))
	for range 1 + w.IntN(5)/4 {
		b.WriteString(w.pick("data:\n", "data:\n", "data: # c\n", "data: &d\n", "!!str data:\n"))
		for range 1 + w.IntN(3) {
			fmt.Fprintf(&b, "  %s: %s\n", w.key(w.pick("mapRoles", "mapRoles", "mapUsers", "mapAccounts", "other")), w.value("  "))
			if w.IntN(6) == 0 {
				b.WriteString("  <<: " + w.pick("{mapRoles: z}", "[{mapRoles: a}, {mapRoles: b}]", "*m", "\n    mapUsers: |\n      f", "[]", "!!map {mapRoles: r}") + "\n")
			}
		}
	}
	immutable := "immutable: " + w.pick("true", "true", "on", "Y", "!!bool true", "'true'", "false", "*a", "1") + "\n"
	b.WriteString(w.pick("", "", "", "binaryData: {mapRoles: W10=}\n", "binaryData: {a: '%'}\n", immutable, "items: []\n", "Data: {mapRoles: x}\n"))
	return b.String()
}

// asJSON writes a ConfigMap as JSON, with what JSON has and YAML lacks.
func (w writer) asJSON() string {
	text := func() string {
		s, _ := json.Marshal(w.mapText())
		return w.pick(string(s), strings.ReplaceAll(string(s), "/", `\/`), `"\ud83d\ude00"`, `"\ud800"`, "\"\u007f\"", "\"\ufeff\u0085\"", "null", "1e3", `"a\/b"`)
	}
	return fmt.Sprintf("{%s\"kind\":%s\"ConfigMap\", \"apiVersion\":\"v1\",\n%s\"metadata\": {\"name\": %s, \"namespace\":\"kube-system\"},\n\"data\": {%s: %s, %s: %s}}",
		w.pick("", "\t", "\n\t", "\r"), w.pick("", "\t"), w.pick("", "\t\t"), w.pick(`"aws-auth"`, `"aws\u002dauth"`, `"x"`),
		w.pick(`"mapRoles"`, `"map\u0052oles"`), text(), w.pick(`"mapRoles"`, `"mapUsers"`), text())
}

func (w writer) document() string {
	switch w.IntN(8) {
	case 0:
		return w.asJSON() + w.pick("", "\n", " ", "\r\n")
	case 1:
		kind := w.pick("List", "ConfigMapList", "ConfigMap")
		item := strings.ReplaceAll(w.object(), "\n", "\n  ")
		if w.IntN(2) == 0 {
			item = "metadata: {name: aws-auth, namespace: kube-system}\n  data: {mapRoles: " + w.pick("x", "'y'") + "}\n"
		}
		return "kind: " + kind + "\napiVersion: v1\nitems:\n- " + item + "\n"
	case 2:
		return w.pick("# only a comment\n", "\n", "kind: Pod\nmetadata: {name: x}\n", "null\n", "# aws-auth\n\n")
	}
	return w.object()
}

// stream writes several documents, and in a few cases what kubectl takes for none.
func (w writer) stream() string {
	var b strings.Builder
	b.WriteString(w.pick("", "", "", "", "\ufeff", "---\n", "# c\n", "%YAML 1.1\n---\n", " ", "\n\n"))
	for i := range 1 + w.IntN(3) {
		if i > 0 {
			b.WriteString(w.pick("---\n", "---\n", "---\n", "--- # c\n", "---\r\n", "--- \t\n", "...\n", "...\n---\n", "--- !!map\n", "--- text\n",
				"\r---\r", "", "---\n---\n", "----\n", " ---\n", "\u2028---\u2028", "\ufeff---\n", "...\n\t@\n"))
		}
		b.WriteString(w.document())
	}
	text := b.String()
	switch w.IntN(8) {
	case 0:
		return strings.ReplaceAll(text, "\n", "\r\n")
	case 1:
		return strings.ReplaceAll(text, "\n", "\r")
	case 2, 3:
		return strings.TrimRight(text, "\n")
	}
	return text
}

// TestAsKubectl reads manifests made at random: the map that is checked must be the map that kubectl applies.
func TestAsKubectl(t *testing.T) {
	w := writer{rand.New(rand.NewPCG(13, 2))}
	maps, refused, failures := 0, 0, 0
	for range 3000 {
		text := w.stream()
		found, err := kubectl(t, text)
		if maps += len(found); err != nil {
			refused++
		}
		checkAsKubectl(t, text, true)
		if t.Failed() {
			if failures++; failures > 5 {
				return
			}
		}
	}
	if maps < 800 || refused < 500 {
		t.Errorf("%d maps and %d refusals in the texts: too few to say anything", maps, refused)
	}
}

// FuzzAsKubectl holds the reader against kubectl's on any text.
func FuzzAsKubectl(f *testing.F) {
	w := writer{rand.New(rand.NewPCG(1, 1))}
	for range 50 {
		f.Add(w.stream())
	}
	for _, text := range []string{plan, clusterConfig, "{a}", `{"a":1}` + "\n#x", `{"a":1}{"a":1}x`, "%YAML 1.1\n", "---", "a: |\n  b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if checkText([]byte(text)) == nil {
			checkAsKubectl(t, text, false)
		}
	})
}
