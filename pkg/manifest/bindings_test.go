package manifest

import (
	"fmt"
	"testing"
)

// TestSubjectsToFillIn: a subject that another tool has yet to name may be anybody. Names as OIDC gives them are names.
func TestSubjectsToFillIn(t *testing.T) {
	for name, known := range map[string]bool{
		"jane": true, "jane@example.com": true, "https://accounts.example.com#1234": true, "CN=jane,O=x": true, "a%40b": true, "ops (prod)": true,
		"{{ .Values.user }}": false, "${USER}": false, "$(USER)": false, "$USER": false, "@USER@": false, "<USER>": false, "((user))": false,
		"#{user}#": false, "%USER%": false, "{% user %}": false, "<%= user %>": false, "": false,
	} {
		for _, kind := range []string{"User", "Group"} {
			_, all := Bindings(fmt.Sprintf(`{"kind":"RoleBinding","metadata":{"name":"a"},"subjects":[{"kind":%q,"name":%q}]}`, kind, name))
			if all != known {
				t.Errorf("%s %q: known %v, want %v", kind, name, all, known)
			}
		}
	}
}

func TestBindings(t *testing.T) {
	const head = "apiVersion: rbac.authorization.k8s.io/v1\n"
	one := head + "kind: ClusterRoleBinding\nmetadata: {name: ops}\nsubjects:\n- {kind: User, name: Ops}\n- {kind: Group, name: Devs}\n- {kind: ServiceAccount, name: x}\n"
	for name, tt := range map[string]struct {
		text, want string
		unknown    bool
	}{
		"one":              {text: one, want: "[{ClusterRoleBinding ops [Ops] [Devs]}]"},
		"in a namespace":   {text: head + "kind: RoleBinding\nmetadata: {name: a, namespace: prod}\nsubjects: [{kind: User, name: Jane}]\n", want: "[{RoleBinding prod/a [Jane] []}]"},
		"in a stream":      {text: "kind: Pod\n---\n" + one, want: "[{ClusterRoleBinding ops [Ops] [Devs]}]"},
		"in a List":        {text: `{"kind":"List","items":[{"kind":"RoleBinding","metadata":{"name":"a"},"subjects":[{"kind":"User","name":"A"}]}]}`, want: "[{RoleBinding a [A] []}]"},
		"in a typed List":  {text: `{"kind":"ClusterRoleBindingList","items":[{"metadata":{"name":"a"},"subjects":[{"kind":"User","name":"A"}]}]}`, want: "[{ClusterRoleBinding a [A] []}]"},
		"escaped":          {text: `{"kind":"Role\u0042inding","metadata":{"name":"a"},"subjects":[{"kind":"User","name":"A"}]}`, want: "[{RoleBinding a [A] []}]"},
		"no subjects":      {text: head + "kind: RoleBinding\n", want: "[{RoleBinding  [] []}]"},
		"other kinds":      {text: "kind: ClusterRole\nsubjects: [{kind: User, name: A}]\n", want: "[]"},
		"a template":       {text: "{{- if .Values.x }}\n" + one + "{{- end }}\n", want: "[]", unknown: true},
		"a name to fill":   {text: `{"kind":"RoleBinding","metadata":{"name":"a"},"subjects":[{"kind":"User","name":"{{ .Values.user }}"}]}`, want: "[{RoleBinding a [{{ .Values.user }}] []}]", unknown: true},
		"broken":           {text: "kind: RoleBinding\n  subjects: [\n", want: "[]", unknown: true},
		"broken elsewhere": {text: "a: [\n---\n" + one, want: "[{ClusterRoleBinding ops [Ops] [Devs]}]"},
		"dropped":          {text: "kind: Pod\n...\n" + one, want: "[]", unknown: true},
	} {
		t.Run(name, func(t *testing.T) {
			found, all := Bindings(tt.text)
			if got := fmt.Sprint(found); got != tt.want || all == tt.unknown {
				t.Errorf("got %s, all of them: %v; want %s", got, all, tt.want)
			}
		})
	}
}
