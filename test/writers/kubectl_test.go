package writers

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/test/controlplane"
	"github.com/aws-auth-guard/aws-auth-guard/test/guard"
)

const terminal = "the terminal"

// manifest is the map as a manifest.
func manifest(mapRoles string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\ndata:\n  mapRoles: |\n" + indented(mapRoles)
}

func indented(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ") + "\n"
}

// quoted is a text in JSON, and so in HCL.
func quoted(text string) string {
	raw, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// kubectlWriters are the ways in which a person writes with kubectl.
func kubectlWriters() []*writer {
	writers := []*writer{{name: "kubectl edit", begins: true, open: openEdit}}
	for _, way := range []struct {
		name      string
		begins    bool
		arguments []string
		// patch makes the argument of a patch; without it the manifest is read from standard input.
		patch func(mapRoles string) string
	}{
		{name: "kubectl apply", arguments: []string{"apply", "-f", "-"}},
		{name: "kubectl apply --server-side", arguments: []string{"apply", "--server-side", "-f", "-"}},
		{name: "kubectl replace", begins: true, arguments: []string{"replace", "-f", "-"}},
		{
			name: "kubectl patch --type=merge", begins: true, arguments: []string{"patch", "configmap", "aws-auth", "--type=merge", "-p"},
			patch: func(mapRoles string) string { return `{"data":{"mapRoles":` + quoted(mapRoles) + `}}` },
		},
		{
			name: "kubectl patch --type=json", begins: true, arguments: []string{"patch", "configmap", "aws-auth", "--type=json", "-p"},
			patch: func(mapRoles string) string {
				return `[{"op":"replace","path":"/data/mapRoles","value":` + quoted(mapRoles) + `}]`
			},
		},
	} {
		writers = append(writers, &writer{name: way.name, begins: way.begins, open: func(_ *testing.T, l *lab, kubeconfig string) hands {
			return hands{
				write: func(t *testing.T, mapRoles string) outcome {
					arguments, input := append([]string{"-n", "kube-system"}, way.arguments...), manifest(mapRoles)
					if way.patch != nil {
						arguments, input = append(arguments, way.patch(mapRoles)), ""
					}
					return kubectl(t, l, controlplane.Call{Kubeconfig: kubeconfig, Arguments: arguments, Input: input})
				},
				remove: func(t *testing.T) outcome {
					return kubectl(t, l, controlplane.Call{Kubeconfig: kubeconfig, Arguments: []string{"delete", "configmap", "aws-auth", "-n", "kube-system"}})
				},
			}
		}})
	}
	for _, w := range writers {
		w.seen = terminal
	}
	return writers
}

// openEdit edits the map; whoever is refused sees the editor again, and gives up.
func openEdit(_ *testing.T, l *lab, kubeconfig string) hands {
	edit := func(t *testing.T, steps ...guard.Step) outcome {
		editor, err := guard.NewEditor(t.TempDir(), steps...)
		check(t, err)
		command, err := editor.Command()
		check(t, err)
		o := kubectl(t, l, controlplane.Call{
			Kubeconfig: kubeconfig, Arguments: []string{"edit", "configmap", "aws-auth", "-n", "kube-system"},
			Editor: command, Environment: editor.Environment(),
		})
		seen, err := editor.Seen()
		check(t, err)
		if len(seen) > 1 {
			comments, _, _ := strings.Cut(seen[1], "\napiVersion:")
			o.output = "the editor opens again:\n" + comments + "\n" + o.output
		}
		return o
	}
	h := hands{write: func(t *testing.T, mapRoles string) outcome {
		return edit(t, guard.Step{Old: indented(l.stored(t).Data["mapRoles"]), New: indented(mapRoles)})
	}}
	// Once it is stored, the person finds nothing to change.
	h.again = func(t *testing.T, mapRoles string) outcome {
		if strings.Contains(mapRoles, bad) {
			return h.write(t, mapRoles)
		}
		return edit(t)
	}
	return h
}

func kubectl(t *testing.T, l *lab, call controlplane.Call) outcome {
	t.Helper()
	r, err := l.Kubectl(t.Context(), call)
	check(t, err)
	t.Logf("kubectl %s: exit %d\n%s%s", strings.Join(call.Arguments, " "), r.ExitCode, r.Output, r.Errors)
	return outcome{r.ExitCode, r.Errors + r.Output}
}
