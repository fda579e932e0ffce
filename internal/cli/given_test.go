package cli

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// eachTextFlag calls f with every flag of ours that takes a text, and the words of its command.
func eachTextFlag(c *cobra.Command, path []string, f func(path []string, flag *pflag.Flag)) {
	for _, sub := range c.Commands() {
		eachTextFlag(sub, append(path[:len(path):len(path)], sub.Name()), f)
	}
	c.Flags().VisitAll(func(flag *pflag.Flag) {
		_, list := flag.Value.(pflag.SliceValue)
		if (list || flag.Value.Type() == "string") && !isOfKubernetes(flag) {
			f(path[:len(path):len(path)], flag)
		}
	})
}

// TestEmptyFlags: a flag that is given without a value, as by a variable of the shell that is not set, is wrong usage and
// never the same as none.
func TestEmptyFlags(t *testing.T) {
	checked := map[string]int{}
	eachTextFlag(Command(), nil, func(path []string, flag *pflag.Flag) {
		checked[flag.Name]++
		if emptyCounts[flag.Name] {
			return
		}
		want := "--" + flag.Name + " is empty: "
		asks(t, append(path, "--"+flag.Name, ""), want)
		asks(t, append(path, "--"+flag.Name+"="), want)
		if flag.Shorthand != "" {
			asks(t, append(path, "-"+flag.Shorthand, ""), want)
		}
	})
	for _, name := range []string{"file", "policy", "caller", "old", "snapshot", "access-snapshot", "iam", "contexts", "values", "from-audit-log", "namespace"} {
		if checked[name] == 0 {
			t.Errorf("--%s was not met: %v", name, slices.Sorted(maps.Keys(checked)))
		}
	}
}

// TestFilesGivenTwice: a flag that names one file does not take the last of two in silence.
func TestFilesGivenTwice(t *testing.T) {
	checked := map[string]int{}
	eachTextFlag(Command(), nil, func(path []string, flag *pflag.Flag) {
		if _, list := flag.Value.(pflag.SliceValue); list || !strings.Contains(flag.Usage, "`file`") {
			return
		}
		checked[flag.Name]++
		asks(t, append(path, "--"+flag.Name, "a", "--"+flag.Name+"=b"), "--"+flag.Name+" is given twice")
	})
	for _, name := range []string{"file", "policy", "old", "snapshot", "access-snapshot", "output"} {
		if checked[name] == 0 {
			t.Errorf("--%s was not met: %v", name, slices.Sorted(maps.Keys(checked)))
		}
	}
}

// TestEmptyGroupGoes: the group "" of an entry can be taken away.
func TestEmptyGroupGoes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "map.yaml")
	text := "mapRoles: |\n  - rolearn: arn:aws:iam::111122223333:role/dev\n    username: dev\n    groups: [a, \"\"]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, err bytes.Buffer
	args := []string{"set", "arn:aws:iam::111122223333:role/dev", "--remove-group", "", "-f", file, "--dry-run", "client"}
	if code := Run(args, Streams{In: strings.NewReader(""), Out: &out, Err: &err}); code != exitOK || !strings.Contains(out.String(), "groups: [a]") {
		t.Errorf("exit %d\n%s%s", code, out.String(), err.String())
	}
}
