package companion

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// FuzzBare holds that nobody is in a text that the policy lets go, whoever reads it.
func FuzzBare(f *testing.F) {
	for _, text := range append(append(append(nothings(), nearLists()...), unusual()...), "{}", "[{}]", "- \n", `["#111122223333"]`, `["#11112222333"]`,
		"# x\u2028- rolearn: arn:aws:iam::111122223333:role/x", "# x\u0085- 111122223333\n", "# x\r- 111122223333\n") {
		f.Add(text)
	}
	e := newEvaluator(f)
	bare := e.bare(f)
	f.Fuzz(func(t *testing.T, text string) {
		c := configMap(map[string]string{"mapRoles": text, "mapUsers": text, "mapAccounts": text}, "")
		nobodyIn(t, bare, c)
		e.complete(t, c)
	})
}

// nobodyIn holds that nobody is in a ConfigMap whose texts count as bare, whatever their size.
func nobodyIn(t *testing.T, bare []*regexp.Regexp, c *corev1.ConfigMap) {
	t.Helper()
	for _, key := range awsauth.Keys() {
		for _, b := range bare {
			if b.MatchString(c.Data[string(key)]) && holdsSomebody(c, key) {
				t.Errorf("%s holds somebody, and counts as bare: %q", key, c.Data[string(key)])
			}
		}
	}
}

// TestNobodyIsInABareText puts into lists that hold somebody, at every place where a text may be, all that comments and quotes are
// made of.
func TestNobodyIsInABareText(t *testing.T) {
	lists := []string{
		"[TEXT, '111122223333']", "- TEXT\n- '111122223333'\n", "['111122223333', TEXT]", "TEXT\n- '111122223333'\n", "[{TEXT: x, rolearn: ARN}]", "- {TEXT: x, userarn: ARN}\n",
		"- TEXT: x\n  rolearn: ARN\n", "- {rolearn: ARN, username: TEXT}\n", "- username: TEXT\n  userarn: ARN\n", "TEXT\n- rolearn: ARN\n", "- TEXT\n- rolearn: ARN\n",
	}
	pieces := []string{"#", " #", "# ", "\n#", " ", "l", "null", "~", ",", "[", "]", "{", "}", "-", "- ", "`", "\ufeff", "\u2028", "\u0085", "\r", "\t", "\f", "\n "}
	bare := newEvaluator(t).bare(t)
	r := rand.New(rand.NewPCG(1, 1))
	held := 0
	for range 50_000 {
		var text strings.Builder
		for range 1 + r.IntN(3) {
			text.WriteString(pieces[r.IntN(len(pieces))])
		}
		quote := []string{"", "\"", "'"}[r.IntN(3)]
		list := strings.NewReplacer("TEXT", quote+text.String()+quote, "ARN", "arn:aws:iam::111122223333:role/x").Replace(lists[r.IntN(len(lists))])
		c := configMap(map[string]string{"mapRoles": list, "mapUsers": list, "mapAccounts": list}, "")
		if slices.ContainsFunc(awsauth.Keys(), func(k awsauth.Key) bool { return holdsSomebody(c, k) }) {
			held++
		}
		nobodyIn(t, bare, c)
	}
	if held < 10_000 {
		t.Errorf("only %d lists hold somebody", held)
	}
}

// unusual are lists that hold somebody, in forms that people seldom write.
func unusual() []string {
	const arn = "arn:aws:iam::111122223333:role/x"
	return []string{
		"- rolearn:  " + arn + "\n", "- {rolearn: " + arn + ", username: x}\n", "[{rolearn: " + arn + ", username: x}]", "-\n  rolearn: " + arn + "\n",
		"- rolearn:\n    " + arn + "\n", "- rolearn: >-\n    " + arn + "\n", "- rolearn: &a " + arn + "\n- rolearn: *a\n  username: x\n",
		"- ? rolearn\n  : " + arn + "\n", "- \"role\\x61rn\": " + arn + "\n", `[{"\u0072olearn":"` + arn + `"}]`, "- !!binary cm9sZWFybg==: " + arn + "\n",
		"- ro\u017flearn: x\n  rolearn: " + arn + "\n", "- u\u017ferarn: arn:aws:iam::111122223333:user/x\n", "%YAML 1.1\n---\n- rolearn: " + arn + "\n",
		"- rolearn: \u00e9" + arn + "\n", "# " + arn + "\n- ROLEARN: x\n", "- !!str 111122223333\n", "- \"1111\\x32\\x32223333\"\n", "[\n'111122223333'\n]\n",
		`[{"#":"1","rolearn":"` + arn + `"}]`, "- {'#': nodes, rolearn: " + arn + "}\n", "- {' # ': x, rolearn: " + arn + "}\n", "- {l#: x, rolearn: " + arn + "}\n",
		`["#", "111122223333"]`, "['null # ', '111122223333']", "[n#, '111122223333']", "- \" #\n  # \"\n- '111122223333'\n", "- {\ufeff#: x, rolearn: " + arn + "}\n",
		"- |-\n  111122223333\n", "- sso:\n    permissionSetName: Admin\n    accountID: \"111122223333\"\n  username: x\n", "- S\u017fO: {permissionSetName: Admin, accountID: \"111122223333\"}\n  username: x\n", "- &a \"111122223333\"\n- *a\n",
	}
}

// TestNoFormLetsADeletePass deletes maps in unusual forms, and those that are known.
func TestNoFormLetsADeletePass(t *testing.T) {
	e := newEvaluator(t)
	for _, text := range unusual() {
		if made := (&edit{Old: configMap(roles(nodes), ""), New: configMap(roles(text), "")}); holdsSomebody(made.New, awsauth.MapRoles) {
			if slices.Contains(e.refusals(t, made), "map-deleted") {
				t.Errorf("the policy says that nothing is left:\n%s", made)
			}
		}
		c := configMap(map[string]string{"mapRoles": text, "mapUsers": text, "mapAccounts": text}, "")
		if !slices.ContainsFunc(awsauth.Keys(), func(k awsauth.Key) bool { return holdsSomebody(c, k) }) {
			t.Errorf("this holds nobody: %q", text)
		}
		e.complete(t, c)
		for _, nothing := range append(nothings(), "- \n", "[{}]", "[[", "{}\n---\n[]\n", "\ufeff[]") {
			made := &edit{Old: configMap(roles(text), ""), New: configMap(roles(nothing), "")}
			if holdsSomebody(made.Old, awsauth.MapRoles) && len(e.refusals(t, made)) == 0 {
				t.Errorf("the policy lets this edit pass:\n%s", made)
			}
		}
	}
	for _, data := range knownMaps(t) {
		e.complete(t, configMap(data, ""))
	}
}
