package cli

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestCalledAs reads the name from the program's path.
func TestCalledAs(t *testing.T) {
	for arg0, want := range map[string]program{
		"":                                {"kubectl-aws_auth", "kubectl aws-auth"},
		"kubectl-aws_auth":                {"kubectl-aws_auth", "kubectl aws-auth"},
		"/usr/local/bin/kubectl-aws_auth": {"kubectl-aws_auth", "kubectl aws-auth"},
		"/x/bin/kubectl-aws_auth_guard":   {"kubectl-aws_auth_guard", "kubectl aws-auth-guard"},
		"kubectl-aws_auth_guard.exe":      {"kubectl-aws_auth_guard", "kubectl aws-auth-guard"},
		"kubectl-eks-aws_auth":            {"kubectl-eks-aws_auth", "kubectl eks aws-auth"},
		"./guard":                         {"guard", "guard"},
	} {
		if got := calledAs(arg0); got != want {
			t.Errorf("%q: %v, want %v", arg0, got, want)
		}
	}
}

func TestSayTwice(t *testing.T) {
	for _, arg0 := range []string{"kubectl-aws_auth", "kubectl-aws_auth_guard", "guard"} {
		p := calledAs(arg0)
		once := p.say("run `kubectl aws-auth lint`, then kubectl aws-auth; the map aws-auth stays")
		if want := strings.ReplaceAll("run `X lint`, then X; the map aws-auth stays", "X", p.words); once != want {
			t.Errorf("%q, want %q", once, want)
		}
		if twice := p.say(once); twice != once {
			t.Errorf("said twice: %q", twice)
		}
	}
}

// named finds what the program could be called in a text.
var named = regexp.MustCompile(`kubectl[ -]aws[-_]auth(?:[-_]guard)?`)

// TestName runs every command, rightly and wrongly, under each name that it may have: no text gives another.
func TestName(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"role.yaml":     "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/team/dev\n    username: Dev\n",
		"chart.yaml":    "mapRoles: |\n  - rolearn: {{ .Values.role }}\n    username: dev\n",
		"lost.yaml":     "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/dev\n   username: dev\n",
		"noconfig.yaml": "apiVersion: v1\nkind: Config\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("KUBECONFIG", "noconfig.yaml")
	lines := [][]string{
		{}, {"lnt"}, {"role.yaml"}, {"help"}, {"help", "lnt"}, {"--version"}, {"version"}, {"version", "-o", "json"}, {"options"},
		{"explain"}, {"explain", "rolepath"}, {"explain", "zzzzzzzzz"}, {"explain", "a", "b"}, {"explain", "system-masters"},
		{"undo", "7"}, {"undo"}, {"undo", "--yes"}, {"undo", "--to", "0"}, {"history"}, {"history", "7"}, {"audit"}, {"audit", "prod"},
		{"diff"}, {"diff", "a", "b"}, {"diff", "--to", "8"}, {"diff", "--revision", "0"}, {"diff", "--old", "role.yaml", "-f", "lost.yaml"},
		{"whoami"}, {"whoami", "arn:aws:iam::111122223333:role/x", "-f", "role.yaml"}, {"whoami", "arn:aws:iam::111122223333:role/x", "-f", "lost.yaml"},
		{"lint", "role.yaml", "chart.yaml", "lost.yaml"}, {"lint", "nothing.yaml"}, {"fix", "--diff", "role.yaml", "chart.yaml"},
		{"fix", "role.yaml", "lost.yaml"}, {"access-entries", "lost.yaml", "--cluster", "c"}, {"access-entries", "role.yaml", "--cluster", "c", "-o", "cli"},
	}
	for format := range formats {
		lines = append(lines, []string{"lint", "-o", format, "role.yaml", "chart.yaml", "lost.yaml"})
	}
	for form := range accessEntryForms {
		lines = append(lines, []string{"access-entries", "role.yaml", "--cluster", "c", "-o", form})
	}
	root := Command()
	shells(root)
	lines = append(lines, everyCommand(root)...)
	for _, arg0 := range []string{"kubectl-aws_auth", "kubectl-aws_auth_guard", "guard"} {
		p, seen := calledAs(arg0), 0
		for _, line := range lines {
			var out bytes.Buffer
			Run(line, Streams{In: strings.NewReader(""), Out: &out, Err: &out, Program: arg0})
			if strings.Contains(out.String(), p.words) {
				seen++
			}
			for _, found := range named.FindAllString(out.String(), -1) {
				if found != p.words && found != p.file {
					t.Errorf("%s %s: calls itself %q:\n%s", arg0, strings.Join(line, " "), found, &out)
					break
				}
			}
		}
		if seen < len(lines)*3/4 {
			t.Errorf("%s: only %d of %d commands name the program", arg0, seen, len(lines))
		}
	}
}

// everyCommand is the help of every command, and a wrong use of it.
func everyCommand(c *cobra.Command) [][]string {
	path := strings.Fields(strings.TrimPrefix(c.CommandPath(), c.Root().DisplayName()))
	lines := [][]string{append(path[:len(path):len(path)], "--help"), append(path[:len(path):len(path)], "--no-such-flag"), path}
	for _, sub := range c.Commands() {
		lines = append(lines, everyCommand(sub)...)
	}
	return lines
}
