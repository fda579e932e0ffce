package manifest

import (
	"fmt"
	"testing"
)

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
