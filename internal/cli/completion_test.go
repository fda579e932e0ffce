package cli

import (
	"strings"
	"testing"
)

// TestCompletionOfTheCluster asks for what the shell is to offer where it depends on the kubeconfig and the cluster.
func TestCompletionOfTheCluster(t *testing.T) {
	c := simulated{}
	c.kept(2, false, "nodes lose access", map[string]string{"mapRoles": "[]\n"})
	c.kept(1, true, "first state", map[string]string{"mapUsers": "[]\n"})
	t.Setenv("KUBECONFIG", c.start(t))
	second, first := "2\t2026-03-02T10:00:00Z, not good, by ann: nodes lose access\n", "1\t2026-03-01T10:00:00Z, good, by ann: first state\n"
	for line, want := range map[string]string{
		"audit --context ":           "blue\ngreen\n:4",
		"audit --contexts ":          "blue\ngreen\n:6",
		"audit --contexts blue,":     "blue,green\n:6",
		"undo --context ":            "blue\ngreen\n:4",
		"whoami --user ":             "ann\nbob\n:4",
		"diff --cluster ":            "blue-cluster\n:4",
		"undo --to ":                 second + first + ":36",
		"diff --revision ":           second + first + ":36",
		"diff --revision 1 --to 2":   second + ":36",
		"history --namespace ":       "aws-auth-guard\n:4",
		"undo --override node-acc":   "node-access-lost\ta node role loses its mapping\n:6",
		"undo --override a,node-acc": "a,node-access-lost\ta node role loses its mapping\n:6",
		"undo ":                      ":4",
		"whoami ":                    ":4",
		"lint ":                      "yaml\nyml\njson\n:8",
		"fix ":                       "yaml\nyml\njson\n:8",
		"access-entries plan ":       "yaml\nyml\njson\n:8",
		"lint --policy ":             "yaml\nyml\njson\n:8",
		"diff --old ":                "yaml\nyml\njson\n:8",
		"whoami -f ":                 "yaml\nyml\njson\n:8",
		"lint --color ":              "auto\nalways\nnever\n:4",
		"lint -o ":                   "text\ngithub\nhtml\njson\njunit\nmarkdown\nsarif\n:4",
		"version -o ":                "text\njson\nyaml\n:4",
	} {
		words := append([]string{"__complete"}, strings.Split(line, " ")...)
		if _, out := run(t, "", words...); strings.TrimSpace(out) != want {
			t.Errorf("%s<tab> offers\n%s\nwant\n%s", line, out, want)
		}
	}
	// Without a cluster there is nothing to offer, and nothing to complain of.
	t.Setenv("KUBECONFIG", "missing")
	if _, out := run(t, "", "__complete", "undo", "--to", ""); strings.TrimSpace(out) != ":36" {
		t.Errorf("without a cluster: %s", out)
	}
}
