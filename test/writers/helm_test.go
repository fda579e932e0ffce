package writers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/test/assets"
)

func helmWriters(built assets.Writers) []*writer {
	return []*writer{
		{name: "Helm 4", seen: "the output of `helm upgrade`", missing: built.Helm4 == "", open: helm(built.Helm4, "map-4")},
		{name: "Helm 3", seen: "the output of `helm upgrade`", missing: built.Helm3 == "", open: helm(built.Helm3, "map-3")},
	}
}

// inTemplate keeps Helm from reading the templates of the map as its own.
var inTemplate = strings.NewReplacer("{{", `{{ "{{" }}`) //nolint:gochecknoglobals // A constant.

// helm installs and upgrades a chart that has the map alone. A release whose uninstall was refused takes no upgrade any more, so each
// writer has one of its own.
func helm(program, release string) func(*testing.T, *lab, string) hands {
	return func(t *testing.T, l *lab, kubeconfig string) hands {
		folder := t.TempDir()
		chart := filepath.Join(folder, "aws-auth")
		check(t, os.MkdirAll(filepath.Join(chart, "templates"), 0o700))
		file := func(name, text string) {
			t.Helper()
			check(t, os.WriteFile(filepath.Join(chart, filepath.FromSlash(name)), []byte(text), 0o600))
		}
		file("Chart.yaml", "apiVersion: v2\nname: aws-auth\nversion: 1.0.0\n")
		call := func(t *testing.T, arguments ...string) outcome {
			t.Helper()
			return run(t, folder, []string{"KUBECONFIG=" + kubeconfig}, program, append(arguments, "--namespace", "kube-system")...)
		}
		return hands{
			write: func(t *testing.T, mapRoles string) outcome {
				file("templates/aws-auth.yaml", inTemplate.Replace(manifest(mapRoles)))
				return call(t, "upgrade", "--install", release, chart)
			},
			remove: func(t *testing.T) outcome {
				o, next := call(t, "uninstall", release), call(t, "upgrade", "--install", release, chart)
				if want := "has no deployed releases"; !strings.Contains(next.output, want) {
					t.Errorf("nothing says %q in\n%s", want, next.output)
				}
				o.output += "\nthe next upgrade:\n" + next.output
				return o
			},
		}
	}
}
