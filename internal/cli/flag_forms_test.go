package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// formWords are what an error about the value of a flag has to say, by the type of the flag.
var formWords = map[string]string{"bool": "true or false", "int": "a whole number", "int64": "the whole number", "duration": "a duration"}

// TestFlagForms: a wrong value of any flag of any command, or none, is answered with what the flag takes.
func TestFlagForms(t *testing.T) {
	checked := map[string]int{}
	var walk func(c *cobra.Command, path []string)
	walk = func(c *cobra.Command, path []string) {
		for _, sub := range c.Commands() {
			walk(sub, append(path[:len(path):len(path)], sub.Name()))
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			kind := f.Value.Type()
			if want := formWords[kind]; want != "" {
				checked[kind]++
				asks(t, append(path[:len(path):len(path)], "--"+f.Name+"=x"), "--"+f.Name+` "x": write `+want)
			}
			if f.NoOptDefVal == "" {
				checked["none"]++
				asks(t, append(path[:len(path):len(path)], "--"+f.Name), "--"+f.Name+" needs a value: write ")
			}
		})
	}
	walk(Command(), nil)
	for _, kind := range []string{"bool", "int", "int64", "duration", "none"} {
		if checked[kind] == 0 {
			t.Errorf("no flag of the kind %s was met", kind)
		}
	}
}

// asks runs a command line that is wrong, and looks for what is said of it.
func asks(t *testing.T, args []string, want string) {
	t.Helper()
	var out, err bytes.Buffer
	if code := Run(args, Streams{In: strings.NewReader(""), Out: &out, Err: &err}); code != exitUsage || !strings.Contains(err.String(), want) {
		t.Errorf("%q: exit %d, want %q in\n%s", args, code, want, err.String())
	}
}

// TestKubeconfigThatDoesNotParse: what is no kubeconfig is named with its line, in no words of Go's.
func TestKubeconfigThatDoesNotParse(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"no YAML":       {"apiVersion: v1\nclusters: [\n", "is not the YAML of a kubeconfig, see line"},
		"a text":        {"hello\n", "is not the YAML of a kubeconfig"},
		"a list":        {"- a\n- b\n", "is not the YAML of a kubeconfig"},
		"wrong types":   {"apiVersion: v1\nkind: Config\nclusters: 7\n", "is not the YAML of a kubeconfig"},
		"another kind":  {"apiVersion: v1\nkind: Pod\n", "is not the YAML of a kubeconfig"},
		"a later API":   {"apiVersion: v9\nkind: Config\n", "is not the YAML of a kubeconfig"},
		"binary":        {"\x00\x01\x02", "is not the YAML of a kubeconfig"},
		"broken base64": {"apiVersion: v1\nkind: Config\nclusters:\n- name: a\n  cluster: {certificate-authority-data: '!'}\n", "is not the YAML of a kubeconfig"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "kubeconfig")
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, command := range [][]string{{"audit"}, {"whoami"}, {"doctor"}, {"get"}, {"history"}, {"whoami", "--kubeconfig-user"}, {"audit", "--all-contexts"}} {
				var out, err bytes.Buffer
				code := Run(append(command[:len(command):len(command)], "--kubeconfig", path), Streams{In: strings.NewReader(""), Out: &out, Err: &err})
				said := err.String()
				if code != exitUnreadable || !strings.Contains(said, tt.want) || strings.Contains(said, "Go ") || strings.Contains(said, "json:") || strings.Contains(said, "yaml:") {
					t.Errorf("%v: exit %d\n%s", command, code, said)
				}
			}
		})
	}
}

// TestWordsThatAreNothing: a word where a file or a principal belongs is refused as such, with what to write.
func TestWordsThatAreNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "map.yaml")
	if err := os.WriteFile(file, []byte("mapRoles: |\n  []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"access-entries", "nope"}, `unknown command "nope", and no file either; write plan, apply, snapshot or verify`},
		{[]string{"access-entries", "verfy"}, `unknown command "verfy"; did you mean verify?`},
		{[]string{"get", "nope"}, `"nope" is no ARN and no account: write arn:aws:iam::ACCOUNT:role/NAME`},
		{[]string{"get", "mapRoles"}, `"mapRoles" is no ARN and no account`},
		{[]string{"get", ""}, `"" is no ARN and no account`},
		{[]string{"get", file}, "is a file; write: kubectl aws-auth get -f "},
		{[]string{"get", "arn:aws:iam::111122223333:role/a", "b"}, "give one ARN or account and no more"},
		{[]string{"explain", "a", "b"}, `explain takes one rule, and no rule is named "a"`},
		{[]string{"explain", "role-path", "arn-knd"}, `explain takes one rule, and no rule is named "arn-knd"; did you mean arn-kind?`},
		{[]string{"explain", "role-path", "arn-kind"}, "explain takes one rule; write: kubectl aws-auth explain role-path"},
	} {
		asks(t, tt.args, tt.want)
	}
}
